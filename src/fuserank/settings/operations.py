"""The sections of what runs by itself: the operations that `fuserank up` starts, and retraining."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr

from fuserank.settings.values import Folder, Section

Port = Annotated[int, Field(ge=1, le=65535)]


def _five_fields(cron: str) -> str:
    """Prefect looks closer at the values when the schedule is registered."""
    if len(cron.split()) != 5:
        raise ValueError("five fields: minute, hour, day of the month, month, day of the week")
    return cron


def _known(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a name of the time zone database, such as UTC or Asia/Shanghai") from None
    return timezone


Cron = Annotated[str, AfterValidator(_five_fields)]


class OperationsSettings(Section):
    """What `fuserank up` starts, and what runs by the clock."""

    data: Folder = Field(Path("data/sample"), description="dataset folder that is watched, retrained and served")
    prefect_port: Port = Field(4200, description="of the Prefect page, on this machine only: it has no login")
    serving_port: Port = Field(3000, description="of the served champion, on this machine only")
    reports_port: Port = Field(4201, description="of the report pages, on this machine only")
    database: SecretStr | None = Field(
        None, description="of Prefect, for example postgresql+asyncpg://user:password@host/prefect; None: SQLite under PREFECT_HOME"
    )
    monitor_cron: Cron | None = Field("17 * * * *", description="when traffic is looked at for drift; None: never by the clock")
    retrain_cron: Cron | None = Field("0 3 * * 1", description="when the chain runs anew; None: never by the clock")
    timezone: Annotated[str, AfterValidator(_known)] = Field("UTC", description="of both")


class RetrainingSettings(Section):
    """What a retrain learns from, and how often drift may start one."""

    feedback: bool = Field(True, description="lay changes of the catalogue, and queries judged by clicks, over the dataset first")
    shoppers: int = Field(3, ge=1, description="who asked a query, before their clicks judge it")

    cooldown_hours: float = Field(24.0, ge=0, description="after a retrain that drift started, in which drift starts none")
