"""A plain MLP over everything there is of a pair: vectors of both sides, their elementwise products, all scores, what is present.

What an engineer writes first with PyTorch: two hidden layers, dropout, AdamW, a listwise softmax, early stopping. The first layer
is computed in parts, so that a product's part is computed once and not for each query; the sum is the layer over the
concatenation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.baselines.components import vectors_of
from fuserank.baselines.early_stopping import fit_net
from fuserank.baselines.padded import Padded, drawn_batches
from fuserank.baselines.picture_scores import picture_scores, with_columns
from fuserank.losses.softmax import softmax_cross_entropy
from fuserank.projection import Standardiser
from fuserank.slates import Features, Slate

HIDDEN = (256, 64)
DROPOUT = 0.3
CANDIDATES, QUERIES = 512, 16  # of a slate, and slates a step; 128 candidates gave less on validation


def plain_mlp(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Fitted on at most CANDIDATES candidates a training slate, stopped early by nDCG@10 on the validation slates."""
    scaled = vectors_of(features, train, seed)
    out_of_fold, columns = picture_scores(features, train, val, seed)
    blank = torch.zeros(len(features.catalogue), 1), torch.zeros(len(features.queries), 1)  # every layer has an input
    vectors = [blank, *(scaled(name) for name in features.queries.modalities)]
    train = [_all_scores(s, table) for s, table in zip(train, out_of_fold, strict=True)]
    val = [_all_scores(s, columns(s)) for s in val]
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = PlainMLP([products for products, _ in vectors], [queries for _, queries in vectors], train)

        def epoch() -> Iterator[Tensor]:
            for part in drawn_batches(train, QUERIES, CANDIDATES, rng):
                batch = Padded.of(part)
                yield softmax_cross_entropy(net(batch, _scores_of(part, batch.mask)), batch.grades, batch.mask)

        fit_net(net, epoch, net.scorer, val, learning_rate=1e-3, weight_decay=0.05, patience=6)
    score = net.scorer()
    return {"plain MLP": lambda slate: score(_all_scores(slate, columns(slate)))}


def _all_scores(slate: Slate, table: np.ndarray) -> Slate:
    """The slate with its picture scores and its present mask among its pair scores."""
    return with_columns(slate, np.concatenate([table, slate.present], axis=1, dtype=np.float32))


def _scores_of(slates: Sequence[Slate], mask: Tensor) -> Tensor:
    """(B, N, S), 0 on padding."""
    scores = torch.zeros(*mask.shape, slates[0].pairs.shape[1])
    scores[mask] = torch.from_numpy(np.concatenate([s.pairs for s in slates]))
    return scores


class PlainMLP(nn.Module):
    """Three layers over [query; product; query ⊙ product; scores], with ReLU and dropout between them.

    Args:
        products: for each modality (P, d_m), one at least.
        queries: for each modality (Q, d_m), in the same space.
        train: slates that the scores are standardised by.
    """

    def __init__(self, products: Sequence[Tensor], queries: Sequence[Tensor], train: Sequence[Slate]) -> None:
        super().__init__()
        asked = [i for i, q in enumerate(queries) if i == 0 or q.any()]  # what no query has meets the query nowhere
        self._products = torch.cat([*products], dim=1)
        self._queries, self._met = (torch.cat([side[i] for i in asked], dim=1) for side in (queries, products))
        scores = torch.from_numpy(np.concatenate([s.pairs for s in train]))
        self.scale = Standardiser(scores.shape[1])
        self.scale.fit(scores, "standard")
        self.of_product = nn.Linear(self._products.shape[1], HIDDEN[0])
        self.of_query = nn.Linear(self._queries.shape[1], HIDDEN[0], bias=False)
        self.of_both = nn.Linear(self._queries.shape[1], HIDDEN[0], bias=False)
        self.of_scores = nn.Linear(scores.shape[1], HIDDEN[0], bias=False)
        self.dropout = nn.Dropout(DROPOUT)
        self.rest = nn.Sequential(
            nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN[0], HIDDEN[1]), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN[1], 1)
        )

    def forward(self, batch: Padded, scores: Tensor) -> Tensor:
        """A batch and its scores (B, N, S) -> (B, N) logits."""
        queries = self.dropout(self._queries[batch.queries])
        products = self.of_product(self.dropout(self._products[batch.rows]))
        # (q ⊙ p) W is p (q ⊙ W): one matrix for each query.
        met = torch.einsum("bnd,bhd->bnh", self._met[batch.rows][batch.where], queries[:, None] * self.of_both.weight)
        first = products[batch.where] + self.of_query(queries)[:, None] + met + self.of_scores(self.scale(scores))
        return self.rest(first)[..., 0]

    @torch.inference_mode()
    def scorer(self) -> Callable[[Slate], np.ndarray]:
        """A score function of slates whose pairs are the S scores; every product's part is computed once."""
        products = self.of_product(self._products)

        @torch.inference_mode()
        def score(slate: Slate) -> np.ndarray:
            rows, query = torch.from_numpy(slate.rows), self._queries[slate.query]
            met = self._met[rows] @ (query * self.of_both.weight).T
            first = products[rows] + self.of_query(query) + met + self.of_scores(self.scale(torch.from_numpy(slate.pairs)))
            scores: np.ndarray = self.rest(first)[:, 0].numpy()
            return scores

        return score
