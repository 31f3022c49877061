"""Embeddings of words that no training query had, out of the words that training products have.

Judgments teach only the words that were judged. But by then late interaction knows where products lie (Φ), and titles say which
have a word, so an embedding that tells these apart follows: for each word w a ridge regression, in closed form,

    e_w = argmin_e  mean over products with w of (z(e) - GOAL)²  +  mean over those without of (z(e) + GOAL)²  +  λ |e|²
    z(e) = e · (Σ_m Φ_m / √K + b) + c,    b and c of the bias

z is the evidence of `fuserank.late_interaction` itself. Nothing else is changed: words that were judged mean what they meant. Words
that only pictures can show ("khaki" where titles name no colours) are not learned so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fuserank.features.query_words import word_id
from fuserank.modalities.lexical import LexicalIndex
from fuserank.ranker import Ranker
from fuserank.slates import Slate
from fuserank.training_vectors import ScaledVectors

FIELDS = ("title", "category", "brand")  # as the modality `words` reads them
GOAL = 3.0  # evidence aimed at, σ(3) = .95; it and λ were chosen on validation queries whose words were hidden in training
SHRINKAGE = 0.1  # λ, as a share of the mean diagonal of the regression's matrix
FEWEST = 2  # products with a word, below which its embedding would be that product's
MOST_PRODUCTS = 50_000
AT_ONCE = 4096  # products projected at once


def infer_words(ranker: Ranker, vectors: ScaledVectors, slates: Sequence[Slate]) -> int:
    """Give words that training products have, and training queries had not, an embedding; `inferred` says which.

    Does nothing for a ranker without late interaction, or a catalogue without a word index.

    Args:
        slates: of training. Evidence comes from what they show of a product; its words name it even where they mask its text.

    Returns:
        how many words.
    """
    late, index = ranker.late, vectors.features.catalogue.lexical
    if late is None or index is None:
        return 0
    late.inferred.fill_(False)
    rows, present = _shown(slates, len(vectors.features.catalogue))
    products = products_of_words(index, rows, known=late.seen.cpu().numpy())
    if not products:
        return 0
    inputs = _inputs(ranker, vectors, rows, present)
    ids = torch.tensor(list(products), device=inputs.device)
    with torch.no_grad():
        late.words.weight[ids] = ridge(inputs, list(products.values()), float(late.bias.bias))
    late.inferred[ids] = True
    return len(products)


def products_of_words(index: LexicalIndex, rows: np.ndarray, known: np.ndarray) -> dict[int, np.ndarray]:
    """Word id -> positions in `rows` of the products that have its word, for ids to be learned, in order.

    An id that several words of these products share is left out: no embedding can mean them all.

    Args:
        rows: catalogue rows.
        known: (WORD_IDS,) bool, ids that are not asked for: a judged word that shares its id keeps its embedding.
    """
    texts = [index.words(field) for field in FIELDS]
    found: dict[str, list[int]] = {}
    for position, row in enumerate(rows.tolist()):
        for word in {word for words in texts for word in words[row]}:
            found.setdefault(word, []).append(position)
    named: dict[int, list[list[int]]] = {}
    for word, having in found.items():
        named.setdefault(word_id(word), []).append(having)
    alone = {number: words[0] for number, words in sorted(named.items()) if len(words) == 1 and not known[number]}
    return {number: np.array(having) for number, having in alone.items() if FEWEST <= len(having) < len(rows)}


def ridge(inputs: Tensor, positives: Sequence[np.ndarray], offset: float) -> Tensor:
    """Embeddings whose evidence is near GOAL on positive rows and near -GOAL on all others, both sides weighing the same.

    Args:
        inputs: (P, K); evidence is inputs @ e + offset.
        positives: of each of V words, its rows: at least one and not all.

    Returns:
        (V, K).
    """
    count, width = inputs.shape
    gram, total = inputs.T @ inputs, inputs.sum(0)
    shrinkage = SHRINKAGE * float(gram.diagonal().mean()) / count * torch.eye(width, device=inputs.device)
    embeddings = []
    for rows in positives:
        having = inputs[torch.from_numpy(rows).to(inputs.device)]
        inside, outside = len(having), count - len(having)
        gram_inside, total_inside = having.T @ having, having.sum(0)
        matrix = gram_inside / inside + (gram - gram_inside) / outside + shrinkage
        target = (GOAL - offset) * total_inside / inside - (GOAL + offset) * (total - total_inside) / outside
        embeddings.append(torch.linalg.solve(matrix, target))
    return torch.stack(embeddings)


def _shown(slates: Sequence[Slate], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the products in the slates, evenly thinned, and what some slate shows of each: bool (rows, M)."""
    present = np.zeros((count, slates[0].present.shape[1]), bool)
    for slate in slates:
        present[slate.rows] |= slate.present
    rows = np.unique(np.concatenate([slate.rows for slate in slates]))
    rows = rows[:: -(-len(rows) // MOST_PRODUCTS)]
    return rows, present[rows]


@torch.no_grad()
def _inputs(ranker: Ranker, vectors: ScaledVectors, rows: np.ndarray, present: np.ndarray) -> Tensor:
    """(P, K): what evidence is a linear function of; leaves the ranker in eval mode."""
    assert ranker.late is not None
    ranker.eval()
    parts = []
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        halves = ranker.project_products(vectors(rows[part]), scaled=True)[..., -ranker.late.width :]
        shown = torch.from_numpy(present[part]).to(halves)
        parts.append(ranker.late.evidence(halves, shown))
    return torch.cat(parts) / ranker.late.width**0.5 + ranker.late.bias.weight[0]
