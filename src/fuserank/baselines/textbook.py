"""The multimodal ranker of textbooks: an embedding and an LSTM for each modality, an LSTM over them, a sigmoid, cross-entropy.

Hochreiter & Schmidhuber 1997 (LSTM); early fusion of learned modalities as in e.g. Ngiam et al. 2011, ICML. It is pointwise and has
no prior, no pair scores and no split first layer. Words: an embedding learned from scratch over the words of the training products
and queries; the word index keeps which words a title has, in the order in which the catalogue first used them, and so the LSTM
reads them. Vectors (of pretrained encoders) are sequences of one step. What is absent is a vector of zeros.

Shapes: B queries, N candidates, P products, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fuserank.baselines.word_ids import WordIds, product_words, query_words
from fuserank.losses.bce import bce
from fuserank.metrics.ndcg import ndcg
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
    net.eval()
    with torch.inference_mode():
        products = net.products(np.arange(len(features.catalogue)))
    return {"LSTM textbook": lambda slate: net.scores(products[slate.rows], slate)}


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
    def scores(self, products: Tensor, slate: Slate) -> np.ndarray:
        """(N,) float32 logits of a slate whose products are (N, steps, D)."""
        scores: np.ndarray = self(products[None], self.queries([slate.query]))[0].float().numpy()
        return scores


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
    """Adam on cross-entropy; the net ends at the weights of its best epoch."""
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    max_grade = max(float(s.grades.max()) for s in train)
    best, weights, since = -1.0, {}, 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(train))[:EPOCH_QUERIES]
        for start in range(0, len(order), QUERIES):
            part = [sample_slate(train[q], CANDIDATES, rng) for q in order[start : start + QUERIES]]
            logits, grades, mask = _batch(net, part)
            optimizer.zero_grad(set_to_none=True)
            bce(logits, grades, mask, max_grade=max_grade).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        quality = _validate(net, val)
        since = 0 if quality > best else since + 1
        if quality > best:
            best, weights = quality, {name: value.clone() for name, value in net.state_dict().items()}
        elif since >= PATIENCE:
            break
    net.load_state_dict(weights)


def _batch(net: Textbook, slates: Sequence[Slate]) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, grades and mask of padded slates, (B, N) each; every product is embedded once."""
    longest = max(len(s.rows) for s in slates)
    rows, grades = np.zeros((len(slates), longest), np.int64), np.zeros((len(slates), longest))
    mask = np.zeros((len(slates), longest), bool)
    for b, slate in enumerate(slates):
        n = len(slate.rows)
        rows[b, :n], grades[b, :n], mask[b, :n] = slate.rows, slate.grades, True
    unique, where = np.unique(rows, return_inverse=True)
    products = net.products(unique)[torch.from_numpy(where.reshape(rows.shape))]
    return net(products, net.queries([s.query for s in slates])), torch.from_numpy(grades), torch.from_numpy(mask)


def _validate(net: Textbook, slates: Sequence[Slate]) -> float:
    """Mean nDCG@10 (linear gain)."""
    with torch.inference_mode():
        rows, where = np.unique(np.concatenate([s.rows for s in slates]), return_inverse=True)
        products = net.products(rows)
        parts = np.split(where, np.cumsum([len(s.rows) for s in slates])[:-1])
        return float(np.mean([ndcg(net.scores(products[p], s), s.grades) for p, s in zip(parts, slates, strict=True)]))
