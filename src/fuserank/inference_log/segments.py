"""Segments: whole Parquet files named `<kind>-<UTC time>-<process id>-<sha256>.parquet` in one folder for all processes.

The hash in the name is that of the bytes (its first 16 hex characters). It keeps names apart where containers share process ids,
and it tells a damaged segment from a whole one.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.files import write_file
from fuserank.inference_log.privacy import SALT_NAME
from fuserank.inference_log.records import Kind

_NAME = re.compile(r"(rankings|events)-(\d{8}T\d{12}Z)-\d+-([0-9a-f]{16})\.parquet")
_STAMP = "%Y%m%dT%H%M%S%fZ"
_HALF = re.compile(rf"\.({_NAME.pattern}|{SALT_NAME})\.\w+")  # what `fuserank.files` writes beside a file's place
LEFTOVER_AGE = timedelta(hours=1)  # nobody writes one segment for an hour: what is older was left by a process that died


@dataclass(frozen=True)
class Segment:
    """One file. `written` is when it was made: its rows are older. `digest` is what its bytes must hash to."""

    path: Path
    kind: Kind
    written: datetime
    digest: str

    def read(self) -> bytes:
        """All bytes.

        Raises:
            FileNotFoundError: it was removed since it was listed.
            ValueError: the bytes are not those that were written.
        """
        data = self.path.read_bytes()
        if _digest(data) != self.digest:
            raise ValueError(f"{self.path.name} holds other bytes than were written")
        return data


def log_folder(home: Path, name: str) -> Path:
    """Where the log of a dataset lies; what does not belong into a folder's name becomes `_`."""
    return home / "log" / re.sub(r"[^\w-]", "_", name)


def list_segments(folder: Path) -> list[Segment]:
    """Segments of both kinds, oldest first; whatever else stands in the folder is none of them."""
    found = []
    for path in folder.iterdir():
        if match := _NAME.fullmatch(path.name):
            kind, stamp, digest = cast(Kind, match[1]), match[2], match[3]
            with suppress(ValueError):  # a name with a thirteenth month is none of ours
                found.append(Segment(path, kind, datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC), digest))
    return sorted(found, key=lambda segment: (segment.written, segment.path.name))


def write_segment(folder: Path, kind: Kind, table: pa.Table, *, now: datetime) -> Path:
    """Write one segment durably; readers see all of it or nothing.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    path = folder / f"{kind}-{now.astimezone(UTC).strftime(_STAMP)}-{os.getpid()}-{_digest(data)}.parquet"
    write_file(path, data)
    return path


def prune(folder: Path, *, keep_bytes: int, keep_days: float | None, now: datetime) -> None:
    """Remove the oldest segments until the rest has at most `keep_bytes`, and those older than `keep_days`.

    The newest segment stays, so that a limit below the size of one segment does not leave an empty log. Other processes may
    prune the same folder at the same time.
    """
    total = 0
    for age, segment in enumerate(reversed(list_segments(folder))):
        total += _size(segment.path)
        too_old = keep_days is not None and now - segment.written > timedelta(days=keep_days)
        if age and (total > keep_bytes or too_old):
            segment.path.unlink(missing_ok=True)


def remove_leftovers(folder: Path, *, now: datetime) -> None:
    """Remove half-written files of processes that died; younger ones may still be written."""
    for path in folder.iterdir():
        if _HALF.fullmatch(path.name):
            with suppress(FileNotFoundError):
                changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if now - changed > LEFTOVER_AGE:
                    path.unlink()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _size(path: Path) -> int:
    """Bytes; 0 when another process has just removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
