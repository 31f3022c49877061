"""The model: project -> fuse -> score.

    r = prior · s + trust · (late(q, p) + scorer(fusion(x_1 … x_M)))

s are the pair scores (BM25, cosines), late is `fuserank.late_interaction`, x_m come from `fuserank.projection`. A ranker has late
interaction, or a fusion with a scorer, or both. The prior is a linear combination, fitted first and then held. With few judgments
a ranker must be able to fall back on it: what is learned is added to it, and trust (0 or more) is chosen on validation when
training is done.

Shapes: P products, B queries, N candidates, M modalities, C query channels, L word ids, S pair scores, D width, R rank, K width of
late interaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.errors import InputError
from fuserank.fusion import FUSIONS
from fuserank.late_interaction import LateInteraction
from fuserank.projection import ModalitySpec, SplitProjection, Standardiser
from fuserank.scorers import SCORERS


@dataclass(frozen=True)
class RankerSpec:
    """Everything that is needed to build a ranker again, as plain values.

    Attributes:
        modalities: the M modalities in order.
        fusion: name in FUSIONS; "" for late interaction alone.
        scorer: name in SCORERS; "" with fusion "".
        width: D.
        rank: R, of the bilinear query-product term.
        dropout: probability, in [0, 1).
        late: K; 0 for no late interaction.
        input_dropout: probability on the inputs of late interaction, in [0, 1).
    """

    modalities: tuple[ModalitySpec, ...]
    fusion: str
    scorer: str
    width: int = 64
    rank: int = 64
    dropout: float = 0.2
    late: int = 0
    input_dropout: float = 0.3

    @property
    def name(self) -> str:
        """late, fusion+scorer or late+fusion+scorer, as the leaderboard says it."""
        return "+".join(part for part in ("late" if self.late else "", self.fusion, self.scorer) if part)

    @property
    def pair_owners(self) -> list[int]:
        """For each of the S pair scores the index of its modality."""
        return [m for m, spec in enumerate(self.modalities) for _ in spec.pair_names]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` is its inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RankerSpec:
        """Build from what `as_dict` gave (or its JSON)."""
        modalities = tuple(ModalitySpec(**{**m, "pair_names": tuple(m["pair_names"])}) for m in values["modalities"])
        return cls(**{**values, "modalities": modalities})


@dataclass(frozen=True)
class Slates:
    """A batch of slates, as tensors on one device.

    Attributes:
        query_vectors: {channel: (B, d_c)} float32.
        query_words: (B, L) int64 word ids, 0 for padding.
        query_present: (B, C) bool.
        products: (B, N) int64, rows of the projected products.
        present: (B, N, M) bool, False everywhere for padding.
        pairs: (B, N, S) float32.
        mask: (B, N) bool, False for padding.
    """

    query_vectors: Mapping[str, Tensor]
    query_words: Tensor
    query_present: Tensor
    products: Tensor
    present: Tensor
    pairs: Tensor
    mask: Tensor


Logits = TypeVar("Logits", Tensor, np.ndarray)


def blend(prior: Logits, learned: Logits, trust: Any) -> Logits:
    """The score out of its two parts; `trust` at least 0. The one place where it is said, for tensors and arrays alike."""
    return prior + trust * learned


class Ranker(nn.Module):
    """A fusion ranker.

    Attributes:
        trust: scalar, at least 0: the weight of the learned score beside the prior, out of `fuserank.prior.TRUSTS`.

    Raises:
        UnknownNameError: the spec names a fusion or scorer that does not exist.
        InputError: no modality of the spec has product vectors, so there is nothing to fuse.
    """

    trust: Tensor

    def __init__(self, spec: RankerSpec) -> None:
        super().__init__()
        if not any(m.product_dim for m in spec.modalities):
            raise InputError(
                f"a ranker over {[m.name for m in spec.modalities]} whose products have no vectors",
                allowed="at least one modality with an encoder that some product has",
                todo="add one to features.modalities, for example text",
            )
        if not spec.late and not (spec.fusion and spec.scorer):
            raise InputError(
                f"a ranker with fusion {spec.fusion!r}, scorer {spec.scorer!r} and no late interaction",
                allowed="late interaction, a fusion with a scorer, or both",
                todo="name it for example late, concat+sequence or late+concat+sequence",
            )
        self.spec = spec
        modalities, width = len(spec.modalities), spec.width if spec.fusion else 0
        self.projection = SplitProjection(spec.modalities, width, spec.rank, spec.dropout)
        self.late = LateInteraction(spec.modalities, spec.late, spec.input_dropout) if spec.late else None
        self.fusion, self.scorer = None, None
        if spec.fusion:
            self.fusion = FUSIONS[spec.fusion](modalities, width)
            self.scorer = SCORERS[spec.scorer](modalities, width, self.fusion.fused_width, spec.dropout)
        self.prior = nn.Linear(max(len(spec.pair_owners), 1), 1, bias=False)
        nn.init.constant_(self.prior.weight, 1.0)
        self.prior.weight.requires_grad_(False)
        self.register_buffer("trust", torch.ones(()))

    @property
    def stored_width(self) -> int:
        """D + R + K: how many numbers `project_products` gives for each modality of a product."""
        return self.projection.width + self.projection.rank + self.spec.late

    def project_products(self, vectors: Mapping[str, Tensor], *, scaled: bool = False) -> Tensor:
        """All that touches products alone: computed once per product and stored (float16 is enough).

        Args:
            vectors: {modality: (P, d_m)}.
            scaled: they went through `projection.scale_products` already.

        Returns:
            (P, M, D + R + K), the halves of the first layer and of late interaction side by side.
        """
        vectors = vectors if scaled else self.projection.scale_products(vectors)
        halves = [] if self.fusion is None else [self.projection.project_products(vectors)]
        halves += [] if self.late is None else [self.late.project_products(vectors)]
        return torch.cat(halves, dim=-1)

    def forward(self, projected: Tensor, slates: Slates) -> Tensor:
        """Score slates of projected products.

        Args:
            projected: (P, M, D + R + K) of `project_products`.
            slates: whose `products` are rows of `projected`.

        Returns:
            (B, N) logits; -inf never, padding finite and meaningless. A candidate without any modality gets a finite score.
        """
        return blend(*self.parts(projected, slates), self.trust)

    def parts(self, projected: Tensor, slates: Slates) -> tuple[Tensor, Tensor]:
        """The prior's and the learned logits, (B, N) each; arguments as in `forward`."""
        pairs = self.present_pairs(slates)
        products = projected[slates.products].to(self.prior.weight.dtype)
        stored = self.projection.width + self.projection.rank
        learned = pairs.new_zeros(pairs.shape[:2])
        if self.late is not None:
            scaling = self.projection.query_scaling
            terms = self.late.query_terms(slates.query_words, slates.query_vectors, slates.query_present, scaling)
            learned = learned + self.late(*terms, products[..., stored:], slates.present)
        if self.fusion is not None and self.scorer is not None:
            queries = self.projection.project_queries(slates.query_vectors, slates.query_present)
            x = self.projection.combine(queries, products[..., :stored], pairs, slates.present)
            fused = self.fusion(x, slates.present, queries[..., : self.spec.width].mean(dim=1))
            learned = learned + self.scorer(fused, x, slates.present, slates.mask)
        prior = self.prior(pairs).squeeze(-1) if pairs.shape[-1] else torch.zeros_like(learned)
        return prior, learned

    def present_pairs(self, slates: Slates) -> Tensor:
        """(B, N, S) pair scores, 0 where the modality of a score is absent."""
        owners = torch.as_tensor(self.spec.pair_owners, device=slates.present.device, dtype=torch.long)
        return slates.pairs * slates.present[..., owners]

    @torch.no_grad()
    def fit_scaling(self, products: Mapping[str, Tensor], queries: Mapping[str, Tensor]) -> None:
        """Set the standardisers from training vectors, {modality: (n, d)}; a modality without rows keeps the identity."""
        for group, vectors in ((self.projection.product_scaling, products), (self.projection.query_scaling, queries)):
            for spec in self.spec.modalities:
                if spec.name in group and len(vectors.get(spec.name, ())):
                    scaler = group[spec.name]
                    assert isinstance(scaler, Standardiser)
                    scaler.fit(vectors[spec.name], spec.scaling)
