"""Sum fusion: g = sum of the present x_m. The plainest early fusion; width does not grow with modalities."""

from __future__ import annotations

from torch import Tensor

from fuserank.fusion.base import Fusion


class SumFusion(Fusion):
    """g = Σ_m x_m, F = D."""

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = width

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, M, D) -> (B, N, D); see `Fusion.forward`. Absent vectors are 0, so they add nothing."""
        return x.sum(dim=2)
