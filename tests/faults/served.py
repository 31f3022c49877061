"""The real service: a built Bento behind `bentoml serve` on loopback, that follows the stand's release."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.stand import Stand
from tests.faults.wire import HOST

REPOSITORY = Path(__file__).parents[2]
BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from build import build_bento
print("TAG", build_bento(Path(sys.argv[2])))
"""


@dataclass(frozen=True)
class Served:
    """Attributes: port: on loopback. pid: of the master, which restarts workers."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Process ids of the workers that run now, those that still load included."""
        children = psutil.Process(self.pid).children(recursive=True)
        return sorted(child.pid for child in children if _is_worker(child))

    def resident(self) -> int:
        """Bytes of all workers together."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.workers())

    def settle(self, quiet: float = 2.0, patience: float = 60.0) -> None:
        """Wait until the workers have done nothing for some seconds: what they load behind the first answers is no leak."""
        until, last, since = time.monotonic() + patience, -1.0, time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < quiet:
            time.sleep(0.2)
            spent = sum(psutil.Process(pid).cpu_times()[0] for pid in self.workers())
            if spent > last + 0.1:
                last, since = spent, time.monotonic()

    @contextmanager
    def peak(self) -> Iterator[list[int]]:
        """Gives a list that holds, after the block, by how many bytes the workers together rose above what they had before it."""
        workers, before, risen = self.workers(), self.resident(), []
        for pid in workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the high-water mark starts anew (proc(5))
        yield risen
        risen.append(sum(_high_water(pid) for pid in workers) - before)

    def worker_behind(self, local_port: int) -> int | None:
        """The worker that holds the other end of one of our connections; None where nobody took it up yet."""
        for pid in self.workers():
            try:
                held = psutil.Process(pid).net_connections("tcp")
            except psutil.Error:
                continue
            if any(end.raddr and end.raddr.port == local_port and end.laddr.port == self.port for end in held):
                return pid
        return None


def _high_water(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("worker" in part for part in process.cmdline())
    except psutil.Error:
        return False


@contextmanager
def serve(stand: Stand, *, workers: int = 2, token: str | None = None, **settings: str) -> Iterator[Served]:
    """A service that is ready; its whole process group is gone when the block ends.

    Args:
        settings: further environment, such as FUSERANK_SERVING__THREADS="1".

    Raises:
        RuntimeError: it does not start; its log is in the message.
    """
    with tempfile.TemporaryDirectory(prefix="fuserank-served-") as name:
        folder = Path(name)
        inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
        environment = inherited | {"BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "True", "OMP_NUM_THREADS": "1"}
        tag = _build(stand, folder, environment)
        with socket.socket() as free:
            free.bind((HOST, 0))
            port = free.getsockname()[1]
        environment |= {"FUSERANK_RELEASE": str(stand.release), "FUSERANK_SERVING__WORKERS": str(workers), **settings}
        if token is not None:
            environment["FUSERANK_TOKEN"] = token
        command = [sys.executable, "-m", "bentoml", "serve", tag, "--host", HOST, "--port", str(port)]
        (folder / "elsewhere").mkdir()
        with (folder / "log").open("w+") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=folder / "elsewhere", stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                _wait(process, folder / "log", workers)
                yield Served(port, process.pid)
            except BaseException:
                log.seek(0)
                print(log.read()[-4000:], file=sys.stderr)
                raise
            finally:
                _stop(process)


def _build(stand: Stand, folder: Path, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", BUILD, str(REPOSITORY / "bentos" / "ranker"), str(stand.packages / "a")]
    ours = environment | {"PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run(command, env=ours, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise RuntimeError(f"no Bento: {done.stderr}")
    return done.stdout.rsplit("TAG ", 1)[1].strip()


def _wait(process: subprocess.Popen, log: Path, workers: int) -> None:
    """Until every worker has said that it is ready: each holds models of its own, so one answer says nothing of the others."""
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        if log.read_text().count("initialized") >= workers:
            return
        time.sleep(0.1)
    raise RuntimeError(f"the service did not start, exit code {process.poll()}")


def _stop(process: subprocess.Popen) -> None:
    """End the group, gently first."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(20)
            break
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()
