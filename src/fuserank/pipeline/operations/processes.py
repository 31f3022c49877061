"""Processes that are kept running: started, waited for, started again when they die, stopped with all they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from fuserank.errors import UnavailableError

GRACE = 20.0  # seconds to end in after SIGTERM, before SIGKILL
LONGEST_PAUSE = 60.0  # seconds between two starts of what dies at once
LOG_BYTES = 16 * 2**20  # of a log; a longer one is put aside when its process starts

Tell = Callable[[str], object]


@dataclass
class Kept:
    """One process.

    Attributes:
        name: for people.
        command: program and arguments.
        address: where people find it, "" when there is nothing to see.
        ready: whether it does its work; it may be asked when the process is not there.
        log: file that its output goes to.
        env: environment variables beside our own.
        wanted: whether it can be started yet; what is not wanted is looked at again, and waited for by nobody.
    """

    name: str
    command: Sequence[str]
    address: str
    ready: Callable[[], bool]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    wanted: Callable[[], bool] = lambda: True
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _pause: float = 1.0
    _next: float = 0.0

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it in a session of its own, so that a signal reaches all that it starts and Ctrl-C only us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (the command is ours)
                list(self.command), stdout=output, stderr=subprocess.STDOUT, env=os.environ | self.env, start_new_session=True
            )
        self._started = time.monotonic()

    def wait(self, seconds: float, stopped: Callable[[float], bool]) -> None:
        """Return when it is ready, or when `stopped` says so.

        Args:
            stopped: waits up to so many seconds, and says whether to give up waiting.

        Raises:
            UnavailableError: it ended, or is not ready in time.
        """
        until = time.monotonic() + seconds
        while not self.ready():
            code = self._process.poll() if self._process else None
            if code is not None or time.monotonic() > until:
                came = f"ended with code {code}" if code is not None else f"is not ready after {seconds:.0f} s"
                raise UnavailableError(f"{self.name} {came}", todo=f"read the end of {self.log}")
            if stopped(0.3):
                return

    def look(self, tell: Tell) -> None:
        """Start it when it is wanted and not there; what dies again and again is given longer and longer pauses."""
        now = time.monotonic()
        if self._process and self._process.poll() is not None:
            self._pause = 1.0 if now - self._started > LONGEST_PAUSE else min(2 * self._pause, LONGEST_PAUSE)
            tell(f"{self.name} ended with code {self._process.returncode}; started again in {self._pause:.0f} s; see {self.log}")
            stop_group(self._process.pid)  # what it started may live on, and hold its port
            self._process, self._next = None, now + self._pause
        if self._process is None and now >= self._next and self.wanted():
            tell(f"{self.name} starts")
            self.start()

    def stop(self) -> None:
        """End it and what it started."""
        if self._process:
            stop_group(self._process.pid)
            self._process.wait()
            self._process = None


def stop_group(leader: int) -> None:
    """SIGTERM to a process group, and SIGKILL to what is left of it after GRACE seconds."""
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        members = [process for process in psutil.process_iter() if _group(process.pid) == leader]
        os.killpg(leader, signal.SIGTERM)
        _, left = psutil.wait_procs(members, timeout=GRACE)
        if left:
            os.killpg(leader, signal.SIGKILL)
            psutil.wait_procs(left, timeout=5)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
