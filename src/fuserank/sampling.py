"""What of a slate a training step sees: a draw of its candidates, and of its modalities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from fuserank.ranker import Slates
from fuserank.slates import Slate


def drop_modalities(batch: Slates, probability: float) -> Slates:
    """Modality dropout: each product modality and each query channel of a slate is absent with `probability`.

    A draw that would leave a slate's query without any channel, or a candidate without any modality, is not applied to it.
    """
    keep = torch.rand(len(batch.present), 1, batch.present.shape[2], device=batch.present.device) >= probability
    present = batch.present & keep
    present = torch.where(present.any(-1, keepdim=True), present, batch.present)
    channels = batch.query_present & (torch.rand(batch.query_present.shape, device=present.device) >= probability)
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
    return slate.take(np.concatenate([relevant[:taken], others[: size - taken]]))
