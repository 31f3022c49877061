"""A client of the service: typed requests and answers over HTTP. It needs neither torch nor a model."""

from fuserank.client.client import Client

__all__ = ["Client"]
