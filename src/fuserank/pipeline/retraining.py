"""Which drift a retrain answers: each once, and none soon after another.

<home>/retraining/<name>.jsonl   {"time", "verdict", "reason", "run", "outcome"} a line, oldest first
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from fuserank.files import write_file


class Answer(BaseModel):
    """A retrain that drift started.

    Attributes:
        time: when it began, UTC.
        verdict: id of the verdict that it answers.
        reason: of the verdict, in words.
        run: who answers; the same run may begin again, for its process may have died.
        outcome: what came of it; "" while it runs, or when it ended before anything came of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: datetime
    verdict: str
    reason: str
    run: str
    outcome: str = ""


def answers(home: Path, name: str) -> list[Answer]:
    """All of a dataset, oldest first."""
    file = _file(home, name)
    return [Answer.model_validate_json(line) for line in file.read_text().splitlines()] if file.is_file() else []


def begin(home: Path, name: str, verdict: str, reason: str, run: str, cooldown: timedelta) -> str:
    """Note that a verdict is being answered; of several processes at once one may go on.

    Returns:
        "" when it may be answered, else why not, in words.
    """
    with _lock(home, name):
        known, now = [answer for answer in answers(home, name) if answer.run != run], datetime.now(UTC)
        if any(answer.verdict == verdict for answer in known):
            return f"drift {verdict} was answered already"
        if known and now - known[-1].time < cooldown:
            return f"the retrain of {known[-1].time:%Y-%m-%d %H:%M} UTC is not {cooldown} ago"
        _write(home, name, [*known, Answer(time=now, verdict=verdict, reason=reason, run=run)])
    return ""


def conclude(home: Path, name: str, verdict: str, outcome: str) -> None:
    """Note what came of the answer to a verdict."""
    with _lock(home, name):
        _write(home, name, [a.model_copy(update={"outcome": outcome}) if a.verdict == verdict else a for a in answers(home, name)])


def give_up(home: Path, name: str, verdict: str) -> None:
    """Forget that a verdict was being answered: the retrain failed, and the next drift may start another."""
    with _lock(home, name):
        _write(home, name, [answer for answer in answers(home, name) if answer.verdict != verdict])


def _write(home: Path, name: str, lines: list[Answer]) -> None:
    write_file(_file(home, name), "".join(f"{line.model_dump_json()}\n" for line in lines))


def _file(home: Path, name: str) -> Path:
    return home / "retraining" / f"{name}.jsonl"


def _lock(home: Path, name: str) -> FileLock:
    file = _file(home, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file.with_suffix(".lock"), timeout=60)
