"""Low-rank bilinear fusion: the modalities are multiplied, so that evidence counts together.

Low-rank Multimodal Fusion, Liu et al. 2018 (arXiv:1806.00064): the outer product of all modalities with a 1 appended to each, its
weight tensor factorised. The factors go through tanh as in MLB, Kim et al. 2017 (arXiv:1610.04325), or a product of many explodes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.fusion.base import Fusion


class BilinearFusion(Fusion):
    """g = P ∏_m (1 + tanh(W_m x_m)), ∏ number by number over the rank 2·D, F = D.

    Multiplied out this is a sum over all subsets of modalities: each alone, each pair, … An absent modality has x_m = 0, so its
    factor is 1: it drops out of the product and does not wipe out the others.
    """

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = width
        self.factors = nn.ModuleList(nn.Linear(width, 2 * width, bias=False) for _ in range(modalities))
        self.product = nn.Linear(2 * width, width)

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, M, D) -> (B, N, D); see `Fusion.forward`."""
        factors = torch.stack([1 + torch.tanh(factor(x[:, :, m])) for m, factor in enumerate(self.factors)])
        return self.product(factors.prod(dim=0))
