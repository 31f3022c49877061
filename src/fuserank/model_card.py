"""The model card: what a model is, what it was trained on, what it is for, how good it is and where it must not be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from statistics import fmean
from typing import Any

SOURCES = {
    "human": "people judged the pairs",
    "label_hierarchy": "derived from the labels' hierarchy; no person judged these pairs",
    "attribute_rule": "derived from product attributes by a rule; no person judged these pairs",
    "click_model": "estimated from clicks",
    "synthetic": "follow from how the data was generated; they say nothing about real shoppers",
}


def render_card(meta: Mapping[str, Any]) -> str:
    """Markdown of the card.

    Args:
        meta: a `fuserank.model_folder.ModelMeta` as JSON values.
    """
    ranker, data = meta["ranker"], meta["data"]
    judged = [f"- `{source}`: {SOURCES.get(source, 'see the data set')}" for source in data["sources"]] or ["- not stated"]
    modalities = [_modality_row(m["name"], meta["encoders"].get(m["name"]), m["pair_names"]) for m in ranker["modalities"]]
    metrics = [f"| {name} | {value:.4f} |" for name, value in sorted(meta["metrics"].items())] or ["| none recorded | |"]
    settings = [f"| {name} | `{json.dumps(value)}` |" for name, value in meta["settings"].items()] or ["| none recorded | |"]
    return "\n".join(
        [
            f"# {meta['name']}",
            "",
            f"A multimodal fusion ranker for e-commerce search: {_made_of(ranker)}. Made {meta['created']} with seed "
            f"{meta['seed']}, commit `{meta['git_commit'] or 'unknown'}`, Python {meta['python']}, PyTorch {meta['torch']}.",
            "",
            "## Modalities",
            "",
            "| modality | encoder | licence of its weights | pair scores |",
            "|---|---|---|---|",
            *modalities,
            "",
            "## Data",
            "",
            f"`{data['name']}`, version `{data['version']}`, DVC hash `{data['dvc_hash'] or 'none'}`, licence "
            f"{data['licence'] or 'not stated'}. Judgments:",
            "",
            *judged,
            "",
            "## Training",
            "",
            "| setting | value |",
            "|---|---|",
            *settings,
            "",
            "## Metrics",
            "",
            "nDCG has linear gain and a log2 discount. What begins with `val` is of the validation queries that the model was "
            "chosen by: it flatters. `fuserank models show DATA VERSION --card` adds what the gate measured on test queries.",
            "",
            "| measure | value |",
            "|---|---|",
            *metrics,
            "",
            "## Intended use",
            "",
            "Ordering the products that a shop's retrieval found for a query of text, picture, sound or "
            "shopping history. Any subset of the modalities may be missing.",
            "",
            "## Limits",
            "",
            "- Scores order one slate and do not compare across queries; probabilities do, where the model has a calibration.",
            "- Metrics hold for the data above; another catalogue, language or season needs its own evaluation.",
            "- What the encoders cannot see (sizes, stock, terms of delivery) the ranker cannot see either.",
            "",
        ]
    )


def render_measured(evidence: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown to put below a card: what the gate measured of the model after the card was written.

    Args:
        evidence: first characters of a data version -> a `fuserank.gate.Evidence` as JSON values.
    """
    rows = [row for data, measured in evidence.items() for row in _measured_rows(data, measured)]
    return "\n".join(
        [
            "## Measured by the gate on test queries",
            "",
            "nDCG@10 has linear gain and a log2 discount; a judged query that the ranker left out counts 0.",
            "",
            "| data | queries | how many | nDCG@10 |",
            "|---|---|---|---|",
            *(rows or ["| none | | | |"]),
            "",
        ]
    )


def _measured_rows(data: str, measured: Mapping[str, Any]) -> list[str]:
    """All queries, each protected slice, and all queries without each family of modalities."""
    per_query = measured["per_query"]
    groups = {"all": list(per_query), **measured["slices"]}
    rows = [f"| {data} | {name} | {len(ids)} | {fmean(per_query[q] for q in ids):.4f} |" for name, ids in groups.items()]
    without = (measured["missing"] or {}).items()
    return [*rows, *(f"| {data} | all, no product has {name} | {len(per_query)} | {left['ndcg']:.4f} |" for name, left in without)]


def _made_of(ranker: Mapping[str, Any]) -> str:
    late = [f"late interaction of width {ranker['late']}"] if ranker["late"] else []
    network = [f"fusion `{ranker['fusion']}`, scorer `{ranker['scorer']}`, width {ranker['width']}, rank {ranker['rank']}"]
    return " with ".join([*late, *(network if ranker["fusion"] else [])])


def _modality_row(name: str, encoder: Mapping[str, Any] | None, pair_names: list[str]) -> str:
    who, licence = (f"{encoder['name']}@{encoder['version']}", encoder["licence"]) if encoder else ("none", "")
    return f"| {name} | {who} | {licence} | {', '.join(pair_names) or 'none'} |"
