"""Packaging: the champion, with the catalogue it ranks, as a folder that a service loads."""

from __future__ import annotations

from pathlib import Path

from fuserank.features.histories import LIMIT, histories
from fuserank.files import write_file
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
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


def served(job: Job) -> Path:
    """The file with the tag of the Bento that `fuserank serve` starts."""
    return job.settings.home / "bentos" / job.name


def serve_again(job: Job, version: str) -> str | None:
    """Make the newest Bento that was built of a version the one that is served.

    Returns:
        its tag; None, and nothing is changed, when no Bento of the version was built here.
    """
    built = sorted((job.settings.home / "packages").glob(f"{version}-*.bento"), key=lambda path: path.stat().st_mtime)
    if not built:
        return None
    tag = built[-1].read_text()
    write_file(served(job), tag)
    return tag
