"""The command that serves what is released."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from fuserank.cli.base import app
from fuserank.cli.completion import released
from fuserank.cli.telling import err
from fuserank.errors import InputError

if TYPE_CHECKING:
    from fuserank.settings import Settings


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="the dataset whose release is served", autocompletion=released)] = "sample",
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 3000,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="processes; default: the setting serving.workers")] = None,
) -> None:
    """Serve a dataset over HTTP: a page, /v1, /metrics.

    Its Bento gives the code; its release, which is followed, the packages.
    """
    from fuserank.pipeline.package import served
    from fuserank.pipeline.releasing import release_file
    from fuserank.settings import load_settings

    settings = load_settings(**({"serving": {"workers": workers}} if workers is not None else {}))
    noted, release = served(settings.home, name), release_file(settings.home, name)
    if not noted.is_file():
        built = ", ".join(sorted(p.name for p in noted.parent.glob("*"))) or "none yet"
        raise InputError(f"no Bento for {name!r}", allowed=built, todo="run the chain first, for example make demo")
    _refuse_unless_free(host, port)
    os.environ |= {"BENTOML_HOME": str((settings.home / "bentoml").resolve()), "BENTOML_DO_NOT_TRACK": "True"}
    _pass_on(settings)
    if release.is_file():
        os.environ["FUSERANK_RELEASE"] = str(release.resolve())
    _tell_when_ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    os.execv(sys.executable, [sys.executable, "-m", "bentoml", "serve", noted.read_text(), "--host", host, "--port", str(port)])  # noqa: S606 (the arguments are ours)


def _tell_when_ready(address: str) -> None:
    """A process beside the service asks it until it answers, says so, and ends; it ends silently when the service is gone."""
    from fuserank.pipeline.operations.probes import answers

    service = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork():  # the child ends at once, so that nobody has to reap the one who waits
        os._exit(0)
    with suppress(KeyboardInterrupt, OSError):
        while not answers(f"{address}/readyz"):
            os.kill(service, 0)
            time.sleep(0.2)
        err.print(f"ready: {address}", highlight=False)
    os._exit(0)


def _refuse_unless_free(host: str, port: int) -> None:
    """Listen there for a moment."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"port {port} of {host} is taken", allowed="a free port", todo="--port another; see fuserank status"
            ) from None
        raise InputError(
            f"nobody can listen at {host[:80]!r}, port {port}: {(error.strerror or str(error)).partition(' (')[0]}",
            allowed="an address of this machine, such as 127.0.0.1 or 0.0.0.0; ports below 1024 need rights",
            todo="correct --host or --port",
        ) from None


def _pass_on(settings: Settings) -> None:
    """Put what a service reads into the environment: it runs in the folder of its Bento, away from our pyproject.toml."""
    read = {"media": settings.media, "serving": settings.serving, "evaluation": settings.evaluation}
    told = {f"FUSERANK_{name.upper()}": section.model_dump_json() for name, section in read.items()}
    for variable in [name for name in os.environ if name.upper().partition("__")[0] in told]:
        del os.environ[variable]  # a variable of one setting would win over its section
    os.environ |= told | {"FUSERANK_HOME": str(settings.home.resolve())}
