"""Lineage: from a Bento, a package or an answer's model back to the model, its data, code, settings and the decisions on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fuserank.errors import InputError, ModelFolderError
from fuserank.gate import Evidence
from fuserank.model_card import render_measured
from fuserank.model_folder import CARD, ModelMeta, read_meta
from fuserank.model_registry import Registry, Transition, matching
from fuserank.pipeline.registered import Built, built_of, evidence_of, registries, registry_of


@dataclass(frozen=True)
class Lineage:
    """Where a registered model comes from, and what became of it.

    Attributes:
        dataset: whose registry holds it.
        version: of the model.
        pruned: it is here no more; `meta` and `built` are what the log has kept.
        champion: it reigns.
        meta: what its folder says; None: the folder was damaged when it was pruned.
        card: its model card and what the gate measured since, Markdown; "" when it was pruned.
        built: packages and Bentos, the newest last.
        evidence: first 16 hex characters of a data version -> what the gate measured on it.
        transitions: decisions about it, the newest last.
    """

    dataset: str
    version: str
    pruned: bool
    champion: bool
    meta: ModelMeta | None
    card: str
    built: Sequence[Built]
    evidence: Mapping[str, Evidence]
    transitions: Sequence[Transition]


def lineage(home: Path, dataset: str, version: str) -> Lineage:
    """The lineage of a model, whether it is here or was pruned.

    Args:
        home: the setting.
        dataset: name of the dataset, with its regime.
        version: in full.

    Raises:
        InputError: there never was such a version, or a release cannot be read.
        ModelFolderError: the folder of the model, its evidence or the log is damaged.
    """
    models = registry_of(home, dataset)
    log = models.transitions()
    touching = tuple(t for t in log if t.touches(version))
    if version not in models.versions() and (gone := [t for t in touching if t.kind == "prune"]):
        return Lineage(dataset, version, True, False, _kept_meta(gone[0]), "", _kept_built(gone), {}, touching)
    folder, evidence = models.path(version), evidence_of(home, dataset, version)
    return Lineage(
        dataset,
        version,
        pruned=False,
        champion=version == models.champion(),
        meta=read_meta(folder),
        card=f"{(folder / CARD).read_text()}\n{render_measured({data: found.model_dump() for data, found in evidence.items()})}",
        built=built_of(home, version, dataset),
        evidence=evidence,
        transitions=touching,
    )


def trace(home: Path, text: str) -> tuple[str, str]:
    """Dataset and version that a name goes back to.

    Args:
        text: a Bento's tag, a package, the model_version of an answer, or a version, its beginning or its end.

    Raises:
        InputError: nothing, or more than one model, is called so.
    """
    known = {dataset: _names(home, models, dataset) for dataset, models in registries(home).items()}
    named = [(dataset, version) for dataset, names in known.items() for version, called in names.items() if text in called]
    found = named or [(dataset, version) for dataset, names in known.items() for version in matching(names, text)]
    if len(found) == 1:
        return found[0]
    if found:
        meant = ", ".join("/".join(pair) for pair in found[-5:])
        raise InputError(f"{text!r} may be {len(found)} models", allowed=meant, todo="say more of it")
    last = [name for names in known.values() for called in names.values() for name in called][-5:]
    raise InputError(
        f"no model, package or Bento {text[:200]!r} in {home}",
        allowed=", ".join(last) or "a Bento's tag, a package, or a version",
        todo="see fuserank models list DATA",
    )


def kept(meta: ModelMeta | None, built: Sequence[Built]) -> dict[str, Any]:
    """What the log keeps of a model that is pruned, as JSON values; `lineage` reads it: its Bentos outlive it."""
    return {
        "meta": meta.model_dump(mode="json") if meta else None,
        "built": {one.package: list(one.bentos) for one in built},
    }


def _kept_meta(pruned: Transition) -> ModelMeta | None:
    """The inverse of `kept`, the model's part.

    Raises:
        ModelFolderError: it cannot be read.
    """
    meta = pruned.evidence.get("meta")
    try:
        return ModelMeta.model_validate(meta) if meta else None
    except ValidationError as error:
        raise ModelFolderError(
            f"what the log kept of {pruned.to} cannot be read: {error.errors(include_url=False)[0]['msg']}",
            allowed="a model of this version of fuserank",
            todo="read its line in transitions.jsonl",
        ) from None


def _kept_built(pruned: Sequence[Transition]) -> list[Built]:
    """The inverse of `kept`, the packages. A pruning that was interrupted is done again: its first line had the most to tell."""
    built = {package: tags for t in reversed(pruned) for package, tags in t.evidence.get("built", {}).items()}
    return [Built(package, tuple(tags)) for package, tags in built.items()]


def _names(home: Path, models: Registry, dataset: str) -> dict[str, list[str]]:
    """version -> names of its packages and Bentos; of those pruned too."""
    built = {version: built_of(home, version, dataset) for version in models.versions()}
    for transition in models.transitions():
        if transition.kind == "prune":
            built.setdefault(transition.to, []).extend(_kept_built([transition]))
    return {version: [name for one in made for name in (one.package, *one.bentos)] for version, made in built.items()}
