"""The model card: what a model is, what it was trained on, what it is for, how good it is and where it must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping
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
    return "\n".join(
        [
            f"# {meta['name']}",
            "",
            f"A multimodal fusion ranker for e-commerce search: fusion `{ranker['fusion']}`, scorer `{ranker['scorer']}`, width "
            f"{ranker['width']}, rank {ranker['rank']}. Made {meta['created']} with seed {meta['seed']}, commit "
            f"`{meta['git_commit'] or 'unknown'}`, Python {meta['python']}, PyTorch {meta['torch']}.",
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
            "## Metrics on the test queries",
            "",
            "nDCG has linear gain and a log2 discount.",
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


def _modality_row(name: str, encoder: Mapping[str, Any] | None, pair_names: list[str]) -> str:
    who, licence = (f"{encoder['name']}@{encoder['version']}", encoder["licence"]) if encoder else ("none", "")
    return f"| {name} | {who} | {licence} | {', '.join(pair_names) or 'none'} |"
