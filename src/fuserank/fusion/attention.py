"""Attention fusion: g = Σ α_m x_m with α a softmax over the present modalities that depends on query and candidate.

Additive attention after Bahdanau et al. 2015 (arXiv:1409.0473), as used over modalities by e.g. Hori et al. 2017
(arXiv:1701.03126).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.fusion.base import Fusion
from fuserank.masking import masked_softmax


class AttentionFusion(Fusion):
    """α_m = softmax_m(v · tanh(W x_m + U q + b_m)), g = M · Σ α_m x_m, F = D.

    The factor M keeps the scale of a sum: at α uniform, attention is the sum. b_m is a learned bias of the modality.
    """

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = width
        self.candidate = nn.Linear(width, width, bias=False)
        self.query = nn.Linear(width, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(modalities, width))
        self.energy = nn.Linear(width, 1, bias=False)

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:
        """(B, N, M, D) -> (B, N, D); see `Fusion.forward`."""
        return self.modalities * torch.einsum("bnm,bnmd->bnd", self.weights(x, present, query), x)

    def weights(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:
        """α: (B, N, M), non-negative, summing to 1 over the present modalities (to 0 where none is)."""
        hidden = torch.tanh(self.candidate(x) + self.query(query)[:, None, None, :] + self.bias)
        return masked_softmax(self.energy(hidden).squeeze(-1), present, dim=-1)
