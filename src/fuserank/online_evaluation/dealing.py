"""A log dealt by request: answers and events of a request, which lie in many segments, come together in one part.

A log may be larger than memory, and services write to it and prune it while it is read. So it is read once, into a temporary
folder, and each part is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from fuserank.inference_log import SCHEMAS, Kind, iter_log

PART_BYTES = 16 * 2**20  # of segments as they lie on the disk: some 300,000 events, or 20,000 answers
MOST_PARTS = 256  # files open at once; a log above 4 GiB has larger parts
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "rankings": (
        "request_id",
        "time",
        "model_version",
        "role",
        "user",
        "session_id",
        "by_name",
        "product_ids",
        "teams",
        "degraded",
        "sampled",
    ),
    "events": ("request_id", "action_name", "product_id"),
}


@dataclass(frozen=True)
class Dealt:
    """The parts, as files in a folder that is the caller's to remove.

    Attributes:
        folder: where they lie.
        parts: how many there are.
        broken: names of segments that are damaged; their rows are missing.
    """

    folder: Path
    parts: int
    broken: tuple[str, ...]

    def tables(self, kind: Kind, *columns: str) -> Iterator[pa.Table]:
        """The rows of each part, in the order of the parts; of `COLUMNS[kind]` those asked for, none: all."""
        for part in range(self.parts):
            with pa.memory_map(str(_path(self.folder, kind, part))) as file:
                table = pa.ipc.open_file(file).read_all()
            yield table.select(columns or COLUMNS[kind])


def deal(
    log: Path, folder: Path, *, since: datetime | None = None, until: datetime | None = None, part_bytes: int = PART_BYTES
) -> Dealt:
    """Read a log once and deal it.

    Args:
        log: of an `InferenceLog`.
        folder: empty; the parts go there.
        since, until: of the answers, as in `iter_log`. Events are all taken: they come later, by the clocks of others.
        part_bytes: of segments that make a part.

    Raises:
        InputError: there is no such log, or a time has no time zone.
    """
    size = sum(path.stat().st_size for path in log.glob("*.parquet")) if log.is_dir() else 0
    parts = min(1 + size // part_bytes, MOST_PARTS)
    broken: list[str] = []
    for kind, columns in COLUMNS.items():
        times = {"since": since, "until": until} if kind == "rankings" else {}
        batches = iter_log(log, kind, on_broken=broken.append, columns=columns, **times)
        _write(batches, kind, [_path(folder, kind, part) for part in range(parts)])
    return Dealt(folder, parts, tuple(broken))


def _write(batches: Iterator[pa.RecordBatch], kind: Kind, paths: list[Path]) -> None:
    schema = pa.schema([SCHEMAS[kind].field(name) for name in COLUMNS[kind]])
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_file(str(path), schema)) for path in paths]
        for batch in batches:
            where = pd.util.hash_array(batch["request_id"].to_numpy(zero_copy_only=False)) % len(paths)
            for part in np.unique(where):
                writers[part].write_batch(batch.filter(pa.array(where == part)))


def _path(folder: Path, kind: Kind, part: int) -> Path:
    return folder / f"{kind}-{part}.arrow"
