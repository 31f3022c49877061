"""What `fuserank up` runs now, as a file that other commands read: <home>/operations.json."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from fuserank.files import write_file
from fuserank.pipeline.operations.processes import Kept, stop_group


class Part(BaseModel):
    """A process: `born` (seconds since 1970) tells it from another that was given its number later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    pid: int
    born: float
    address: str
    log: str

    @property
    def lives(self) -> bool:
        """Whether it is there."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) < 1.0
        except psutil.Error:
            return False


class Running(BaseModel):
    """All of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: datetime
    api: str
    parts: tuple[Part, ...]


def running_file(home: Path) -> Path:
    """Where it stands."""
    return home / "operations.json"


def read_running(home: Path) -> Running | None:
    """What runs, or was running when its keeper was killed; None: nothing that is known of."""
    try:
        return Running.model_validate_json(running_file(home).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write_running(home: Path, api: str, kept: Sequence[Kept]) -> None:
    """Note what runs."""
    parts = [
        Part(name=k.name, pid=k.pid, born=psutil.Process(k.pid).create_time(), address=k.address, log=str(k.log))
        for k in kept
        if k.pid is not None
    ]
    write_file(running_file(home), Running(since=datetime.now(UTC), api=api, parts=tuple(parts)).model_dump_json(indent=1))


def stop_left_over(home: Path) -> list[str]:
    """End what a keeper that was killed has left behind; gives its names."""
    found = read_running(home)
    left = [part for part in (found.parts if found else ()) if part.lives]
    for part in left:
        stop_group(part.pid)
    running_file(home).unlink(missing_ok=True)
    return [part.name for part in left]
