"""Loading out of a hub folder: what can be checked is checked before, loaders are kept quiet, and their errors name the folder."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fuserank.encoders.hub_folder import HubFolder
from fuserank.errors import FuserankError, SettingsError

LARGEST, MOST_LABELS = 10**8, 10**5  # numbers in config.json; a list is made of as many labels as it says


def refuse_other_architecture(folder: HubFolder, kind: str, allowed: Collection[str]) -> None:
    """Check the architecture, and the numbers that it is made by, before anything is loaded.

    Raises:
        SettingsError: it is not one of `allowed`, or a number would take all memory before it could be compared with the weights.
    """
    if folder.model_type not in allowed:
        raise SettingsError(
            f"encoder {folder.path}: architecture {folder.model_type!r} as encoder of {kind}",
            allowed=", ".join(sorted(allowed)),
            todo=f"name a model of {kind} of one of these architectures",
        )
    _refuse_huge(folder)


def _refuse_huge(folder: HubFolder) -> None:
    todo: list[Any] = [folder.read_json("config.json")]
    while todo:
        part = todo.pop()
        items = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in items:
            if isinstance(value, dict | list):
                todo.append(value)
            elif isinstance(value, int) and value > (MOST_LABELS if key == "num_labels" else LARGEST):
                raise SettingsError(
                    f"encoder {folder.path}: {str(key)[:80]} {str(value)[:20]} in config.json",
                    allowed=f"at most {MOST_LABELS if key == 'num_labels' else LARGEST}",
                    todo="fetch or save the model again",
                )


def refuse_without(folder: HubFolder, names: Sequence[str]) -> None:
    """Check that one of the files is there.

    Raises:
        SettingsError: none is.
    """
    if not any((folder.path / name).is_file() for name in names):
        raise SettingsError(
            f"encoder {folder.path}: none of {', '.join(names)}",
            allowed="a whole model with its tokenizer or picture processor beside it",
            todo="save tokenizer and processor into the folder too (save_pretrained)",
        )


@contextmanager
def explained(folder: HubFolder) -> Iterator[None]:
    """Turn what transformers raises about a folder, loading or using it, into one error that names it."""
    try:
        yield
    except FuserankError:
        raise
    except Exception as error:  # of safetensors, tokenizers, json, torch … : each loader has its own kinds
        raise SettingsError(
            f"encoder {folder.path} cannot be used: {' '.join(str(error).split())[:300]}",
            allowed="a whole model without code of its own, readable by the installed transformers",
            todo="fetch or save the model again, or choose another",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no advice while loading; errors still come through."""
    import transformers

    level = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.utils.logging.set_verbosity(level)
        transformers.utils.logging.enable_progress_bar()
