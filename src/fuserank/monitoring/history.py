"""The verdicts on a dataset's traffic, oldest first: a JSON line each, replaced atomically."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from fuserank.files import write_file


class Judged(BaseModel):
    """One verdict, in short.

    Attributes:
        verdict: its id: the time, which is also the name of the folder of its report.
        since, until: the traffic that was judged.
        package: the champion that was asked.
        answers: how many were judged.
        drift, reason: the verdict.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: str
    since: datetime | None
    until: datetime
    package: str
    answers: int
    drift: bool
    reason: str


def history(home: Path, name: str) -> list[Judged]:
    """All verdicts on a dataset's traffic, oldest first."""
    file = _file(home, name)
    return [Judged.model_validate_json(line) for line in file.read_text().splitlines()] if file.is_file() else []


def remember(home: Path, name: str, judged: Judged) -> list[Judged]:
    """Add a verdict; gives all."""
    file = _file(home, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), timeout=60):
        known = [*history(home, name), judged]
        write_file(file, "".join(f"{line.model_dump_json()}\n" for line in known))
    return known


def last_verdict(home: Path, name: str) -> Judged | None:
    """The newest; None: there was none."""
    return known[-1] if (known := history(home, name)) else None


def _file(home: Path, name: str) -> Path:
    return home / "monitoring" / f"{name}.jsonl"
