"""Two registered models side by side: metrics, what was different in their making, and a paired test where there is evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.errors import InputError
from fuserank.gate import Evidence
from fuserank.metrics.significance import paired_p
from fuserank.model_folder import ModelMeta, read_meta
from fuserank.pipeline.registered import DATA_HEX, evidence_of, registry_of

Two = tuple[Any, Any]  # of the one and of the other model; None: it has none


@dataclass(frozen=True)
class PairedTest:
    """The second model against the first, query by query. nDCG@10 has linear gain; a judged query that was left out counts 0.

    Attributes:
        data: first 16 hex characters of the data version that both were measured on.
        queries: how many.
        measured: measure -> value of each; means over all queries and over each slice, and the latency.
        difference: mean over queries of second minus first.
        p: of the paired randomisation test, two-sided.
        better, worse, same: queries on which the second gives more, less, as much.
    """

    data: str
    queries: int
    measured: Mapping[str, tuple[float, float]]
    difference: float
    p: float
    better: int
    worse: int
    same: int


@dataclass(frozen=True)
class ModelComparison:
    """Two models beside each other.

    Attributes:
        versions: of both.
        metas: of both.
        metrics: what their folders say: name of a measure -> value of each.
        differing: dotted name of a setting, an encoder or a part of the ranker -> value in each; only those that differ.
        paired: the test, or None.
        why_not: why there is none; "" when there is.
    """

    versions: tuple[str, str]
    metas: tuple[ModelMeta, ModelMeta]
    metrics: Mapping[str, Two]
    differing: Mapping[str, Two]
    paired: PairedTest | None
    why_not: str


def compare_models(home: Path, dataset: str, first: str, second: str, *, data: str = "") -> ModelComparison:
    """Compare two registered models.

    Args:
        home: the setting.
        dataset: name of the dataset, with its regime.
        first, second: versions in full.
        data: version of the dataset to compare on, where both were measured on it; else on the latest that both were.

    Raises:
        InputError: no such version, or twice the same.
        ModelFolderError: a folder or evidence is damaged.
    """
    if first == second:
        raise InputError(f"{first} against itself", allowed="two versions", todo="name another")
    models = registry_of(home, dataset)
    metas = read_meta(models.path(first)), read_meta(models.path(second))
    ours, theirs = evidence_of(home, dataset, first), evidence_of(home, dataset, second)
    both = [version for version in theirs if version in ours]
    common = data[:DATA_HEX] if data[:DATA_HEX] in both else both[-1] if both else None
    paired, why_not = None, _why_not((first, second), (ours, theirs))
    if common is not None:
        paired, why_not = _paired(common, ours[common], theirs[common])
    return ModelComparison(
        (first, second),
        metas,
        metrics=_beside(metas[0].metrics, metas[1].metrics),
        differing={name: pair for name, pair in _beside(*map(_making, metas)).items() if pair[0] != pair[1]},
        paired=paired,
        why_not=why_not,
    )


def _why_not(versions: tuple[str, str], evidence: tuple[Mapping[str, Evidence], Mapping[str, Evidence]]) -> str:
    """Why no data version has evidence of both."""
    lacking = [version for version, found in zip(versions, evidence, strict=True) if not found]
    if lacking:
        return f"the gate has measured nothing of {' and of '.join(lacking)}"
    on = " and ".join(f"{version} on {', '.join(found)}" for version, found in zip(versions, evidence, strict=True))
    return f"measured on different data: {on}"


def _paired(data: str, first: Evidence, second: Evidence) -> tuple[PairedTest | None, str]:
    """The test, or why there is none."""
    if first.per_query.keys() != second.per_query.keys():
        return None, f"measured on different queries of data {data}: {len(first.per_query)} and {len(second.per_query)}"
    ids = sorted(first.per_query)
    old, new = (np.array([side.per_query[query_id] for query_id in ids]) for side in (first, second))
    measured = {"test nDCG@10": (float(old.mean()), float(new.mean()))}
    for name in sorted(first.slices.keys() & second.slices.keys()):
        of = np.isin(ids, first.slices[name])
        measured[f"test nDCG@10, {name}"] = float(old[of].mean()), float(new[of].mean())
    measured["ms per 1,000 candidates"] = first.latency_ms_per_1000, second.latency_ms_per_1000
    counts = (int((new > old).sum()), int((new < old).sum()), int((new == old).sum()))
    return PairedTest(data, len(ids), measured, float((new - old).mean()), paired_p(new, old), *counts), ""


def _making(meta: ModelMeta) -> dict[str, Any]:
    """What a model was made of and with, as flat names."""
    parts = {name: value for name, value in meta.ranker.items() if name != "modalities"}
    encoders = {name: f"{info.key} {info.sha256[:12]}".strip() for name, info in meta.encoders.items()}
    return {
        "data": f"{meta.data.name} {meta.data.version}",
        "commit": meta.git_commit,
        "seed": meta.seed,
        **_flat("ranker", parts | {"modalities": [modality["name"] for modality in meta.ranker["modalities"]]}),
        **_flat("encoder", encoders),
        **_flat("setting", meta.settings),
        "torch": meta.torch,
    }


def _flat(name: str, value: Any) -> dict[str, Any]:
    """Nested maps as dotted names; a list is one value."""
    if not isinstance(value, Mapping) or not value:
        return {name: value}
    return {key: leaf for inner, held in value.items() for key, leaf in _flat(f"{name}.{inner}", held).items()}


def _beside(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Two]:
    """Names of both, those of the first in front -> value in each."""
    return {name: (first.get(name), second.get(name)) for name in {**first, **second}}
