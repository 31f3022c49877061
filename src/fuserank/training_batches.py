"""Batches of slates as training reads them: sampled for the prior, projected for a step, scored for validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from fuserank.ranker import Ranker, Slates
from fuserank.sampling import sample_slate
from fuserank.slates import Slate, collate
from fuserank.training_vectors import ScaledVectors

PRIOR_SLATES = 2000  # the prior has a handful of weights; more slates say no more
SCORED_AT_ONCE = 16


def batch_of(ranker: Ranker, vectors: ScaledVectors, slates: Sequence[Slate]) -> tuple[Slates, Tensor, Tensor]:
    """A batch, its projected products (each distinct one once) and its grades (B, N)."""
    rows = np.unique(np.concatenate([s.rows for s in slates]))
    position = np.zeros(len(vectors.features.catalogue), np.int64)
    position[rows] = np.arange(len(rows))
    inputs, grades = collate(vectors.features.queries, slates, ranker.spec.modalities, vectors.device, position)
    return inputs, ranker.project_products(vectors(rows), scaled=True), grades


def prior_batches(
    ranker: Ranker, vectors: ScaledVectors, slates: Sequence[Slate], batch_queries: int, size: int, seed: int
) -> Iterator[tuple[Slates, Tensor]]:
    """At most PRIOR_SLATES training slates, sampled as an epoch samples them, with their grades (B, N).

    Args:
        batch_queries, size: slates of a batch, and candidates of a slate.
    """
    rng = np.random.default_rng([seed, 0])
    order = rng.permutation(len(slates))[:PRIOR_SLATES]
    nowhere = np.zeros(len(vectors.features.catalogue), np.int64)  # the prior reads no product vectors
    for start in range(0, len(order), batch_queries):
        part = [sample_slate(slates[q], size, rng) for q in order[start : start + batch_queries]]
        yield collate(vectors.features.queries, part, ranker.spec.modalities, vectors.device, nowhere)


@torch.inference_mode()
def scored(ranker: Ranker, vectors: ScaledVectors, slates: Sequence[Slate]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each slate the prior's logits, the learned logits and the grades, (N,) each. Leaves the ranker in eval mode."""
    ranker.eval()
    result = []
    for start in range(0, len(slates), SCORED_AT_ONCE):
        part = slates[start : start + SCORED_AT_ONCE]
        inputs, projected, _ = batch_of(ranker, vectors, part)
        prior, learned = (values.float().cpu().numpy() for values in ranker.parts(projected, inputs))
        result += [(p[: len(s.rows)], n[: len(s.rows)], s.grades) for p, n, s in zip(prior, learned, part, strict=True)]
    return result
