"""Additive position: a number for each place that is added to the logits in training and left out in serving.

What a click owes to its place goes into the place's number, so it need not go into the ranker (Guo et al. 2019, RecSys, "PAL: a
position-bias aware learning framework for CTR prediction in live recommender systems", in the additive form of Zhao et al. 2019,
RecSys, "Recommending what video to watch next"). With the softmax loss a click is then drawn with exp(score + number): the
position-based model, whose log θ the numbers learn up to a constant. It tells the two apart only as far as the ranker cannot guess
the place from the product.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.slates import Slate, padded


class PositionTerm(nn.Module):
    """One number a place, 0 at the start; place 0 (unknown, or padding) has none.

    Args:
        depth: the lowest place.
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(depth))

    @classmethod
    def of(cls, slates: Sequence[Slate]) -> PositionTerm | None:
        """For slates that say where their candidates stood; None when no slate does."""
        depth = max((int(slate.places.max(initial=0)) for slate in slates if slate.places is not None), default=0)
        return cls(depth) if depth else None

    def forward(self, slates: Sequence[Slate]) -> Tensor:
        """(B, N) to add to the logits of these slates."""
        places = padded([np.zeros(len(s.rows), np.int64) if s.places is None else s.places.astype(np.int64) for s in slates])
        index = torch.from_numpy(places).to(self.logits.device)
        return torch.cat([self.logits.new_zeros(1), self.logits])[index]
