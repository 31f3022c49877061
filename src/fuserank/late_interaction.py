"""Late interaction: every word of the query looks for evidence in every modality, and a product must satisfy all of them.

    z_t(p) = Σ over present modalities m of e_t · Φ_m(p) / √K + bias(e_t)     evidence for term t: modalities add up
    late(q, p) = Σ over words importance(e_t) · log σ(z_t(p)) + Σ over other terms importance(e_t) · z_t(p)

Terms meet products one by one, as in ColBERT (Khattab & Zaharia 2020, arXiv:2004.12832). Words are conditions: log σ makes of them
a product of probabilities, so that the right colour does not make up for being no shirt. They have embeddings of their own rather
than a place in a sentence vector: what is learned of "red" and of "shirt" holds for red shirts that nobody asked for in training.
A query's vector that is no sentence (a picture, a sound, a history) is one term more; it is no condition but a likeness, of which
there is no enough, so its evidence counts as it is.

Φ_m(p) touches the product alone, and so does its sum over the modalities that the product has: one vector, the product's evidence,
is stored for each product (`fuserank.stored_products`). Training sums anew, for it makes modalities absent.

Shapes: P products, B queries, N candidates, M modalities, C query channels, L word ids, T terms = L + term channels, K width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuserank.projection import ModalitySpec

WORD_IDS = 8192  # words are hashed to 1 .. WORD_IDS - 1; 0 is padding
HIDDEN = 256
SPREAD = 0.3  # deviation of word embeddings at the start: nearly orthogonal, so that words are learned apart


class Terms(NamedTuple):
    """The terms of B queries, words first.

    Attributes:
        embeddings: (B, T, K).
        counts: (B, T) bool, which of them count.
        words: how many of the T are words.
    """

    embeddings: Tensor
    counts: Tensor
    words: int


class LateInteraction(nn.Module):
    """Scores pairs by evidence per term.

    Args:
        specs: the M modalities, in the order of every present mask.
        width: K.
        dropout: probability on the inputs in training, against learning single products by heart.

    Attributes:
        seen: (WORD_IDS,) bool, the words that training queries have.
        inferred: (WORD_IDS,) bool, further words of training products, whose embeddings follow (`fuserank.catalogue_words`).
            Words that are neither are left out, for nothing is known of them.
    """

    seen: Tensor
    inferred: Tensor

    def __init__(self, specs: Sequence[ModalitySpec], width: int, dropout: float) -> None:
        super().__init__()
        self.specs, self.width = tuple(specs), width
        self.channels = [s for s in specs if s.query_dim]
        self.product = nn.ModuleDict({s.name: nn.Linear(s.product_dim, width) for s in specs if s.product_dim})
        self.look = nn.ModuleDict({s.name: nn.Linear(width, width, bias=False) for s in specs if s.product_dim})
        self.words = nn.Embedding(WORD_IDS, width, padding_idx=0)
        nn.init.normal_(self.words.weight, std=SPREAD)
        self.terms = nn.ModuleDict({s.name: _term(s.query_dim, width, dropout) for s in self.channels if s.is_term})
        self.bias, self.importance = nn.Linear(width, 1), nn.Linear(width, 1)
        self.dropout = nn.Dropout(dropout)
        for words in ("seen", "inferred"):
            self.register_buffer(words, torch.zeros(WORD_IDS, dtype=torch.bool))

    def project_products(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """{modality: (P, d_m)} standardised -> (P, M, K): Φ, 0 for a modality without vectors."""
        count = next((len(v) for v in vectors.values()), 0)
        empty = self.words.weight.new_zeros(count, self.width)
        parts = [
            self.product[s.name](self.dropout(vectors[s.name])) @ self.look[s.name].weight if s.product_dim else empty
            for s in self.specs
        ]
        return torch.stack(parts, dim=1)

    def query_terms(self, words: Tensor, vectors: Mapping[str, Tensor], present: Tensor, scaling: nn.ModuleDict) -> Terms:
        """The terms of queries; in evaluation without the channels that none of them has.

        Args:
            words: (B, L) int64 word ids, 0 for padding.
            vectors: {channel: (B, d_c)}.
            present: (B, C) bool.
            scaling: the `Standardiser` of each channel.
        """
        terms, counts = [self.words(words)], [(self.seen | self.inferred)[words]]
        # In training every layer gets its gradient, if only zeros: weight decay goes by that.
        asked = [True] * len(self.channels) if self.training else present.any(dim=0).tolist()
        for c, spec in enumerate(self.channels):
            if spec.is_term and asked[c]:
                terms.append(self.terms[spec.name](scaling[spec.name](vectors[spec.name]))[:, None])
                counts.append(present[:, c, None])
        return Terms(torch.cat(terms, dim=1), torch.cat(counts, dim=1), words.shape[1])

    def evidence(self, products: Tensor, present: Tensor) -> Tensor:
        """(…, M, K) of `project_products` and (…, M) bool -> (…, K): what the modalities hold together, whatever is asked."""
        return torch.einsum("...mk,...m->...k", products, present.to(products.dtype))

    def forward(self, terms: Terms, evidence: Tensor) -> Tensor:
        """Score.

        Args:
            terms: of `query_terms`.
            evidence: (B, N, K), gathered per candidate.

        Returns:
            (B, N), exactly 0 for a query none of whose terms counts.
        """
        embeddings, counts, words = terms
        z = torch.baddbmm(self.bias(embeddings), embeddings, evidence.transpose(1, 2), alpha=self.width**-0.5)
        importance = (F.softplus(self.importance(embeddings)).squeeze(-1) * counts)[:, None]
        scores = importance[..., :words] @ F.logsigmoid(z[:, :words])
        if words < z.shape[1]:
            scores = scores + importance[..., words:] @ z[:, words:]
        return scores.squeeze(1)


def _term(query_dim: int, width: int, dropout: float) -> nn.Sequential:
    """A query's vector -> a term: through one hidden layer, since nobody asks twice with the same picture."""
    return nn.Sequential(nn.Linear(query_dim, HIDDEN), nn.GELU(), nn.Dropout(dropout), nn.Linear(HIDDEN, width))
