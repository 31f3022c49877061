"""Packaging: the champion, with the catalogue it ranks, as a folder that a service loads."""

from __future__ import annotations

from pathlib import Path

from fuserank.features.histories import histories
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
        histories=histories(job.dataset.interactions),
        modalities=job.modalities,
    )
