"""Attention scorer: r = Σ α_m f_m, late fusion. Every modality scores the candidate, attention weighs the scores.

A score that is a weighted sum over modalities can be read off: α_m f_m is what modality m gave.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.masking import masked_softmax
from fuserank.scorers.base import Scorer, mlp


class AttentionScorer(Scorer):
    """f_m = MLP_m(x_m); α = softmax over present m of (K x_m · Q g) / √D; r = M · Σ α_m f_m."""

    def __init__(self, modalities: int, width: int, fused_width: int, dropout: float) -> None:
        super().__init__(modalities, width, fused_width, dropout)
        self.heads = nn.ModuleList(mlp(width, width, dropout) for _ in range(modalities))
        self.key = nn.Linear(width, width, bias=False)
        self.query = nn.Linear(fused_width, width, bias=False)

    def forward(self, fused: Tensor, x: Tensor, present: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, F) and (B, N, M, D) -> (B, N); see `Scorer.forward`."""
        scores = torch.cat([head(x[:, :, m]) for m, head in enumerate(self.heads)], dim=-1)
        energy = torch.einsum("bnmd,bnd->bnm", self.key(x), self.query(fused)) / self.width**0.5
        return self.modalities * (masked_softmax(energy, present, dim=-1) * scores).sum(-1)
