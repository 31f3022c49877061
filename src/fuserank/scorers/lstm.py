"""LSTM scorer: the sequence reading of fusion; an LSTM goes through the modalities of a candidate one after the other.

Long short-term memory: Hochreiter & Schmidhuber 1997, Neural Computation 9(8).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.scorers.base import Scorer, mlp


class LSTMScorer(Scorer):
    """h_0 = tanh(W g); (h_m, c_m) = LSTM(x_m, h_{m-1}, c_{m-1}); r = MLP(h_M); each candidate on its own.

    Modalities come in the order of the present mask. The step of an absent modality is left out: state passes by unchanged.
    """

    def __init__(self, modalities: int, width: int, fused_width: int, dropout: float) -> None:
        super().__init__(modalities, width, fused_width, dropout)
        self.enter = nn.Sequential(nn.LayerNorm(fused_width), nn.Linear(fused_width, width), nn.Tanh())
        self.cell = nn.LSTMCell(width, width)
        self.head = mlp(width, width, dropout)

    def forward(self, fused: Tensor, x: Tensor, present: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG002
        """(B, N, F) and (B, N, M, D) -> (B, N); see `Scorer.forward`."""
        steps, here = x.flatten(0, 1), present.flatten(0, 1)
        hidden = self.enter(fused).flatten(0, 1)
        memory = torch.zeros_like(hidden)
        for m in range(self.modalities):
            after = self.cell(steps[:, m], (hidden, memory))
            hidden, memory = (torch.where(here[:, m, None], new, old) for new, old in zip(after, (hidden, memory), strict=True))
        return self.head(hidden).view(fused.shape[:2])
