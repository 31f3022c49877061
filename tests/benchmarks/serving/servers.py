"""Servers on loopback as processes of their own, two workers each: the built Bento, and `ways` behind BentoML or plain uvicorn."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults import served
from tests.faults.served import REPOSITORY, Served
from tests.faults.stand import Stand
from tests.faults.wire import HOST

WORKERS = 2
PATIENCE = "10000"  # nothing is shed, as peers shed nothing
WAYS = "tests.benchmarks.serving.ways"
# command, and what a worker says in the log when it is ready
BENTO = ((sys.executable, "-m", "bentoml", "serve", f"{WAYS}:Ways", "--host", HOST, "--port", "{port}"), "initialized")
UVICORN = (
    (
        sys.executable, "-m", "uvicorn", f"{WAYS}:app", "--workers", str(WORKERS), "--no-access-log",
        "--host", HOST, "--port", "{port}",
    ),
    "Application startup complete",
)  # fmt: skip


@contextmanager
def serve_ours(stand: Stand, package: str, home: Path) -> Iterator[Served]:
    """The built Bento over a package of the stand, with its log and everything that is on by default."""
    stand.promote(package)
    with served.serve(stand, workers=WORKERS, FUSERANK_HOME=str(home), FUSERANK_SERVING__PATIENCE_MS=PATIENCE) as running:
        yield running


@contextmanager
def serve_ways(how: tuple[Sequence[str], str], package: Path, home: Path, trees: Path) -> Iterator[Served]:
    """`ways` over a package folder.

    Args:
        how: BENTO or UVICORN.

    Raises:
        RuntimeError: it does not start; the end of its log is in the message.
    """
    command, ready = how
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'src'}", "OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "True",
        "BENCH_PACKAGE": str(package), "BENCH_TREES": str(trees),
        "FUSERANK_HOME": str(home), "FUSERANK_SERVING__WORKERS": str(WORKERS), "FUSERANK_SERVING__PATIENCE_MS": PATIENCE,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="fuserank-ways-") as name:
        log = Path(name) / "log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [part.format(port=port) for part in command], env=environment | {"BENTOML_HOME": name}, cwd=REPOSITORY,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            _wait(process, log, ready)
            yield Served(port, process.pid)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen, log: Path, ready: str) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        if log.read_text().count(ready) >= WORKERS:
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start, exit code {process.poll()}: {log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(20)
            return
