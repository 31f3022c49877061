"""Sentences of queries and pictures of products in one space, learned from judged slates: CLIP's head over frozen encoders.

Radford et al. 2021, ICML (arXiv:2103.00020), with the softmax over the candidates of a slate in place of the pairs of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuserank.baselines.components import Vectors, vectors_of
from fuserank.baselines.early_stopping import fit_net
from fuserank.baselines.padded import Padded, drawn_batches
from fuserank.baselines.remembered import remembered
from fuserank.losses.softmax import softmax_cross_entropy
from fuserank.slates import Features, Slate

NAME = "picture: contrastive projection"
PICTURE = "image"
WIDTH = 128
HIDDEN = 256
DROPOUT = 0.2
CANDIDATES, QUERIES = 128, 32  # of a slate, and slates a step
TEMPERATURE = 0.1  # at the start; learned


@remembered
def contrastive_projection(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """`fit_projection` on vectors that are scaled on the training slates."""
    return fit_projection(features, train, val, seed, vectors_of(features, train, seed))


def fit_projection(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int, vectors: Vectors
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Two small nets and a temperature; {} where no training product has a picture or no training query a sentence vector."""
    if PICTURE not in features.catalogue.vectors:
        return {}
    pictures = vectors(PICTURE)[0]
    read = [vectors(name)[1] for name in _sentences(features, train)]
    sentences = torch.cat(read, dim=1) if read else torch.zeros(len(features.queries), 0)
    if not pictures.any() or not sentences.any():
        return {}
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = Projection(pictures, sentences)

        def epoch() -> Iterator[Tensor]:
            for part in drawn_batches(train, QUERIES, CANDIDATES, rng):
                batch = Padded.of(part)
                yield softmax_cross_entropy(net(batch), batch.grades, batch.mask)

        fit_net(net, epoch, net.scorer, val, learning_rate=1e-3, weight_decay=0.1, patience=5)
    return {NAME: net.scorer()}


def _sentences(features: Features, train: Sequence[Slate]) -> list[str]:
    """Modalities that read a query's words as one vector, where some training query has it."""
    which = [s.query for s in train]
    read = [m.name for m in features.modalities if m.encoder and not m.query_is_term and not m.query_from_history]
    return [name for name in read if features.queries.has(name)[which].any()]


class Projection(nn.Module):
    """Cosine of a query's and a picture's projection over a temperature.

    Args:
        pictures: (P, d) of all products.
        sentences: (Q, d') of all queries.
    """

    def __init__(self, pictures: Tensor, sentences: Tensor) -> None:
        super().__init__()
        self._pictures, self._sentences = pictures, sentences
        self.picture, self.sentence = _head(pictures.shape[1]), _head(sentences.shape[1])
        self.logit_scale = nn.Parameter(torch.tensor(-np.log(TEMPERATURE), dtype=torch.float32))

    def forward(self, batch: Padded) -> Tensor:
        """(B, N) logits."""
        products = F.normalize(self.picture(self._pictures[batch.rows]), dim=-1)
        queries = F.normalize(self.sentence(self._sentences[batch.queries]), dim=-1)
        return self.logit_scale.exp() * (queries @ products.T).gather(1, batch.where)

    @torch.inference_mode()
    def scorer(self) -> Callable[[Slate], np.ndarray]:
        """A score function; every product and query is projected once."""
        products = F.normalize(self.picture(self._pictures), dim=-1).numpy()
        queries = (self.logit_scale.exp() * F.normalize(self.sentence(self._sentences), dim=-1)).numpy()
        return lambda slate: products[slate.rows] @ queries[slate.query]


def _head(dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(dim, HIDDEN), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, WIDTH))
