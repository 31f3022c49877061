"""A fault as a row of docs/faults.json: how often it was tried and failed, what was allowed, and what was seen."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fuserank.files import write_file
from tests.benchmarks.records import commit, machine
from tests.faults.stand import Stand, stand_at

OUT = Path("docs/faults.json")

Measure = Callable[[Stand], list["Row"]]


@dataclass(frozen=True)
class Row:
    """One claim about one fault.

    Attributes:
        fault: the command `tests.faults.<name>`, a colon, and what of it.
        tried, failed: counts of tries.
        limit, seen: what is allowed and what was measured, in words.
        ok: nothing failed, and what was seen is within the limit.
    """

    fault: str
    tried: int
    failed: int
    limit: str
    seen: str
    ok: bool
    machine: str = field(default_factory=machine)
    commit: str = field(default_factory=commit)


def write(rows: Sequence[Row], out: Path = OUT) -> None:
    """Put rows into the file in place of those of the same commands, and print them."""
    names = {row.fault.partition(":")[0] for row in rows}
    kept = json.loads(out.read_bytes()) if out.exists() else []
    kept = [row for row in kept if row["fault"].partition(":")[0] not in names]
    lines = sorted([*kept, *map(asdict, rows)], key=lambda row: row["fault"])
    write_file(out, json.dumps(lines, indent=1, ensure_ascii=False) + "\n")
    for row in rows:
        print(
            f"{'ok  ' if row.ok else 'FAIL'} {row.fault}: {row.failed} of {row.tried} failed; {row.seen} (limit: {row.limit})",
            flush=True,
        )


def within(seconds: int, measure: Measure, stand: Stand) -> list[Row]:
    """The rows of a fault.

    Raises:
        TimeoutError: they took longer than `seconds`.
    """

    def late(*_: object) -> None:
        raise TimeoutError(f"not done within {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        return measure(stand)
    finally:
        signal.alarm(0)


def main(measure: Measure, seconds: int) -> None:
    """A fault as a command: `python -m tests.faults.<name> [FOLDER]`; FOLDER keeps the stand for the next run."""
    with tempfile.TemporaryDirectory(prefix="fuserank-faults-") as name:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)
        rows = within(seconds, measure, stand_at(folder))
    write(rows)
    sys.exit(not all(row.ok for row in rows))
