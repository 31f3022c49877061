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

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuserank.errors import InputError
from fuserank.fusion import FUSIONS
from fuserank.late_interaction import LateInteraction
from fuserank.projection import ModalitySpec, SplitProjection, Standardiser
from fuserank.scorers import SCORERS
from fuserank.stored_products import EVIDENCE, HALVES, Candidates, StoredProducts, conditional


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
    owners: Tensor

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
        self.register_buffer("owners", torch.tensor(spec.pair_owners, dtype=torch.long), persistent=False)

    def project_products(self, vectors: Mapping[str, Tensor], *, scaled: bool = False) -> Tensor:
        """All that touches products alone, modality by modality.

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

    def store_products(self, vectors: Mapping[str, Tensor], present: Tensor, asked: Collection[str]) -> StoredProducts:
        """All that touches products alone, in the form that serving keeps: evidence summed over modalities.

        Args:
            vectors: {modality: (P, d_m)}.
            present: (P, M) bool.
            asked: modalities that are absent for queries that have nothing to compare with them.
        """
        projected, names = self.project_products(vectors), [spec.name for spec in self.spec.modalities]
        halves, late = self._split(projected)
        parts = {} if halves is None else {HALVES: halves}
        if late is not None and self.late is not None:
            always = torch.tensor([name not in asked for name in names], device=present.device)
            parts[EVIDENCE] = self.late.evidence(late, present & always)
            for m, spec in enumerate(self.spec.modalities):
                if spec.name in asked and spec.product_dim:
                    parts[conditional(spec.name)] = late[:, m] * present[:, m, None]
        return StoredProducts.of(names, parts)

    def stored_shapes(self, count: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the parts of `count` stored products; that of EVIDENCE also holds for its parts by modality."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.fusion is not None:
            shapes[HALVES] = (count, len(self.spec.modalities), self.projection.width + self.projection.rank)
        if self.late is not None:
            shapes[EVIDENCE] = (count, self.late.width)
        return shapes

    def forward(self, products: Tensor | StoredProducts, slates: Slates) -> Tensor:
        """Score slates.

        Args:
            products: (P, M, D + R + K) of `project_products`, or of `store_products` for slates that hide nothing.
            slates: whose `products` are rows of these.

        Returns:
            (B, N) logits; -inf never, padding finite and meaningless. A candidate without any modality gets a finite score.
        """
        return blend(*self.parts(products, slates), self.trust)

    def parts(self, products: Tensor | StoredProducts, slates: Slates) -> tuple[Tensor, Tensor]:
        """The prior's and the learned logits, (B, N) each; arguments as in `forward`."""
        pairs, candidates, learned = self.present_pairs(slates), self._candidates(products, slates), []
        if self.late is not None and candidates.evidence is not None:
            scaling = self.projection.query_scaling
            terms = self.late.query_terms(slates.query_words, slates.query_vectors, slates.query_present, scaling)
            learned.append(self.late(terms, candidates.evidence))
        if self.fusion is not None and self.scorer is not None and candidates.halves is not None:
            queries = self.projection.project_queries(slates.query_vectors, slates.query_present)
            x = self.projection.combine(queries, candidates.halves, pairs, slates.present)
            fused = self.fusion(x, slates.present, queries[..., : self.spec.width].mean(dim=1))
            learned.append(self.scorer(fused, x, slates.present, slates.mask))
        both = learned[0] if len(learned) == 1 else learned[0] + learned[1]
        return self.prior(pairs).squeeze(-1) if pairs.shape[-1] else torch.zeros_like(both), both

    def _candidates(self, products: Tensor | StoredProducts, slates: Slates) -> Candidates:
        """What scoring reads of products: stored, or summed here over what each slate shows."""
        if isinstance(products, StoredProducts):
            return products.candidates(slates.products, slates.present)
        halves, late = self._split(gathered_products(products, slates.products).to(self.prior.weight.dtype))
        evidence = self.late.evidence(late, slates.present) if self.late is not None and late is not None else None
        return Candidates(halves, evidence)

    def _split(self, projected: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """(…, D + R + K) -> (…, D + R) and (…, K), None for a part that the ranker does not have."""
        stored = self.projection.width + self.projection.rank
        halves, late = projected[..., :stored], projected[..., stored:]
        return (None if self.fusion is None else halves), (None if self.late is None else late)

    def present_pairs(self, slates: Slates) -> Tensor:
        """(B, N, S) pair scores, 0 where the modality of a score is absent."""
        return slates.pairs * slates.present.index_select(-1, self.owners)

    @torch.no_grad()
    def fit_scaling(self, products: Mapping[str, Tensor], queries: Mapping[str, Tensor]) -> None:
        """Set the standardisers from training vectors, {modality: (n, d)}; a modality without rows keeps the identity."""
        for group, vectors in ((self.projection.product_scaling, products), (self.projection.query_scaling, queries)):
            for spec in self.spec.modalities:
                if spec.name in group and len(vectors.get(spec.name, ())):
                    scaler = group[spec.name]
                    assert isinstance(scaler, Standardiser)
                    scaler.fit(vectors[spec.name], spec.scaling)


def gathered_products(products: Tensor, rows: Tensor) -> Tensor:
    """(P, …) and any shape of int64 rows -> (*shape, …). Its gradient is summed in one order, so that a training can be repeated to
    the last bit: the gradient of indexing is summed by several threads, in any order."""
    return F.embedding(rows, products.flatten(1)).view(*rows.shape, *products.shape[1:])
