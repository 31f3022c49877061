"""How the service is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fuserank.messages.base import Message


class ServedModel(Message):
    """A model that answers."""

    version: str
    role: Literal["champion", "challenger"]
    mode: Literal["all", "shadow", "canary", "interleave"]
    share: float = Field(ge=0, le=1, description="of the traffic that it takes part in")
    products: int
    modalities: list[str]


class Health(Message):
    """Of this worker. `problems` is empty when all is well."""

    status: Literal["ok", "degraded"]
    models: list[ServedModel]
    problems: list[str] = Field(description="such as a release that was refused while the old model goes on")
    log_lost: int
