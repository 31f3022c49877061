"""Words from pictures: one logistic regression for each word of the training queries.

Which words a picture shows is inferred from grades alone. The judged top grade of a query says that all its words hold of the
product. Less than the top grade says that some word does not; it is known which one where all the others are known to hold. What
remains unknown (a red shirt, where nobody asked for red shirts) teaches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuserank.baselines.components import Vectors, vectors_of
from fuserank.baselines.contrastive_projection import PICTURE
from fuserank.baselines.early_stopping import fit_net
from fuserank.baselines.remembered import remembered
from fuserank.baselines.word_ids import query_words
from fuserank.slates import Features, Slate

NAME = "picture: word tagger"
DROPOUT = 0.2
PRODUCTS = 128  # a step


@remembered
def word_tagger(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """`fit_tagger` on vectors that are scaled on the training slates."""
    return fit_tagger(features, train, val, seed, vectors_of(features, train, seed))


def fit_tagger(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int, vectors: Vectors
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Sum of the log probabilities of the query's known words; {} where no training product has a picture or no query words."""
    texts = query_words(features.queries)
    words = {word: w for w, word in enumerate(sorted({word for s in train for word in texts[s.query]}))}
    if PICTURE not in features.catalogue.vectors or not words:
        return {}
    pictures = vectors(PICTURE)[0]
    if not pictures.any():
        return {}
    asked = np.zeros((len(texts), len(words)), np.float32)
    for q, text in enumerate(texts):
        asked[q, [words[word] for word in text if word in words]] = 1
    holds, known = (torch.from_numpy(table.T.copy()) for table in known_words(asked, train, len(pictures)))
    rng = np.random.default_rng(seed)
    rows = np.unique(np.concatenate([s.rows for s in train]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = Tagger(pictures, asked, (holds.sum(0) + 1) / (known.sum(0) + 2))

        def epoch() -> Iterator[Tensor]:
            for part in np.array_split(rng.permutation(rows), max(1, len(rows) // PRODUCTS)):
                seen = known[part]
                entropy = F.binary_cross_entropy_with_logits(net(part), holds[part], reduction="none") * seen
                yield entropy.sum() / seen.sum().clamp(min=1)

        fit_net(net, epoch, net.scorer, val, learning_rate=1e-3, weight_decay=0.1, patience=5)
    return {NAME: net.scorer()}


def known_words(asked: np.ndarray, slates: Sequence[Slate], products: int) -> tuple[np.ndarray, np.ndarray]:
    """Which words hold of which products as far as grades say; see the module. What holds by one query holds, whatever others say.

    Args:
        asked: float32 (Q, W), 1 where a query has the word.
        slates: judged; the top grade is the highest among them.
        products: P, size of the catalogue.

    Returns:
        float32 (W, P) whether the word holds, and float32 (W, P) whether that is known; 0 or 1.
    """
    top = max(float(s.grades.max()) for s in slates)
    has, judged = asked[[s.query for s in slates]], np.zeros((len(slates), products), np.float32)
    all_hold = np.zeros_like(judged)
    for i, slate in enumerate(slates):
        judged[i, slate.rows], all_hold[i, slate.rows] = 1, slate.grades >= top
    holds = (has.T @ all_hold > 0).astype(np.float32)
    one_open = judged * (has @ holds == has.sum(axis=1, keepdims=True) - 1)
    fails = (has.T @ one_open > 0) & (holds == 0)
    return holds, np.maximum(holds, fails).astype(np.float32)


class Tagger(nn.Module):
    """One linear layer: a logit for each of W words.

    Args:
        pictures: (P, d) of all products.
        asked: float32 (Q, W), 1 where a query has the word.
        rates: (W,) in (0, 1), where the probabilities start.
    """

    def __init__(self, pictures: Tensor, asked: np.ndarray, rates: Tensor) -> None:
        super().__init__()
        self._pictures, self._asked = pictures, asked
        self.words = nn.Linear(pictures.shape[1], asked.shape[1])
        nn.init.zeros_(self.words.weight)
        with torch.no_grad():
            self.words.bias.copy_(torch.logit(rates))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, rows: np.ndarray) -> Tensor:
        """(n,) rows of the catalogue -> (n, W) logits."""
        return self.words(self.dropout(self._pictures[rows]))

    @torch.inference_mode()
    def scorer(self) -> Callable[[Slate], np.ndarray]:
        """A score function; every product is tagged once."""
        tags = F.logsigmoid(self.words(self._pictures)).numpy()
        asked = self._asked  # and not self: its pictures are not needed any more
        return lambda slate: tags[slate.rows] @ asked[slate.query]
