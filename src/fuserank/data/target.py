"""Where a dataset may be written: over nothing but a dataset, and never over what it is made from."""

from __future__ import annotations

import os
from pathlib import Path

from fuserank.errors import InputError


def target_folder(target: Path, *made_from: Path | None) -> Path:
    """The folder that `target` stands for, links followed, when writing a dataset there loses nothing else.

    Args:
        target: the dataset folder to make or replace.
        made_from: folders that the dataset is read from; None is none.

    Raises:
        InputError: `target` holds something other than a dataset, lies in a file, or holds one of `made_from`.
    """
    place = _resolved(target)  # Path.resolve fails on a link that leads to itself
    for folder in made_from:
        if folder is not None and _resolved(folder).is_relative_to(place):
            raise InputError(
                f"{target} would be replaced, and {folder}, which is read, lies in it",
                allowed="a folder of its own",
                todo="name another target",
            )
    file = next((path for path in (place, *place.parents) if os.path.lexists(path) and not path.is_dir()), None)
    if file:
        raise InputError(f"{file} is no folder", allowed="a new or empty folder, or a dataset", todo="name another target")
    if place.is_dir() and any(place.iterdir()) and not (place / "dataset.json").is_file():
        raise InputError(
            f"{target} holds files, but no dataset",
            allowed="a new or empty folder, or a dataset, which is replaced",
            todo="name another target",
        )
    return place


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
