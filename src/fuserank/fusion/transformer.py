"""Cross-modal transformer: the modalities of a candidate and the query attend to each other.

A transformer encoder layer (Vaswani et al. 2017, arXiv:1706.03762; normalised first, Xiong et al. 2020, arXiv:2002.04745) over
modality tokens, as in e.g. Multimodal Bottleneck Transformers (Nagrani et al. 2021, arXiv:2107.00135).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fuserank.fusion.base import Fusion

HEADS = 4


class TransformerFusion(Fusion):
    """g = mean over the tokens that are there of Encoder([W q, x_1 … x_M]), F = D.

    The tokens carry no positions: each modality's projection already sets it apart. Absent modalities are attended to by none; the
    query token is always there, so that no softmax runs over nothing.

    Raises:
        ValueError: D is no multiple of HEADS.
    """

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.fused_width = width
        self.query = nn.Linear(width, width)
        self.encoder = nn.TransformerEncoderLayer(
            width, HEADS, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )

    def forward(self, x: Tensor, present: Tensor, query: Tensor) -> Tensor:
        """(B, N, M, D) -> (B, N, D); see `Fusion.forward`."""
        asked = self.query(query)[:, None, None, :].expand(-1, x.shape[1], 1, -1)
        tokens = torch.cat([asked, x], dim=2).flatten(0, 1)
        here = torch.cat([torch.ones_like(present[..., :1]), present], dim=2).flatten(0, 1)
        encoded = self.encoder(tokens, src_key_padding_mask=~here)
        pooled = (encoded * here[..., None]).sum(dim=1) / here.sum(dim=1, keepdim=True)
        return pooled.unflatten(0, x.shape[:2])
