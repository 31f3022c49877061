"""Slates of different length as one batch. Shapes: B queries, N candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fuserank.sampling import sample_slate
from fuserank.slates import Slate


@dataclass(frozen=True)
class Padded:
    """Slates, each filled up to the longest.

    Attributes:
        queries: int64 (B,), rows of the query features.
        rows: int64 (U,), rows of the catalogue, each once.
        where: int64 (B, N), where each candidate stands in `rows`; 0 for padding.
        grades: float32 (B, N); 0 for padding.
        mask: bool (B, N), False for padding.
    """

    queries: Tensor
    rows: Tensor
    where: Tensor
    grades: Tensor
    mask: Tensor

    @classmethod
    def of(cls, slates: Sequence[Slate]) -> Padded:
        """The batch of one or more slates."""
        rows, where = np.unique(np.concatenate([s.rows for s in slates]), return_inverse=True)
        mask = torch.from_numpy(np.arange(max(len(s.rows) for s in slates)) < np.array([[len(s.rows)] for s in slates]))
        positions, grades = torch.zeros(mask.shape, dtype=torch.int64), torch.zeros(mask.shape)
        positions[mask] = torch.from_numpy(where)
        grades[mask] = torch.from_numpy(np.concatenate([s.grades for s in slates]))
        return cls(torch.tensor([s.query for s in slates]), torch.from_numpy(rows), positions, grades, mask)


def drawn_batches(slates: Sequence[Slate], queries: int, candidates: int, rng: np.random.Generator) -> Iterator[list[Slate]]:
    """All slates once, in random order, so many `queries` at a time, at most so many `candidates` of each drawn anew."""
    order = rng.permutation(len(slates))
    for start in range(0, len(order), queries):
        yield [sample_slate(slates[i], candidates, rng) for i in order[start : start + queries]]
