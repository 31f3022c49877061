"""What is up, what answers, what monitoring said last, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from fuserank.data.dataset import Dataset
from fuserank.errors import FuserankError
from fuserank.monitoring.history import last_verdict
from fuserank.pipeline.operations.probes import next_runs
from fuserank.pipeline.operations.running import read_running
from fuserank.pipeline.registered import registry_of
from fuserank.pipeline.releasing import release_file
from fuserank.pipeline.retraining import answers
from fuserank.serving import read_release
from fuserank.settings import Settings


@dataclass(frozen=True)
class Status:
    """The state of operations, in words.

    Attributes:
        parts: (name, state, address) of each process.
        facts: (what, how it is), of the dataset that operations watch.
        scheduled: (flow, time in ISO 8601) of what runs next, soonest first.
    """

    parts: tuple[tuple[str, str, str], ...]
    facts: tuple[tuple[str, str], ...]
    scheduled: tuple[tuple[str, str], ...]


def status(settings: Settings) -> Status:
    """Look; nothing is started or changed."""
    found = read_running(settings.home)
    parts = tuple((part.name, "runs" if part.lives else "is gone", part.address) for part in (found.parts if found else ()))
    up = found is not None and any(part.lives for part in found.parts)
    return Status(parts, tuple(_facts(settings)), tuple(next_runs(found.api)) if found and up else ())


def _facts(settings: Settings) -> list[tuple[str, str]]:
    data = settings.operations.data
    try:
        dataset = Dataset.open(data)
    except FuserankError as error:
        return [("dataset", str(error))]
    name = dataset.name
    return [
        ("dataset", f"{name}, version {dataset.version[:12]}, in {data}"),
        ("champion", registry_of(settings.home, name).champion() or "none yet: run the chain"),
        ("release", _release(settings, name)),
        ("last verdict", _verdict(settings, name)),
        ("last retrain", _retrain(settings, name)),
        ("answers now", _answering(f"http://127.0.0.1:{settings.operations.serving_port}/v1/health")),
    ]


def _verdict(settings: Settings, name: str) -> str:
    last = last_verdict(settings.home, name)
    return f"{'drift' if last.drift else 'no drift'} at {last.until:%Y-%m-%d %H:%M} UTC: {last.reason}" if last else "none yet"


def _retrain(settings: Settings, name: str) -> str:
    known = answers(settings.home, name)
    if not known:
        return "none after drift yet"
    return f"{known[-1].time:%Y-%m-%d %H:%M} UTC after drift {known[-1].verdict}: {known[-1].outcome or 'runs, or was killed'}"


def _release(settings: Settings, name: str) -> str:
    file = release_file(settings.home, name)
    if not file.is_file():
        return "none yet: run the chain"
    try:
        release = read_release(file)
    except FuserankError as error:
        return str(error)
    second = release.challenger
    return release.champion + (f"; challenger {second.package}, {second.mode}, share {second.share:g}" if second else "")


def _answering(url: str) -> str:
    try:
        health: dict[str, Any] = httpx.get(url, timeout=2.0, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return "nothing"
    return ", ".join(f"{model['version']} ({model['role']})" for model in health["models"])
