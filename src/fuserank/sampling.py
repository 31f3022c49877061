"""What of a slate a training step sees: a draw of its candidates, and of its modalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from fuserank.ranker import Slates
from fuserank.slates import Slate


def family_groups(names: Sequence[str], families: Sequence[Sequence[str]]) -> Tensor:
    """(F, M) bool: which modalities belong together; a modality of no family stands alone."""
    alone = [(name,) for name in names if not any(name in family for family in families)]
    groups = [[name in family for name in names] for family in (*families, *alone)]
    return torch.tensor([group for group in groups if any(group)], dtype=torch.bool).reshape(-1, len(names))


def drop_modalities(batch: Slates, probability: float, groups: Tensor) -> Slates:
    """Modality dropout: with `probability` a slate keeps a random part of its families of modalities, and of its query's channels.

    Whole families go, as they do when a shop has no pictures or a shopper types nothing: modalities dropped one by one leave the
    others of their family to speak for them. Each family is kept with 1/2; a draw that would leave a candidate without modality, or
    a query without channel, is not applied to it. Words of the query stay.

    Args:
        groups: (F, M) bool of `family_groups`.
    """
    device, count = batch.present.device, len(batch.present)
    spared = (torch.rand(count, 1, device=device) >= probability).expand(-1, len(groups))
    kept = spared | (torch.rand(count, len(groups), device=device) < 0.5)
    keep = (kept[:, :, None] & groups).any(dim=1)[:, None, :]
    present = torch.where((batch.present & keep).any(-1, keepdim=True), batch.present & keep, batch.present)
    channels = batch.query_present & (torch.rand(batch.query_present.shape, device=device) >= probability / 2)
    channels = torch.where(channels.any(-1, keepdim=True), channels, batch.query_present)
    return replace(batch, present=present, query_present=channels)


def sample_slate(slate: Slate, size: int, rng: np.random.Generator) -> Slate:
    """At most `size` candidates: up to half graded above 0 (higher grades first, ties at random), the rest drawn from grade 0.

    Where one side has too few, the other fills up.
    """
    if len(slate.rows) <= size:
        return slate
    noise = rng.random(len(slate.rows))
    relevant = np.flatnonzero(slate.grades > 0)
    relevant = relevant[np.lexsort((noise[relevant], -slate.grades[relevant]))]
    others = np.flatnonzero(slate.grades <= 0)
    others = others[np.argsort(noise[others])]
    taken = min(len(relevant), max(size // 2, size - len(others)))
    # In the slate's own order, which says nothing: candidates sorted by grade would make every tie a perfect ranking.
    return slate.take(np.sort(np.concatenate([relevant[:taken], others[: size - taken]])))
