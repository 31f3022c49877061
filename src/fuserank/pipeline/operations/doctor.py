"""Is this machine fit? One look at each thing that goes wrong in practice, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from fuserank.data.dataset import Dataset
from fuserank.data_versions import POINTER, find, is_cached, remotes, unreachable
from fuserank.errors import FuserankError
from fuserank.pipeline.job import Job
from fuserank.pipeline.operations.running import read_running
from fuserank.pipeline.registered import registry_of
from fuserank.pipeline.releasing import release_file
from fuserank.sealed import verify
from fuserank.serving import open_package, read_release
from fuserank.settings import Settings

LOW, FEW = 5 * 2**30, 2**30  # bytes free below which we warn, and fail
Grade = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what it is, how it is, and what to do when it is not well."""

    subject: str
    grade: Grade
    said: str
    todo: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed."""
    found: list[Finding] = []
    for look in (_python, _packages, _disk, _encoders, _dataset, _data_versions, _registry, _release, _ports):
        try:
            found += look(settings)
        except FuserankError as error:
            found.append(Finding(look.__name__.strip("_"), "failed", error.came, error.todo))
    return found


def _python(_: Settings) -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _packages(_: Settings) -> Iterator[Finding]:
    """Whether what fuserank asks for is installed, in versions that it takes."""
    wrong = []
    for line in importlib.metadata.requires("fuserank") or []:
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        if version.partition("+")[0] not in wanted.specifier:
            wrong.append(f"{wanted.name} {version} is not {wanted.specifier}")
    yield (
        Finding("packages", "failed", "; ".join(wrong), "make setup")
        if wrong
        else Finding("packages", "ok", f"all that fuserank {importlib.metadata.version('fuserank')} asks for")
    )


def _disk(settings: Settings) -> Iterator[Finding]:
    for name in ("home", "reports"):
        place: Path = getattr(settings, name).absolute()
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
        grade: Grade = "ok" if free >= LOW else "warning" if free >= FEW else "failed"
        todo = "" if grade == "ok" else f"free some, or set FUSERANK_{name.upper()} to another place (fuserank models prune DATA)"
        yield Finding(f"disk of {name}", grade, f"{free / 2**30:.1f} GiB free", todo)


def _encoders(settings: Settings) -> Iterator[Finding]:
    """Weights are hashed when an encoder is opened."""
    modalities = Job(settings.operations.data, settings).modalities
    names = sorted({m.encoder.info.key for m in modalities if m.encoder})
    yield Finding("encoders", "ok", f"{len(names)}: {', '.join(names)}")


def _dataset(settings: Settings) -> Iterator[Finding]:
    data = settings.operations.data
    if not (data / "dataset.json").is_file():
        yield Finding("dataset", "warning", f"none in {data}", "fuserank sample, fuserank import, or set operations.data")
        return
    dataset = Dataset.open(data)
    yield Finding("dataset", "ok", f"{dataset.name}: {len(dataset.products)} products, {len(dataset.queries)} queries")


def _data_versions(_: Settings) -> Iterator[Finding]:
    """Whether data/ has a version, whole in the cache, and a remote that can be reached."""
    if not POINTER.is_file():
        yield Finding("data version", "warning", f"no {POINTER} here", "fuserank data add")
        return
    version = find(Path(), None)
    known, name = remotes(Path()), f"{version.pointer.hash[:12]}"
    if not is_cached(Path(), version):
        yield Finding("data version", "warning", f"{name} is not in the cache", "fuserank data add, or fuserank data pull")
    else:
        yield Finding("data version", "ok", f"{name} is in the cache")
    if not known:
        yield Finding(
            "data remotes", "warning", "none: versions are on this disk only", "dvc remote add --default NAME FOLDER_OR_S3_URL"
        )
    for remote, address in known.items():
        failed = unreachable(Path(), remote)
        yield Finding(
            f"data remote {remote}", "failed" if failed else "ok", failed or address, "see that it can be reached" if failed else ""
        )


def _name(settings: Settings) -> str | None:
    data = settings.operations.data
    return Dataset.open(data).name if (data / "dataset.json").is_file() else None


def _registry(settings: Settings) -> Iterator[Finding]:
    name = _name(settings)
    models = registry_of(settings.home, name) if name else None
    champion = models.champion() if models else None
    if models is None or champion is None:
        yield Finding("registry", "warning", "no champion yet", "run the chain")
        return
    verify(models.path(champion), ())
    yield Finding("registry", "ok", f"{len(models.versions())} models; the champion {champion} is whole")


def _release(settings: Settings) -> Iterator[Finding]:
    name = _name(settings)
    file = release_file(settings.home, name) if name else None
    if file is None or not file.is_file():
        yield Finding("release", "warning", "none yet", "run the chain")
        return
    release = read_release(file)
    packages = [release.champion, *([release.challenger.package] if release.challenger else [])]
    for package in packages:
        open_package(settings.home / "packages" / package)
    yield Finding("release", "ok", f"{', '.join(packages)}: whole")


def _ports(settings: Settings) -> Iterator[Finding]:
    """Whether `fuserank up` can have its ports; those that it has already are well."""
    running = read_running(settings.home)
    ours = {part.name for part in (running.parts if running else ()) if part.lives}
    chosen = settings.operations
    for name, port in (("prefect server", chosen.prefect_port), ("reports", chosen.reports_port), ("service", chosen.serving_port)):
        setting = {"prefect server": "prefect_port", "reports": "reports_port", "service": "serving_port"}[name]
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if taken and name not in ours:
            yield Finding(f"port of {name}", "failed", f"{port} is taken", f"stop what has it, or set operations.{setting}")
        else:
            yield Finding(f"port of {name}", "ok", f"{port} {'is ours' if taken else 'is free'}")
