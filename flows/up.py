"""`make up`: Prefect server and page, worker, served champion and report pages, kept running until Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from fuserank.data.dataset import Dataset
from fuserank.errors import FuserankError, InputError
from fuserank.pipeline.operations.probes import POOL, answers, worker_is_online
from fuserank.pipeline.operations.processes import Kept
from fuserank.pipeline.operations.running import running_file, stop_left_over, write_running
from fuserank.pipeline.package import served
from fuserank.settings import Settings, load_settings

ROOT = Path.cwd()
PATIENCE = 180.0  # seconds in which each must be ready; a first start makes a database
HERE = "127.0.0.1"
BEATING = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}  # seconds; `flows.deployments.SILENCE` goes by it
out = Console(soft_wrap=True, emoji=False)


def main() -> None:
    """Bring operations up, and keep them up."""
    settings, stop = load_settings(), threading.Event()

    def asked_to_stop(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked_to_stop)
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "operations.lock", timeout=0)
    try:
        with lock:
            _run(settings, stop)
    except Timeout:
        raise InputError(
            f"operations of {settings.home} are up already", allowed="one `fuserank up` a home", todo="see fuserank status"
        ) from None


def _run(settings: Settings, stop: threading.Event) -> None:
    for name in stop_left_over(settings.home):
        out.print(f"{name} of an earlier run was still there and is stopped")
    parts = {part.name: part for part in _parts(settings)}
    api = f"http://{HERE}:{settings.operations.prefect_port}/api"
    try:
        _start(parts["prefect server"], stop)
        if stop.is_set():
            return
        os.environ["PREFECT_API_URL"] = api
        from flows.deployments import register  # Prefect reads the address when it is imported

        names = register(settings.operations, ROOT)
        out.print(f"{len(names)} deployments registered: {', '.join(names)}")
        for part in parts.values():
            if part.name != "prefect server" and part.wanted() and not stop.is_set():
                _start(part, stop)
        write_running(settings.home, api, list(parts.values()))
        if not stop.is_set():
            out.print(_table(list(parts.values())), "Ctrl-C stops all of it.", sep="\n")
        _keep(settings, api, list(parts.values()), stop)
    finally:
        for part in reversed(parts.values()):
            if part.pid is not None:
                out.print(f"{part.name} stops")
                part.stop()
        running_file(settings.home).unlink(missing_ok=True)


def _keep(settings: Settings, api: str, parts: list[Kept], stop: threading.Event) -> None:
    pids = [part.pid for part in parts]
    while not stop.wait(1.0):
        for part in parts:
            part.look(out.print)
        if pids != (pids := [part.pid for part in parts]):
            write_running(settings.home, api, parts)


def _start(part: Kept, stop: threading.Event) -> None:
    out.print(f"{part.name} starts")
    part.start()
    part.wait(PATIENCE, stop.wait)


def _parts(settings: Settings) -> list[Kept]:
    """In the order in which they are started."""
    chosen, logs, python = settings.operations, (settings.home / "logs").resolve(), sys.executable
    page = f"http://{HERE}:{chosen.prefect_port}"
    api, service, reports = f"{page}/api", f"http://{HERE}:{chosen.serving_port}", f"http://{HERE}:{chosen.reports_port}"
    prefect = {"PREFECT_HOME": os.environ.get("PREFECT_HOME", str((settings.home / "prefect").resolve()))}
    database = {"PREFECT_API_DATABASE_CONNECTION_URL": chosen.database.get_secret_value()} if chosen.database else {}
    settings.reports.mkdir(parents=True, exist_ok=True)
    name = Dataset.open(chosen.data).name if (chosen.data / "dataset.json").is_file() else ""
    return [
        Kept(
            "prefect server",
            [python, "-m", "prefect", "server", "start", "--host", HERE, "--port", str(chosen.prefect_port)],
            page,
            partial(answers, f"{api}/health"),
            logs / "prefect-server.log",
            prefect | database | {"PREFECT_SERVER_UI_API_URL": api},
        ),
        Kept(
            "worker",
            [python, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--name", "fuserank"],
            "",
            partial(worker_is_online, api),
            logs / "worker.log",
            prefect | {"PREFECT_API_URL": api, "FUSERANK_REPORTS_URL": reports, "PYTHONPATH": _with_root(), **BEATING},
        ),
        Kept(
            "reports",
            [python, "-m", "http.server", str(chosen.reports_port), "--bind", HERE, "--directory", str(settings.reports.resolve())],
            reports,
            partial(answers, f"{reports}/"),
            logs / "reports.log",
        ),
        Kept(
            "service",
            [python, "-m", "fuserank", "serve", name, "--host", HERE, "--port", str(chosen.serving_port)],
            service,
            partial(answers, f"{service}/readyz"),
            logs / "service.log",
            wanted=lambda: bool(name) and served(settings.home, name).is_file(),
        ),
    ]


def _with_root() -> str:
    """Runs start in a folder of their own making; they import `flows` from here."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def _table(parts: list[Kept]) -> Table:
    table = Table("", "address", "log")
    for part in parts:
        state = part.address or "runs" if part.pid else "not yet: no champion"
        table.add_row(part.name, state, os.path.relpath(part.log))
    return table


if __name__ == "__main__":
    try:
        main()
    except FuserankError as error:
        out.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
