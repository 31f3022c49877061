"""The log as the service sees it: `put` costs a few microseconds, everything else happens on a thread of its own."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from fuserank.errors import SettingsError
from fuserank.inference_log.columns import to_table
from fuserank.inference_log.privacy import folder_salt
from fuserank.inference_log.records import KINDS, Kind, Record
from fuserank.inference_log.sampling import is_sampled
from fuserank.inference_log.segments import prune, remove_leftovers, write_segment

log = logging.getLogger(__name__)
SALT_MIN = 16  # a short salt is guessed, and then every pseudonym is
TELL_SECONDS = PRUNE_SECONDS = 60.0
NEVER = -float("inf")
LIMITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "rows": (lambda rows: rows >= 1, "1 or more"),
    "seconds": (lambda seconds: 0 < seconds <= threading.TIMEOUT_MAX, "more than 0"),
    "capacity": (lambda capacity: capacity >= 1, "1 or more"),
    "share": (lambda share: 0 < share <= 1, "more than 0, at most 1"),
    "keep_bytes": (lambda keep_bytes: keep_bytes >= 1, "1 or more"),
    "keep_days": (lambda keep_days: keep_days is None or keep_days > 0, "more than 0, or None"),
}


class InferenceLog:
    """Writes rankings and events to one folder; safe to use from many threads, and from many processes with a log each.

    Make it in the process that serves: its thread does not survive a fork. What was not flushed is lost when the process is
    killed; a process that ends by itself flushes.

    Args:
        folder: made with the first segment; other processes may log to it too.
        rows: records that make a segment full.
        seconds: a record waits at most so long for its segment.
        capacity: records that may wait; more are dropped.
        share: of the requests whose rankings are kept, (0, 1]. Events are all kept.
        keep_bytes: the oldest segments of the folder above it are removed, at most once a minute and on closing.
        keep_days: likewise for what is older.
        salt: for pseudonyms of users and sessions; None: the folder's own.

    Raises:
        SettingsError: a value is out of range.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = 5000,
        seconds: float = 10.0,
        capacity: int = 20_000,
        share: float = 1.0,
        keep_bytes: int = 2**30,
        keep_days: float | None = None,
        salt: bytes | None = None,
    ) -> None:
        _check(rows=rows, seconds=seconds, capacity=capacity, share=share, keep_bytes=keep_bytes, keep_days=keep_days)
        if salt is not None and len(salt) < SALT_MIN:
            raise SettingsError(f"a salt of {len(salt)} bytes", allowed=f"at least {SALT_MIN} bytes", todo="take random bytes")
        self._folder, self._rows, self._seconds, self._capacity = folder, min(rows, capacity), seconds, capacity
        self._share, self._keep_bytes, self._keep_days, self._salt = share, keep_bytes, keep_days, salt
        self._waiting: deque[Record] = deque()
        self._dropped = self._lost = self._written = 0
        self._told = self._pruned = NEVER
        self._putting, self._writing = threading.Lock(), threading.Lock()
        self._wake, self._closed = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="inference-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def dropped(self) -> int:
        """Records refused because too many were waiting, or the log was closed."""
        return self._dropped

    @property
    def lost(self) -> int:
        """Records that could not be written: no room, no permission, or a value that does not fit its column."""
        return self._lost

    @property
    def written(self) -> int:
        """Records that stand in a segment."""
        return self._written

    def put(self, record: Record) -> bool:
        """Hand over a record; never waits for the disk and never raises.

        Returns:
            False when it was dropped: too many wait, the log is closed, or it is no record.
        """
        kind = KINDS.get(type(record))
        if kind == "rankings" and not is_sampled(str(record.request_id), self._share):
            return True
        with self._putting:
            waiting = len(self._waiting) + 1
            if kind is None or waiting > self._capacity or self._closed:
                self._dropped += 1
                return False
            self._waiting.append(record)
        if waiting >= self._rows and not self._wake.is_set():
            self._wake.set()
        return True

    def flush(self) -> None:
        """Write what waits now; returns when it stands on the disk, or is counted as lost."""
        with self._writing:
            self._write(len(self._waiting))

    def close(self) -> None:
        """Flush and stop; later records are dropped. Closing twice is fine."""
        with self._putting:
            self._closed = True
        self._wake.set()
        self._thread.join()
        self._pruned = NEVER
        self.flush()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        """Write full segments as soon as they are full, and all that waits when the time is up."""
        due = time.monotonic() + self._seconds
        while not self._closed:
            self._wake.wait(max(0.0, due - time.monotonic()))
            self._wake.clear()
            with self._writing:
                if time.monotonic() >= due:
                    self._write(len(self._waiting))
                    due = time.monotonic() + self._seconds
                else:
                    self._write(len(self._waiting) // self._rows * self._rows)

    def _write(self, count: int) -> None:
        """Write the `count` oldest records, in segments of at most `rows`; the lock is held."""
        while count > 0:
            records = [self._waiting.popleft() for _ in range(min(count, self._rows))]
            count -= len(records)
            for kind in KINDS.values():
                if of_kind := [record for record in records if KINDS[type(record)] == kind]:
                    self._write_kind(kind, of_kind)
        if time.monotonic() - self._pruned >= PRUNE_SECONDS:
            self._prune()

    def _write_kind(self, kind: Kind, records: Sequence[Record]) -> None:
        kept = 0
        try:
            # What shoppers type is not for every user of the machine.
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._salt = self._salt or folder_salt(self._folder)
            table, wrong = to_table(kind, records, salt=self._salt, share=self._share)
            if len(table):
                write_segment(self._folder, kind, table, now=datetime.now(UTC))
            kept = len(table)
        except Exception as error:  # a full disk must not stop the thread, nor the service
            wrong = error
        self._written += kept
        self._lost += len(records) - kept
        if wrong is not None:
            self._tell(wrong)

    def _prune(self) -> None:
        self._pruned, now = time.monotonic(), datetime.now(UTC)
        try:
            if self._folder.is_dir():
                prune(self._folder, keep_bytes=self._keep_bytes, keep_days=self._keep_days, now=now)
                remove_leftovers(self._folder, now=now)
        except Exception as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Say what is wrong, at most once a minute."""
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            log.error("inference log in %s: %d records lost so far", self._folder, self._lost, exc_info=error)


def _check(**values: Any) -> None:
    for name, value in values.items():
        fits, allowed = LIMITS[name]
        if not fits(value):
            raise SettingsError(f"{name} of the inference log is {value!r}", allowed=allowed, todo="correct it")
