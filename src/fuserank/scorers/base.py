"""What a scorer is: a slate of fused candidates gets one number each.

Shapes: B queries, N candidates, M modalities, D width, F fused width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Scorer(nn.Module, ABC):
    """Base of all scorers.

    Args:
        modalities: M.
        width: D.
        fused_width: F.
        dropout: probability, in [0, 1).
    """

    def __init__(self, modalities: int, width: int, fused_width: int, dropout: float) -> None:
        super().__init__()
        self.modalities, self.width, self.fused_width, self.dropout = modalities, width, fused_width, dropout

    @abstractmethod
    def forward(self, fused: Tensor, x: Tensor, present: Tensor, mask: Tensor) -> Tensor:
        """Score.

        Args:
            fused: (B, N, F).
            x: (B, N, M, D), 0 where absent.
            present: (B, N, M) bool.
            mask: (B, N) bool, False for padding. Padding never changes the score of a real candidate.

        Returns:
            (B, N) logits, any real number; those of padding are finite and meaningless.
        """


def mlp(width: int, hidden: int, dropout: float) -> nn.Sequential:
    """width -> hidden -> 1, the last layer starting at 0 so that training starts from the ranker's prior."""
    last = nn.Linear(hidden, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), last)
