"""Sequence scorer: r = W g + b through one hidden layer; each candidate on its own (pointwise)."""

from __future__ import annotations

from torch import Tensor

from fuserank.scorers.base import Scorer, mlp


class SequenceScorer(Scorer):
    """A two-layer perceptron over the fused vector."""

    def __init__(self, modalities: int, width: int, fused_width: int, dropout: float) -> None:
        super().__init__(modalities, width, fused_width, dropout)
        self.head = mlp(fused_width, width, dropout)

    def forward(self, fused: Tensor, x: Tensor, present: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, F) -> (B, N); see `Scorer.forward`."""
        return self.head(fused).squeeze(-1)
