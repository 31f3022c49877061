"""What a fusion is: M vectors of a candidate, some of them absent, become one.

Shapes: B queries, N candidates in a slate, M modalities, D width of a modality's vector, F width of the fused vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Fusion(nn.Module, ABC):
    """Base of all fusions. A fusion never sees a modality's name.

    Args:
        modalities: M.
        width: D.

    Attributes:
        fused_width: F, set by the subclass.
    """

    fused_width: int

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__()
        self.modalities, self.width = modalities, width

    @abstractmethod
    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:
        """Fuse.

        Args:
            x: (B, N, M, D) modality vectors, exactly 0 where absent.
            present: (B, N, M) bool. A candidate without any modality fuses to a finite vector.
            query: (B, D) the query on its own.

        Returns:
            (B, N, F).
        """
