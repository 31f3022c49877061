"""Concatenation fusion: g = [x_1 … x_M]. Keeps every modality apart, at M times the width."""

from __future__ import annotations

import torch
from torch import Tensor

from fuserank.fusion.base import Fusion


class ConcatFusion(Fusion):
    """g = [x_1 … x_M, present], F = M·D + M: the mask tells a missing modality from a vector that happens to be 0."""

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = modalities * width + modalities

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, M, D) -> (B, N, M·D + M); see `Fusion.forward`."""
        return torch.cat([x.flatten(2), present.to(x.dtype)], dim=-1)
