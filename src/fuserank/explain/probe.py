"""What a candidate of a slate would score if it were another: the question that every explanation asks of the ranker.

A probe knows nothing of what is inside a ranker. It asks once whether the score of a candidate depends on its rivals; where it
does not, stand-ins are scored side by side in one slate, else each of them among the rivals of the one it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fuserank.features.queries import QueryFeatures
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate, collate, score_slate

PAIRS_AT_ONCE = 16_384  # candidates in a batch: bounds memory to some tens of MB
CHECKED = 3  # candidates that are scored alone to see whether rivals matter
TOLERANCE = 1e-4  # of a logit, relative to 1 + its size: batches of other shapes round differently


class Probe:
    """One slate under a ranker.

    Args:
        ranker: in evaluation mode.
        projected: (P, M, D + R + K) as `project_catalogue` gives it, of the features' catalogue.
        features: that the slate is of.
        slate: at least one candidate.

    Attributes:
        scores: (N,) float32 logits of the candidates as they are.
    """

    def __init__(self, ranker: Ranker, projected: Tensor, features: Features, slate: Slate) -> None:
        self.ranker, self.projected, self.features, self.slate = ranker, projected, features, slate
        self.scores = score_slate(ranker, projected, features.queries, slate)

    @cached_property
    def contextual(self) -> bool:
        """Whether rivals change a candidate's score; asked of the first, the middle and the last, whole and with nothing."""
        order = np.argsort(-self.scores, kind="stable")
        chosen = np.unique(order[np.linspace(0, len(order) - 1, CHECKED).astype(int)])
        candidates = self.slate.take(np.tile(chosen, 2))
        present = candidates.present.copy()
        present[len(chosen) :] = False
        candidates = replace(candidates, present=present)
        alone, among = self._alone(candidates), self._among(np.tile(chosen, 2), candidates, self.projected)
        return bool((np.abs(alone - among) > TOLERANCE * (1 + np.abs(among))).any())

    def part(self, positions: Sequence[int]) -> tuple[Slate, np.ndarray]:
        """The smallest slate in which some candidates score as in the whole one, and their positions in it."""
        chosen = np.asarray(positions, np.int64)
        return (self.slate, chosen) if self.contextual else (self.slate.take(chosen), np.arange(len(chosen)))

    def stand_ins(self, positions: np.ndarray, candidates: Slate, more: Tensor | None = None) -> np.ndarray:
        """Scores of candidates that each stand in for one of the slate, all its rivals as they are.

        Args:
            positions: (V,) whom each stands in for.
            candidates: V of them; `rows` may point behind the catalogue, into `more`.
            more: (P', M, D + R + K) projected products that the catalogue does not hold.

        Returns:
            (V,) float32 logits.
        """
        projected = self.projected if more is None else torch.cat([self.projected, more])
        if self.contextual:
            return self._among(positions, candidates, projected)
        parts = [
            score_slate(self.ranker, projected, self.features.queries, candidates.take(part))
            for part in np.array_split(np.arange(len(positions)), max(1, -(-len(positions) // PAIRS_AT_ONCE)))
        ]
        return np.concatenate(parts)

    def _alone(self, candidates: Slate) -> np.ndarray:
        slates = [candidates.take(np.array([v])) for v in range(len(candidates.rows))]
        return np.concatenate(score_slates(self.ranker, self.projected, self.features.queries, slates))

    def _among(self, positions: np.ndarray, candidates: Slate, projected: Tensor) -> np.ndarray:
        size, everyone = len(self.slate.rows), joined(self.slate, candidates)
        order = np.tile(np.arange(size), (len(positions), 1))
        order[np.arange(len(positions)), positions] = size + np.arange(len(positions))
        slates = [everyone.take(row) for row in order]
        scored = score_slates(self.ranker, projected, self.features.queries, slates)
        return np.array([scores[p] for p, scores in zip(positions, scored, strict=True)], np.float32)


def joined(first: Slate, second: Slate) -> Slate:
    """The candidates of two slates of one query, one after the other."""
    both = {f.name: (getattr(first, f.name), getattr(second, f.name)) for f in fields(first)}
    changed: dict[str, Any] = {name: np.concatenate(pair) for name, pair in both.items() if isinstance(pair[0], np.ndarray)}
    return replace(first, **changed)


@torch.inference_mode()
def score_slates(ranker: Ranker, projected: Tensor, queries: QueryFeatures, slates: Sequence[Slate]) -> list[np.ndarray]:
    """Logits of many slates, each (N,) float32, in batches of bounded size."""
    longest = max((len(slate.rows) for slate in slates), default=1)
    step, scored = max(1, PAIRS_AT_ONCE // max(longest, 1)), []
    for start in range(0, len(slates), step):
        part = slates[start : start + step]
        batch, _ = collate(queries, part, ranker.spec.modalities, projected.device)
        scores = ranker(projected, batch).float().cpu().numpy()
        scored += [row[: len(slate.rows)] for row, slate in zip(scores, part, strict=True)]
    return scored
