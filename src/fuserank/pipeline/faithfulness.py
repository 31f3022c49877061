"""Faithfulness over the queries of a dataset: do the explanations of a ranker name what it needs?"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.explain.faithfulness import summarise
from fuserank.explain.probe import Probe
from fuserank.explain.removal import Drop, modality_drops, word_drops
from fuserank.files import write_file
from fuserank.pipeline.job import Job
from fuserank.plugins import PluginTable
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate, keep_modalities, project_catalogue

REMOVALS: PluginTable[Callable[[Probe], dict[str, Drop]]] = PluginTable("removal", {"modality": modality_drops, "word": word_drops})


def faithfulness(
    job: Job,
    features: Features,
    ranker: Ranker,
    slates: Sequence[Slate],
    *,
    keep: Sequence[str] | None = None,
    queries: int = 200,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[list[dict[str, Any]], Path]:
    """Measure on at most `queries` slates drawn from `slates`, and write the rows as JSON among the dataset's reports.

    Args:
        keep: product modalities that the ranker sees; None: all.
        progress: told (what is removed, queries done, queries to do).

    Returns:
        rows with what is removed, the measure that drops, mean drops with intervals, and whether the margin holds; their file.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(len(slates))[:queries])
    names = [spec.name for spec in ranker.spec.modalities]
    seen = keep_modalities([slates[i] for i in chosen], ranker.spec.modalities, names if keep is None else keep)
    projected, rows = project_catalogue(ranker, features), []
    for removed, drops_of in REMOVALS.items():
        drops: dict[str, list[Drop]] = {}
        for done, slate in enumerate(seen, start=1):
            for measure, drop in drops_of(Probe(ranker, projected, features, slate)).items():
                drops.setdefault(measure, []).append(drop)
            if progress:
                progress(f"without a {removed}", done, len(seen))
        for measure, found in drops.items():
            summary = summarise(found, seed=seed)
            rows.append({"removed": removed, "measure": measure, **asdict(summary), "holds": summary.holds})
    path = job.reports / "faithfulness.json"
    write_file(path, json.dumps(rows, indent=1))
    return rows, path
