"""Packaging: the champion, with the catalogue it ranks, as a folder that a service loads."""

from __future__ import annotations

from pathlib import Path

from fuserank.features.histories import LIMIT, histories
from fuserank.files import write_file
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.registered import bento_notes, version_of
from fuserank.pipeline.releasing import packages, release_champion
from fuserank.serving import build_package, open_package
from fuserank.slates import Features


def package(job: Job, features: Features, version: str) -> Path:
    """The package folder of a registered model over the job's catalogue; built once."""
    folder = job.settings.home / "packages" / f"{version}-{job.fingerprint(model=version)[:8]}"
    if folder.exists():
        open_package(folder)
        return folder
    products = job.dataset.products
    return build_package(
        folder,
        model_folder=registry(job).path(version),
        products=products,
        catalogue=features.catalogue,
        histories=histories(job.dataset.interactions, LIMIT),
        modalities=job.modalities,
        read_bytes=job.dataset.media.get,
        media=job.settings.media,
    )


def served(home: Path, name: str) -> Path:
    """The file with the tag of the Bento that `fuserank serve` starts for a dataset: the code; the release says which packages."""
    return home / "bentos" / name


def serve(job: Job, folder: Path, tag: str) -> None:
    """Make a package champion of the job's release, which a running service follows, and its Bento the one that is started next."""
    release_champion(job.settings.home, job.name, folder.name)
    write_file(served(job.settings.home, job.name), tag)


def serve_again(job: Job, version: str) -> str | None:
    """Release the newest package of a version, and the newest Bento that was built of the version, if any.

    Returns:
        the package; None, and nothing is changed, when there is none of the version here.
    """
    home = job.settings.home
    built = [name for name in packages(home) if version_of(name) == version]
    if not built:
        return None
    bentos = bento_notes(home, version)
    release_champion(home, job.name, built[-1])
    if bentos:
        write_file(served(home, job.name), bentos[-1].read_text())
    return built[-1]
