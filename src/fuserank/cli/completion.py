"""Values that a shell completes: folders, versions, recipes, names. Nothing here loads a model or a table of data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# The tables that hold these names load pandas or PyTorch, for which nobody waits at a key; a test holds both together.
# fmt: off
IMPORTS = (
    "chorus", "esci", "fashion", "grocery", "huggingface", "letor", "metarank", "online_retail", "quepid", "table", "trec",
    "ubi", "wands",
)
EXPORTS = ("esci", "huggingface", "letor", "metarank", "quepid", "trec", "ubi", "wands")
CLICK_MODELS = ("cascade", "coec", "pbm", "pbm_em")
STUDIES = (
    "behaviour", "components", "drift", "errors", "faithful", "frontier", "learning_curve", "missing", "noise", "one_or_many",
    "probabilities",
)
SPLITS = ("test", "train", "val")
# fmt: on


def among(*names: str) -> Callable[[str], list[str]]:
    """Completes one of fixed names."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return complete


def folders(incomplete: str) -> list[str]:
    """Dataset folders in data/, then whatever folder continues what stands there."""
    head = os.path.dirname(incomplete)  # noqa: PTH120 (text that need not be a path yet)
    found = [f"data/{path.parent.name}" for path in sorted(Path("data").glob("*/dataset.json"))]
    try:
        beside = sorted(path.name for path in Path(head or ".").iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        beside = []
    names = dict.fromkeys([*found, *(os.path.join(head, one) for one in beside)])  # noqa: PTH118 (a trailing "./" stays)
    return [name for name in names if name.startswith(incomplete)]


def released(incomplete: str) -> list[str]:
    """Datasets that have a package released, by the names a service knows them by."""
    suffix = ".release.json"
    names = sorted(path.name.removesuffix(suffix) for path in (_home() / "packages").glob(f"*{suffix}"))
    return [name for name in names if name.startswith(incomplete)]


def versions(incomplete: str) -> list[str]:
    """Registered models of all datasets, the newest first."""
    found = sorted((_home() / "registry").glob("*/models/*/model.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [name for name in dict.fromkeys(path.parent.name for path in found) if name.startswith(incomplete)]


def recipes(incomplete: str) -> list[str]:
    """Recipes that ship."""
    from fuserank.recipes.recipe import shipped_folder

    return sorted(path.stem for path in shipped_folder().glob(f"{incomplete}*.toml"))


def _home() -> Path:
    from fuserank.settings import load_settings

    return load_settings().home
