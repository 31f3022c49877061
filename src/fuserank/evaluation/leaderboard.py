"""The leaderboard: every ranker measured on the same slates, with spread over seeds, significance, slices and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.engines import LOCAL, Engine
from fuserank.evaluation.entries import Entry, cost_ms, qrels_of, rank
from fuserank.evaluation.slices import slices
from fuserank.metrics.binary import best_threshold, binary_measures
from fuserank.metrics.ranking import PRIMARY, measure
from fuserank.metrics.significance import holm, paired_p
from fuserank.slates import Features, Slate


@dataclass(frozen=True)
class Row:
    """One ranker of the leaderboard.

    Attributes:
        ranker, kind: as in Entry.
        seeds: how many trainings the means are over.
        metrics: measure -> {"mean", "std"}: mean over queries and seeds; std over the seeds' means (0 for one seed).
        per_query: query_id -> nDCG@10, mean over seeds.
        cost_ms_per_1000: median milliseconds to score 1,000 candidates on one thread.
        by_seed: measure -> mean over queries, for each seed.
        significance: {"vs", "p_adjusted", "better"} against the chosen ranker on nDCG@10, None for that one itself.
    """

    ranker: str
    kind: str
    seeds: int
    metrics: dict[str, dict[str, float]]
    per_query: dict[str, float]
    cost_ms_per_1000: float
    by_seed: tuple[dict[str, float], ...]
    significance: dict[str, Any] | None = None


@dataclass(frozen=True)
class Leaderboard:
    """Rows (best nDCG@10 first) and slices of one split of one dataset."""

    dataset: str
    regime: str
    split: str
    data_version: str
    relevant_grade: int
    queries: int
    chosen: str
    rows: tuple[Row, ...]
    slices: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)

    def row(self, ranker: str) -> Row:
        """The row of a ranker; KeyError when there is none."""
        return {row.ranker: row for row in self.rows}[ranker]


def build_leaderboard(
    dataset: Dataset,
    features: Features,
    entries: Sequence[Entry],
    val: Sequence[Slate],
    test: Sequence[Slate],
    *,
    chosen: str,
    engine: Engine = LOCAL,
) -> Leaderboard:
    """Measure all entries on the test slates.

    Args:
        val: slates that the thresholds of the yes-or-no measures are chosen on.
        chosen: the ranker that the others are tested against; it was chosen on validation, never on test.
        engine: where rankings are measured.
    """
    grades = qrels_of(features, test)
    ids = list(grades)
    relevant_grade = dataset.manifest.relevant_grade
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    rows = []
    for name, group in by_name.items():
        rows.append(_row(name, group, features, val, test, grades, relevant_grade, engine))
    rows = _with_significance(rows, chosen, ids)
    rows.sort(key=lambda r: -r.metrics[PRIMARY]["mean"])
    left_out = sum(q.split == "test" for q in dataset.queries) - len(test)
    notes = (f"left out: {left_out} test queries that are not judged, or whose candidates all have one grade",) if left_out else ()
    return Leaderboard(
        dataset=dataset.manifest.name,
        regime=dataset.manifest.regime,
        split="test",
        data_version=dataset.version,
        relevant_grade=relevant_grade,
        queries=len(test),
        chosen=chosen,
        rows=tuple(rows),
        slices=tuple(_slices(dataset, ids, rows)),
        notes=notes,
    )


def _row(
    name: str,
    group: Sequence[Entry],
    features: Features,
    val: Sequence[Slate],
    test: Sequence[Slate],
    grades: Mapping[str, Mapping[str, int]],
    relevant_grade: int,
    engine: Engine,
) -> Row:
    """Measure all seeds of one ranker."""
    per_seed: list[dict[str, float]] = []
    per_query: list[dict[str, float]] = []
    relevant = np.concatenate([s.grades >= relevant_grade for s in test])
    relevant_val = np.concatenate([s.grades >= relevant_grade for s in val])
    for entry in group:
        rankings, scores = rank(entry, features, test)
        values = measure(rankings, grades, relevant_grade, engine)
        means = {measure_name: float(np.mean(list(v.values()))) for measure_name, v in values.items()}
        if relevant_val.any():
            threshold = best_threshold(rank(entry, features, val)[1], relevant_val)
            means |= binary_measures(scores, relevant, threshold)
        per_seed.append(means)
        per_query.append(values[PRIMARY])
    metrics = {
        m: {"mean": float(np.mean([s[m] for s in per_seed])), "std": float(np.std([s[m] for s in per_seed]))} for m in per_seed[0]
    }
    averaged = {q: float(np.mean([p[q] for p in per_query])) for q in grades}
    return Row(name, group[0].kind, len(group), metrics, averaged, cost_ms(group[0], features, test[0]), tuple(per_seed))


def _with_significance(rows: Sequence[Row], chosen: str, ids: Sequence[str]) -> list[Row]:
    """Each other ranker against the chosen one, Holm-corrected over all of them."""
    ours = next(row for row in rows if row.ranker == chosen)
    others = [row for row in rows if row is not ours]
    values = {row.ranker: np.array([row.per_query[q] for q in ids]) for row in rows}
    adjusted = holm([paired_p(values[chosen], values[row.ranker]) for row in others])
    tested = [
        Row(
            **{
                **row.__dict__,
                "significance": {"vs": chosen, "p_adjusted": p, "better": bool(values[row.ranker].mean() > values[chosen].mean())},
            }
        )
        for row, p in zip(others, adjusted, strict=True)
    ]
    return [ours, *tested]


def _slices(dataset: Dataset, ids: Sequence[str], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """nDCG@10 of every ranker on every slice of the measured queries."""
    measured = set(ids)
    found = slices([q for q in dataset.queries if q.query_id in measured])
    return [
        {
            "slice": name,
            "queries": len(members),
            "values": {r.ranker: float(np.mean([r.per_query[q] for q in members])) for r in rows},
        }
        for name, members in found.items()
    ]
