"""The service over HTTP."""

from fuserank.serving.http.access import TokenGate
from fuserank.serving.http.app import body_cap, create_app

__all__ = ["TokenGate", "body_cap", "create_app"]
