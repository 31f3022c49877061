"""Gated fusion: every modality becomes a feature, and gates say number by number how much of it passes.

Gated Multimodal Unit, Arevalo et al. 2017 (arXiv:1702.01992), with the query beside the modalities in the gates.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.fusion.base import Fusion


class GatedFusion(Fusion):
    """g = Σ_m z_m ⊙ tanh(W_m x_m), [z_1 … z_M] = σ(U [x_1 … x_M] + V q + b), F = D.

    Every gate sees every modality, so a picture can shut a title that contradicts it; gates need not sum to 1. V q is computed once
    a query. An absent modality is 0 in every gate and adds nothing: W_m has no bias.
    """

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = width
        self.feature = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(modalities))
        self.candidate = nn.Linear(modalities * width, modalities * width, bias=False)
        self.query = nn.Linear(width, modalities * width)

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, M, D) -> (B, N, D); see `Fusion.forward`."""
        features = torch.stack([feature(x[:, :, m]) for m, feature in enumerate(self.feature)], dim=2).tanh()
        return (self.gates(x, query) * features).sum(dim=2)

    def gates(self, x: Tensor, query: Tensor) -> Tensor:
        """z: (B, N, M, D), each in (0, 1)."""
        return (self.candidate(x.flatten(2)) + self.query(query)[:, None, :]).sigmoid().view(x.shape)
