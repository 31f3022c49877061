"""What all steps share: the dataset, the settings, and where artifacts lie."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import fuserank
from fuserank.baselines import BASELINES
from fuserank.data.dataset import Dataset
from fuserank.engines import LOCAL, Engine, RayData
from fuserank.errors import SettingsError
from fuserank.features.store import FeatureStore
from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.modalities import MODALITIES, make_modalities
from fuserank.modalities.base import Modality
from fuserank.modalities.own import own_folders
from fuserank.model_folder import read_meta
from fuserank.scorers import SCORERS
from fuserank.settings import Settings

# Sources whose change makes a trained model stale, and those that make a leaderboard stale besides.
MODEL_SOURCES = (
    "encoders",
    "modalities",
    "features",
    "fusion",
    "scorers",
    "losses",
    "click_models",
    "metrics",
    "calibration.py",
    "masking.py",
    "projection.py",
    "late_interaction.py",
    "catalogue_words.py",
    "ranker.py",
    "slates.py",
    "prior.py",
    "sampling.py",
    "position_term.py",
    "training_vectors.py",
    "transfer.py",
    "training_batches.py",
    "training_group.py",
    "training.py",
    "pipeline/clicked.py",
)
LATE = "late"  # late interaction in a ranker's name
EVERYTHING = (".",)  # all sources of the package
EVALUATION_SOURCES = (*MODEL_SOURCES, "baselines", "evaluation", "pipeline/evaluate.py", "pipeline/calibrate.py")


@dataclass(frozen=True)
class Job:
    """One run of the chain over one dataset folder."""

    data: Path
    settings: Settings

    def __post_init__(self) -> None:
        """Look every name of the settings up now, not after an hour of extraction.

        Raises:
            UnknownNameError: the settings name a modality, a loss or a baseline that does not exist.
            SettingsError: nothing can be written where home or reports shall lie, or an encoder of your own is not there, or cannot
                do what its modality asks for.
            ModelFolderError: the model that training starts from is not there, or damaged.
        """
        for setting in ("home", "reports"):
            _refuse_unwritable(setting, getattr(self.settings, setting))
        for table, names in (
            (MODALITIES, (*self.settings.features.modalities, *chain.from_iterable(self.settings.evaluation.families.values()))),
            (LOSSES, (self.settings.training.loss,)),
            (BASELINES, self.settings.evaluation.baselines),
        ):
            for name in names:
                _ = table[name]
        for ranker in self.settings.training.rankers:
            parts_of(ranker)
        if self.settings.training.start is not None:
            read_meta(self.settings.training.start)
        _ = self.modalities

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset, opened."""
        return Dataset.open(self.data)

    @cached_property
    def modalities(self) -> list[Modality]:
        """The configured modalities, in order."""
        return self.make_modalities()

    @cached_property
    def make_modalities(self) -> Callable[[], list[Modality]]:
        """Gives the configured modalities anew; a worker in another process makes its own by it."""
        knobs = self.settings.features
        return partial(
            make_modalities,
            knobs.modalities,
            cache=(self.settings.home / "encoders").resolve(),
            media=self.settings.media,
            own=own_folders(knobs.encoders, knobs.modalities, allow_download=knobs.allow_download),
            device=knobs.device,
        )

    @cached_property
    def engine(self) -> Engine:
        """Where work that falls into parts is done."""
        scale = self.settings.scale
        return RayData(scale.actors, scale.address) if scale.engine == "ray" else LOCAL

    @cached_property
    def store(self) -> FeatureStore:
        """The feature store, shared by all datasets."""
        return FeatureStore(self.settings.home / "features")

    @property
    def name(self) -> str:
        """Dataset name and regime, as folders are called."""
        return self.dataset.name

    @property
    def reports(self) -> Path:
        """Where the reports of this dataset lie."""
        return self.settings.reports / self.name

    def fingerprint(self, *, sources: tuple[str, ...] = MODEL_SOURCES, **parts: Any) -> str:
        """16 hex characters that change when the data, the encoders, the caps of media, the `sources` or any of `parts` change."""
        identity = {
            "data": self.dataset.version,
            "encoders": {m.name: m.encoder.info.key if m.encoder else "" for m in self.modalities},
            "media": self.settings.media.model_dump(),
            "code": code_version(sources),
            **parts,
        }
        return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _refuse_unwritable(setting: str, folder: Path) -> None:
    """SettingsError unless a folder can be made in `folder`, or in what is there of the way to it; nothing of it stays."""
    place = folder.absolute()
    try:
        while not (place.exists() or place.is_symlink()):
            place = place.parent
        tempfile.TemporaryDirectory(dir=place).cleanup()
    except OSError as error:
        raise SettingsError(
            f"setting {setting!r}: {str(folder)[:80]!r} cannot be written to: {error.strerror}",
            allowed="a folder, or a place where one can be made",
            todo=f"set FUSERANK_{setting.upper()}, or {setting} in pyproject.toml, to another place",
        ) from None


class Parts(NamedTuple):
    """What a ranker is made of; fusion and scorer are "" for late interaction alone."""

    late: bool
    fusion: str
    scorer: str

    @property
    def ranker(self) -> str:
        """The ranker's name; `parts_of` is the inverse."""
        return "+".join(part for part in (LATE if self.late else "", self.fusion, self.scorer) if part)


def parts_of(ranker: str) -> Parts:
    """The parts of a ranker's name.

    Raises:
        SettingsError: it is not of the form late, fusion+scorer or late+fusion+scorer.
        UnknownNameError: no such fusion or scorer.
    """
    first, *rest = ranker.split("+")
    late = first == LATE
    names = rest if late else [first, *rest]
    if len(names) != 2 and not (late and not names):
        raise SettingsError(
            f"ranker {ranker!r}", allowed="late, fusion+scorer or late+fusion+scorer", todo="write for example late+concat+sequence"
        )
    if not names:
        return Parts(True, "", "")
    _ = FUSIONS[names[0]], SCORERS[names[1]]
    return Parts(late, *names)


@cache
def code_version(sources: tuple[str, ...]) -> str:
    """sha256 over what files and folders of the package do: comments, docstrings and layout are not in it."""
    root = Path(fuserank.__file__).parent
    digest = hashlib.sha256()
    for name in sources:
        place = root / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(f"{path.relative_to(root)}\0{meaning_of(path.read_text())}\0".encode())
    return digest.hexdigest()


def meaning_of(source: str) -> str:
    """The syntax tree of Python source as text, without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def git_commit() -> str:
    """The commit of the working tree, with ``-dirty`` when it differs; "" outside a repository."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],  # noqa: S607 (git is where the user has it)
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
