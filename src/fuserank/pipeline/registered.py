"""What there is of registered models besides their folders: packages, Bentos, and what the gate measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fuserank.errors import ModelFolderError
from fuserank.gate import Evidence
from fuserank.model_registry import Registry
from fuserank.pipeline.releasing import packages, releases

DATA_HEX = 16  # hex characters of a data version in the name of an evidence file


@dataclass(frozen=True)
class Built:
    """A package, and what became of it.

    Attributes:
        package: its name.
        bentos: tags of the Bentos that were built of it, the newest last.
        roles: what it is in releases, such as ``champion`` or ``challenger (canary, share 0.1) of grocery``.
        here: its folder is there and whole.
    """

    package: str
    bentos: tuple[str, ...]
    roles: tuple[str, ...] = ()
    here: bool = False


def registry_of(home: Path, name: str) -> Registry:
    """The registry of a dataset's models; `name` is that of the dataset, with its regime."""
    return Registry(home / "registry" / name)


def registries(home: Path) -> dict[str, Registry]:
    """All registries, by name of the dataset."""
    return {folder.name: Registry(folder) for folder in sorted((home / "registry").glob("[!.]*")) if folder.is_dir()}


def version_of(package: str) -> str:
    """The registry's version of the model in a package, out of the package's name: version-fingerprint."""
    return package.rpartition("-")[0]


def built_of(home: Path, version: str, name: str) -> list[Built]:
    """Packages of a version, the newest last; in front those that are gone, but had a Bento.

    Args:
        name: of the dataset whose own release needs no naming.

    Raises:
        InputError: a release cannot be read.
    """
    tags: dict[str, list[str]] = {}
    for note in bento_notes(home, version):
        tags.setdefault(note.name.partition(".")[0], []).append(note.read_text())
    here = [package for package in packages(home) if version_of(package) == version]
    roles, gone = _roles(home, name), sorted(tags.keys() - {*here})
    return [Built(one, tuple(tags.get(one, ())), tuple(roles.get(one, ())), one in here) for one in (*gone, *here)]


def _roles(home: Path, name: str) -> dict[str, list[str]]:
    """package -> what it is in all releases."""
    roles: dict[str, list[str]] = {}
    for dataset, release in releases(home).items():
        of = "" if dataset == name else f" of {dataset}"
        roles.setdefault(release.champion, []).append(f"champion{of}")
        if second := release.challenger:
            roles.setdefault(second.package, []).append(f"challenger ({second.mode}, share {second.share:g}){of}")
    return roles


def bento_notes(home: Path, version: str) -> list[Path]:
    """Files ``PACKAGE.CODE.bento`` with the tags of the Bentos of a version, the newest last."""
    return sorted((home / "packages").glob(f"{version}-*.bento"), key=lambda path: path.stat().st_mtime)


def is_stored(home: Path, tag: str) -> bool:
    """Whether BentoML's store still holds a Bento: it may have been deleted there, with ``bentoml delete``."""
    return (home / "bentoml" / "bentos" / Path(*tag.split(":"))).is_dir()


def evidence_file(home: Path, name: str, version: str, data: str) -> Path:
    """Where the gate's evidence on a model is kept; `data` is the version of the dataset that it was measured on."""
    return home / "evidence" / name / f"{version}-{data[:DATA_HEX]}.json"


def evidence_of(home: Path, name: str, version: str) -> dict[str, Evidence]:
    """The gate's evidence on a model: first 16 hex characters of the data version -> evidence, the newest last.

    Raises:
        ModelFolderError: a file of it is damaged.
    """
    files = sorted((home / "evidence" / name).glob(f"{version}-*.json"), key=lambda path: path.stat().st_mtime)
    return {file.stem.rpartition("-")[2]: read_evidence(file) for file in files}


def read_evidence(file: Path) -> Evidence:
    """Read an evidence file.

    Raises:
        ModelFolderError: it is damaged.
    """
    try:
        return Evidence.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ModelFolderError(
            f"{file} cannot be read: {error.errors(include_url=False)[0]['msg']}",
            allowed="evidence as the gate wrote it",
            todo="delete the file: the gate measures the model again",
        ) from None
