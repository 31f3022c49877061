"""What a query loses when what an explanation named is taken away: the test of whether the explanation is true.

Shares are computed over all coalitions; here one thing is removed from the whole, and the ranker is asked again. If shares are
true, removing what has the largest hurts more than removing a thing at random, and removing what has the least hurts less.

- score: the thing is removed for one candidate, and the drop is that candidate's logit before less after.
- nDCG@10 (linear gain): it is removed for the whole slate. What lifts every candidate alike orders nothing, so the most important
  is what the ten best have more of than the others: the difference of the mean shares. Grades play no part in naming it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuserank.explain.modality_shares import modality_shares
from fuserank.explain.probe import Probe, score_slates
from fuserank.explain.query_words import query_word_shares, scores_with_texts
from fuserank.explain.words import texts_of, words_of
from fuserank.metrics.ndcg import ndcg

TOP = 10  # candidates that a shopper sees, and whose shares are held against those of the others
OTHERS = 20  # of these, evenly over the rest of the order
EXPLAINED = 3  # best candidates whose scores are explained and taken apart


@dataclass(frozen=True)
class Drop:
    """Losses of one query.

    Attributes:
        most: when the thing with the largest share was removed.
        random: mean over all things, what removing one at random costs.
        least: when the thing with the smallest (most negative) share was removed.
    """

    most: float
    random: float
    least: float


def modality_drops(probe: Probe) -> dict[str, Drop]:
    """``score`` and ``nDCG@10`` lost without one modality; empty when no two modalities can be compared."""
    order = np.argsort(-probe.scores, kind="stable")
    positions = [int(p) for p in order[:EXPLAINED] if probe.slate.present[p].sum() > 1]
    names = [spec.name for spec in probe.ranker.spec.modalities]
    shares = [[share.get(name, np.nan) for name in names] for share in modality_shares(probe, positions)]
    found = {}
    if positions:
        whom, which = np.nonzero(~np.isnan(shares))
        candidates = probe.slate.take(np.array(positions)[whom])
        present = candidates.present.copy()
        present[np.arange(len(whom)), which] = False
        left = np.full((len(positions), len(names)), np.nan)
        left[whom, which] = probe.stand_ins(np.array(positions)[whom], replace(candidates, present=present))
        found["score"] = _mean([_drop(s, probe.scores[p] - v) for p, s, v in zip(positions, shares, left, strict=True)])
    columns = np.flatnonzero(probe.slate.present.any(0))
    if len(columns) > 1:
        contrast = _contrast(probe, order, [names[c] for c in columns])
        slates = [replace(probe.slate, present=probe.slate.present & (np.arange(len(names)) != c)) for c in columns]
        without = score_slates(probe.ranker, probe.projected, probe.features.queries, slates)
        found["nDCG@10"] = _drop(contrast, [_ndcg(probe, probe.scores) - _ndcg(probe, scores) for scores in without])
    return found


def word_drops(probe: Probe) -> dict[str, Drop]:
    """``score`` and ``nDCG@10`` lost without one word of the query; empty for a query of fewer than two words."""
    words = words_of(probe.features.queries.texts[probe.slate.query])
    if len(words) < 2:
        return {}
    order = np.argsort(-probe.scores, kind="stable")
    seen = _spread(order)
    _, shares = query_word_shares(probe, seen)
    without = scores_with_texts(probe, range(len(order)), texts_of(words, ~np.eye(len(words), dtype=bool)))
    best = seen[:EXPLAINED]
    by_score = [_drop(share, probe.scores[p] - without[:, p]) for p, share in zip(best, shares.values, strict=False)]
    top = min(TOP, len(seen))
    contrast = shares.values[:top].mean(0) - (shares.values[top:].mean(0) if len(seen) > top else 0)
    by_order = _drop(contrast, [_ndcg(probe, probe.scores) - _ndcg(probe, scores) for scores in without])
    return {"score": _mean(by_score), "nDCG@10": by_order}


def _contrast(probe: Probe, order: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(P,) mean share of each modality among the ten best less that among the others; what is absent has share 0."""
    seen = _spread(order)
    shares = np.array([[share.get(name, 0.0) for name in names] for share in modality_shares(probe, seen)])
    return shares[:TOP].mean(0) - (shares[TOP:].mean(0) if len(seen) > TOP else 0)


def _spread(order: np.ndarray) -> list[int]:
    """Positions of the ten best, then of at most OTHERS of the rest."""
    top, rest = order[:TOP], order[TOP:]
    others = rest[np.unique(np.linspace(0, len(rest) - 1, OTHERS).astype(int))] if len(rest) else rest
    return [int(position) for position in (*top, *others)]


def _drop(shares: Sequence[float] | np.ndarray, drops: Sequence[float] | np.ndarray) -> Drop:
    """Of one candidate or slate; NaN is no thing."""
    shares, drops = np.asarray(shares, float), np.asarray(drops, float)
    return Drop(float(drops[np.nanargmax(shares)]), float(np.nanmean(drops)), float(drops[np.nanargmin(shares)]))


def _mean(drops: Sequence[Drop]) -> Drop:
    return Drop(*(float(np.mean([getattr(drop, name) for drop in drops])) for name in ("most", "random", "least")))


def _ndcg(probe: Probe, scores: np.ndarray) -> float:
    return ndcg(scores, probe.slate.grades)
