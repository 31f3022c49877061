"""A dataset written in a format of others; what a format needs besides the dataset is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Dataset
from fuserank.data.exporters import EXPORTERS
from fuserank.errors import InputError
from fuserank.features.extraction import Progress
from fuserank.files import new_folder
from fuserank.pipeline.job import Job
from fuserank.pipeline.letor import letor_slates

# What goes to an exporter besides the dataset and the folder, by its name.
_NEEDS: Mapping[str, Callable[[Job, Progress | None], dict[str, Any]]] = {"letor": letor_slates}


def export(job: Callable[[], Job], data: Path, name: str, target: Path, *, progress: Progress | None = None) -> list[str]:
    """Write a dataset to a new folder, whole or not at all.

    Args:
        job: makes the job, for formats that hold features.
        data: the dataset folder.
        name: in EXPORTERS.
        target: the folder to make, or an empty one.

    Returns:
        What the format cannot hold, one sentence each.

    Raises:
        UnknownNameError: no such format.
        InputError: something stands at `target`, or the format cannot hold an id.
    """
    exporter = EXPORTERS[name]
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty", allowed="a new or empty folder", todo="name another folder")
    dataset = Dataset.open(data)
    needs = _NEEDS[name](job(), progress) if name in _NEEDS else {}
    with new_folder(target) as folder:
        return exporter(dataset, folder, **needs)
