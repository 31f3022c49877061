"""The split first layer: each modality of a (query, product) pair becomes one vector of width D.

A layer over the pair [q; i] is W_q·q + W_i·i, and a low-rank bilinear term is V((A·q) ⊙ (B·i)) (Kim et al. 2017,
arXiv:1610.04325). All that touches the product alone, W_i·i and B·i, is computed once per product and stored; a request computes
W_q·q and A·q once and then pays only the combination per candidate. Training runs the same two halves, so there is no second
formula to keep equal.

Shapes: P products, B queries, N candidates, M modalities, C query channels, S pair scores, D width, R rank of the bilinear term.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ModalitySpec:
    """What the ranker needs to know of a modality; never its meaning.

    Attributes:
        name: key of its vectors.
        product_dim: length of a product's vector, 0 when it has none.
        query_dim: length of a query's vector, 0 when it has none.
        pair_names: its scores of a pair.
        scaling: how vectors are standardised: ``unit`` (they come L2-normalised; times √d), ``standard`` (mean, deviation) or
            ``robust`` (median, interquartile range).
        is_term: the query's vector is a term of late interaction.
    """

    name: str
    product_dim: int
    query_dim: int
    pair_names: tuple[str, ...]
    scaling: Literal["unit", "standard", "robust"]
    is_term: bool = False


class Standardiser(nn.Module):
    """(v - centre) · scale with statistics of training vectors; clipped to ±10 so that one outlier cannot saturate a slate."""

    centre: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    @torch.no_grad()
    def fit(self, vectors: Tensor, scaling: str) -> None:
        """Set the statistics from vectors (n, d), n >= 1. A column that never changes keeps scale 1."""
        if scaling == "unit":
            self.scale.fill_(vectors.shape[1] ** 0.5)
            return
        if scaling == "robust":
            quartiles = torch.quantile(vectors, torch.tensor([0.25, 0.5, 0.75]), dim=0)
            centre, spread = quartiles[1], quartiles[2] - quartiles[0]
        else:
            centre, spread = vectors.mean(0), vectors.std(0, unbiased=False)
        self.centre.copy_(centre)
        self.scale.copy_(torch.where(spread > 1e-6, 1 / spread.clamp(min=1e-6), torch.ones_like(spread)))

    def forward(self, vectors: Tensor) -> Tensor:
        """Any (…, d) -> the same shape."""
        return ((vectors - self.centre) * self.scale).clamp(-10, 10)


class _QueryLayer(nn.Linear):
    """A linear layer that may have no inputs: then it is its bias, 0 at the start, where torch's own warns of nothing to do."""

    def reset_parameters(self) -> None:
        if self.in_features:
            super().reset_parameters()
        else:
            nn.init.zeros_(self.bias)


class SplitProjection(nn.Module):
    """Projects products and queries apart, then combines them per pair.

    Args:
        specs: the M modalities, in the order of every present mask and of the pair scores.
        width: D; 0: nothing but the standardisers, for rankers without a fusion.
        rank: R; 0 leaves the bilinear term out.
        dropout: probability on the combined vectors.
    """

    def __init__(self, specs: Sequence[ModalitySpec], width: int, rank: int, dropout: float) -> None:
        super().__init__()
        self.specs, self.width, self.rank = tuple(specs), width, rank if width else 0
        self.channels = [s for s in specs if s.query_dim]
        self.product_scaling = nn.ModuleDict({s.name: Standardiser(s.product_dim) for s in specs if s.product_dim})
        self.query_scaling = nn.ModuleDict({s.name: Standardiser(s.query_dim) for s in self.channels})
        self.dropout = nn.Dropout(dropout)
        if width:
            self._make_layers(width + self.rank)

    def _make_layers(self, stored: int) -> None:
        specs, width, rank = self.specs, self.width, self.rank
        self.product = nn.ModuleDict({s.name: nn.Linear(s.product_dim, stored, bias=False) for s in specs if s.product_dim})
        # One matrix from all query channels to all modalities: any channel may speak to any modality (words to pixels).
        # The last inputs are the present flags, so that an absent channel has an embedding of its own.
        query_dim = sum(s.query_dim for s in self.channels) + len(self.channels)
        self.query = _QueryLayer(query_dim, len(specs) * stored)
        self.bilinear = nn.ModuleDict({s.name: nn.Linear(rank, width, bias=False) for s in specs if s.product_dim and rank})
        self.pair = nn.ModuleDict({s.name: nn.Linear(len(s.pair_names), width, bias=False) for s in specs if s.pair_names})

    def scale_products(self, vectors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """{modality: (P, d_m)} standardised; the part of `project_products` that training does not change."""
        return {s.name: self.product_scaling[s.name](vectors[s.name]) for s in self.specs if s.product_dim}

    def project_products(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """{modality: (P, d_m)} of `scale_products` -> (P, M, D + R): what of the first layer touches the product alone."""
        count = next((len(v) for v in vectors.values()), 0)
        empty = self.query.weight.new_zeros(count, self.width + self.rank)
        parts = [self.product[s.name](vectors[s.name]) if s.product_dim else empty for s in self.specs]
        return torch.stack(parts, dim=1)

    def project_queries(self, vectors: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """{channel: (B, d_c)} and (B, C) bool -> (B, M, D + R): everything that touches the query alone."""
        scaled = [self.query_scaling[s.name](vectors[s.name]) * present[:, c, None] for c, s in enumerate(self.channels)]
        joined = torch.cat([*scaled, present.to(self.query.weight.dtype)], dim=-1)
        return self.query(joined).view(len(joined), len(self.specs), self.width + self.rank)

    def combine(self, queries: Tensor, products: Tensor, pairs: Tensor, present: Tensor) -> Tensor:
        """Per pair: x_m = GELU(W_q q + W_i i + V((A q) ⊙ (B i)) + U s), 0 where absent.

        Args:
            queries: (B, M, D + R) of `project_queries`.
            products: (B, N, M, D + R) of `project_products`, gathered per candidate.
            pairs: (B, N, S) pair scores, modality after modality.
            present: (B, N, M) bool.

        Returns:
            (B, N, M, D).
        """
        linear = queries[:, None, :, : self.width] + products[..., : self.width]
        product_term = queries[:, None, :, self.width :] * products[..., self.width :]
        parts, start = [], 0
        for m, spec in enumerate(self.specs):
            x = linear[:, :, m]
            if spec.name in self.bilinear:
                x = x + self.bilinear[spec.name](product_term[:, :, m])
            if spec.pair_names:
                stop = start + len(spec.pair_names)
                x = x + self.pair[spec.name](pairs[..., start:stop])
                start = stop
            parts.append(x)
        return self.dropout(F.gelu(torch.stack(parts, dim=2))) * present[..., None]
