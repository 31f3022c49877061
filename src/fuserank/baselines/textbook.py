"""The multimodal ranker of textbooks: an embedding and an LSTM for each modality, an LSTM over them, a sigmoid, cross-entropy.

Hochreiter & Schmidhuber 1997 (LSTM); early fusion of learned modalities as in e.g. Ngiam et al. 2011, ICML. It is pointwise and has
no prior, no pair scores and no split first layer. Words: an embedding learned from scratch over the words of the training products
and queries; the word index keeps which words a title has, in the order in which the catalogue first used them, and so the LSTM
reads them. Vectors (of pretrained encoders) are sequences of one step. What is absent is a vector of zeros.

Shapes: B queries, N candidates, P products, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.baselines.early_stopping import fit_net
from fuserank.baselines.padded import Padded, drawn_batches
from fuserank.baselines.word_ids import WordIds, product_words, query_words
from fuserank.losses.bce import bce
from fuserank.sampling import sample_slate
from fuserank.slates import Features, Slate

WIDTH = 64
CANDIDATES = 64  # a slate, in training
VALIDATED = 256  # candidates a validation slate
QUERIES = 16  # a step
EPOCH_QUERIES = 512  # an epoch, drawn anew: a set with thousands of judged photos would take half an hour otherwise
EPOCHS, PATIENCE = 20, 5  # it learns nothing that shows in its first epochs
LEARNING_RATE = 2e-3


def textbook(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Trained on at most CANDIDATES candidates a training slate, stopped early by nDCG@10 on the validation slates."""
    rng = np.random.default_rng(seed)
    val = [sample_slate(s, VALIDATED, rng) for s in val]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # In float32 the last bits were seen to differ from run to run: the same seed is to give the same scores.
        net = Textbook(features, train).double()
        _fit(net, train, val, rng)
    return {"LSTM textbook": net.scorer(np.arange(len(features.catalogue)))}


class Textbook(nn.Module):
    """Query steps, then product steps, each an LSTM state of a modality; one LSTM reads them; its last state gives the logit.

    Args:
        features: what is ranked; held by reference.
        train: slates whose words are the vocabulary.
    """

    def __init__(self, features: Features, train: Sequence[Slate]) -> None:
        super().__init__()
        catalogue, queries = features.catalogue, features.queries
        titles, texts = product_words(catalogue), query_words(queries)
        seen = [titles[row] for row in np.unique(np.concatenate([s.rows for s in train]))]
        words = WordIds([*seen, *(texts[query] for query in sorted({s.query for s in train}))])
        self.features = features
        self.title_ids, self.text_ids = words.ids(titles), words.ids(texts)
        self.title, self.text = _Words(len(words)), _Words(len(words))
        self.product_vectors = nn.ModuleDict({m: _Vector(v.shape[1]) for m, v in catalogue.vectors.items() if v.size})
        self.query_vectors = nn.ModuleDict({m: _Vector(v.shape[1]) for m, v in queries.vectors.items() if v.size})
        self.reader = nn.LSTM(WIDTH, WIDTH, batch_first=True)
        self.last = nn.Linear(WIDTH, 1)

    def products(self, rows: np.ndarray) -> Tensor:
        """(n,) rows of the catalogue -> (n, steps, D)."""
        catalogue = self.features.catalogue
        steps = [self.title(self.title_ids[rows])]
        for name, vector in self.product_vectors.items():
            steps.append(vector(catalogue.vectors[name][rows]) * torch.from_numpy(catalogue.has(name)[rows])[:, None])
        return torch.stack(steps, dim=1)

    def queries(self, which: Sequence[int]) -> Tensor:
        """(B,) queries -> (B, steps, D)."""
        queries, chosen = self.features.queries, list(which)
        steps = [self.text(self.text_ids[chosen])]
        for name, vector in self.query_vectors.items():
            steps.append(vector(queries.vectors[name][chosen]) * torch.from_numpy(queries.has(name)[chosen])[:, None])
        return torch.stack(steps, dim=1)

    def forward(self, products: Tensor, queries: Tensor) -> Tensor:
        """(B, N, steps, D) and (B, steps, D) -> (B, N) logits. The query is read once and its state handed to each candidate."""
        batch, candidates = products.shape[:2]
        _, (hidden, memory) = self.reader(queries)
        hidden, memory = (state.repeat_interleave(candidates, dim=1) for state in (hidden, memory))
        _, (hidden, _) = self.reader(products.flatten(0, 1), (hidden, memory))
        return self.last(hidden[0]).view(batch, candidates)

    @torch.inference_mode()
    def scorer(self, rows: np.ndarray) -> Callable[[Slate], np.ndarray]:
        """A score function of slates of these products, rows of the catalogue in ascending order; each is embedded once."""
        products = self.products(rows)

        @torch.inference_mode()
        def score(slate: Slate) -> np.ndarray:
            own = products[np.searchsorted(rows, slate.rows)]
            scores: np.ndarray = self(own[None], self.queries([slate.query]))[0].float().numpy()
            return scores

        return score


class _Vector(nn.Module):
    """A vector, brought to mean 0 and deviation 1, embedded and read by an LSTM as a sequence of one."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, WIDTH))
        self.reader = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def forward(self, vectors: np.ndarray) -> Tensor:
        """(n, d) -> (n, D)."""
        _, (hidden, _) = self.reader(self.embed(torch.from_numpy(np.asarray(vectors, np.float64)))[:, None])
        return hidden[0]


class _Words(nn.Module):
    """Words embedded and read by an LSTM; zeros where there is no word."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, WIDTH, padding_idx=0)
        self.reader = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def forward(self, ids: np.ndarray) -> Tensor:
        """(n, length) ids, 0 behind the last word -> (n, D)."""
        words = torch.from_numpy(ids)
        count = (words > 0).sum(dim=1)
        states, _ = self.reader(self.embed(words[:, : max(int(count.max()), 1)]))
        return states[torch.arange(len(states)), (count - 1).clamp(min=0)] * (count > 0)[:, None]


def _fit(net: Textbook, train: Sequence[Slate], val: Sequence[Slate], rng: np.random.Generator) -> None:
    """Cross-entropy; the net ends at the weights of its best epoch."""
    max_grade = max(float(s.grades.max()) for s in train)
    validated = np.unique(np.concatenate([s.rows for s in val]))

    def epoch() -> Iterator[Tensor]:
        for part in islice(drawn_batches(train, QUERIES, CANDIDATES, rng), EPOCH_QUERIES // QUERIES):
            batch = Padded.of(part)
            products = net.products(batch.rows.numpy())[batch.where]
            logits = net(products, net.queries(batch.queries.tolist()))
            yield bce(logits, batch.grades.double(), batch.mask, max_grade=max_grade)

    fit_net(
        net,
        epoch,
        lambda: net.scorer(validated),
        val,
        learning_rate=LEARNING_RATE,
        weight_decay=0,
        patience=PATIENCE,
        epochs=EPOCHS,
    )
