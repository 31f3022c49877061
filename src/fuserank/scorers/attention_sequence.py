"""Attention-sequence scorer: self-attention over the slate, so that a candidate is scored in the context of its rivals.

Attention goes through I learned inducing points (Set Transformer, Lee et al. 2019, arXiv:1810.00825): cost is linear in the
slate, and the order of the candidates does not matter (permutation-equivariant).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.scorers.base import Scorer, mlp

INDUCING_POINTS = 16
HEADS = 4


class AttentionSequenceScorer(Scorer):
    """h = Linear(g); c = attend(inducing points -> slate); h' = h + attend(h -> c); r = MLP(h')."""

    def __init__(self, modalities: int, width: int, fused_width: int, dropout: float) -> None:
        super().__init__(modalities, width, fused_width, dropout)
        self.enter = nn.Sequential(nn.LayerNorm(fused_width), nn.Linear(fused_width, width))
        self.points = nn.Parameter(torch.randn(INDUCING_POINTS, width) / width**0.5)
        self.gather = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.scatter = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.head = mlp(width, width, dropout)

    def forward(self, fused: Tensor, x: Tensor, present: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, F) -> (B, N); see `Scorer.forward`. An empty slate (all padding) gives finite numbers."""
        hidden = self.enter(fused)
        # Attention over nothing is NaN: an empty slate attends to its padding, whose scores no one reads.
        padding = ~mask & mask.any(dim=1, keepdim=True)
        # A slate alone has none; and torch checks a mask with sympy, whose import makes a starting worker wait half a second.
        hidden_ones = padding if padding.any() else None
        points = self.points.expand(fused.shape[0], -1, -1)
        context, _ = self.gather(points, hidden, hidden, key_padding_mask=hidden_ones, need_weights=False)
        update, _ = self.scatter(self.norm(hidden), context, context, need_weights=False)
        return self.head(hidden + update).squeeze(-1)
