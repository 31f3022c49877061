"""Slates: where data, features and the model meet. Training, evaluation and serving all build and score slates here.

Shapes: N candidates, M modalities, S pair scores, D width, R rank; B slates padded to the longest make a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fuserank.data.dataset import Dataset
from fuserank.features.catalogue import Catalogue
from fuserank.features.pairs import PairScores
from fuserank.features.queries import QueryFeatures
from fuserank.modalities.base import Modality
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, Slates


@dataclass(frozen=True)
class Slate:
    """One query's candidates.

    Attributes:
        query: row in the query features.
        rows: (N,) int64 rows in the catalogue.
        grades: (N,) float32; 0 for what is not judged.
        pairs: (N, S) float32 pair scores.
        present: (N, M) bool.
    """

    query: int
    rows: np.ndarray
    grades: np.ndarray
    pairs: np.ndarray
    present: np.ndarray

    def take(self, chosen: np.ndarray) -> Slate:
        """The slate of some of its candidates, by position."""
        return Slate(self.query, self.rows[chosen], self.grades[chosen], self.pairs[chosen], self.present[chosen])


class Features:
    """Products and queries as features, and what pairs them: all that a ranker reads.

    Args:
        modalities: in the order of the catalogue's present mask.
        catalogue: the products.
        queries: the queries.
    """

    def __init__(self, modalities: Sequence[Modality], catalogue: Catalogue, queries: QueryFeatures) -> None:
        self.modalities, self.catalogue, self.queries = tuple(modalities), catalogue, queries
        self._pairs = PairScores(modalities, catalogue, queries)
        self._needs_history = [
            (m, queries.modalities.index(modality.name)) for m, modality in enumerate(modalities) if modality.query_from_history
        ]

    @property
    def pair_names(self) -> tuple[str, ...]:
        """Names of the S pair scores."""
        return self._pairs.names

    def specs(self) -> tuple[ModalitySpec, ...]:
        """What the ranker needs to know. Vectors that no product, or no query, has are left out (dimension 0)."""
        asked = {name for c, name in enumerate(self.queries.modalities) if self.queries.present[:, c].any()}
        read = {m.name: m.encoder.info.dim for m in self.modalities if m.encoder and not m.pair_only}
        return tuple(
            ModalitySpec(
                name=m.name,
                product_dim=read.get(m.name, 0) if self.catalogue.has(m.name).any() else 0,
                query_dim=read.get(m.name, 0) if m.name in asked else 0,
                pair_names=m.pair_names,
                scaling=m.scaling,
                is_term=m.query_is_term,
            )
            for m in self.modalities
        )

    def slate(self, query: int, rows: np.ndarray, grades: np.ndarray | None = None) -> Slate:
        """Build one slate. A modality that compares with a shopper's history is absent for a query without one."""
        present = self.catalogue.present[rows].copy()
        for m, channel in self._needs_history:
            present[:, m] &= bool(self.queries.present[query, channel])
        blank = np.zeros(len(rows), np.float32)
        return Slate(query, rows, blank if grades is None else grades, self._pairs.scores(query, rows), present)

    def product_vectors(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """{modality: (len(rows), d_m)} float32, of the modalities whose vectors a network reads."""
        return {
            m.name: torch.from_numpy(np.asarray(self.catalogue.vectors[m.name][rows], dtype=np.float32)).to(device)
            for m in self.modalities
            if m.encoder and not m.pair_only
        }


def judged_slates(features: Features, dataset: Dataset, split: str, *, pool: int | None = None, seed: int = 0) -> Iterator[Slate]:
    """Slates of the judged queries of a split, in file order.

    A query ranks all products of its split and those of no split (manifest `candidates: split`), or only the products judged for
    it (`judged`) of these. A query whose candidates all have the same grade is left out: no order of it is better than another.

    Args:
        pool: at most so many candidates a slate: all with a grade above 0 first, then a random draw (for training; None: all).
        seed: of that draw.
    """
    index = {product_id: row for row, product_id in enumerate(features.catalogue.product_ids)}
    side = np.array([p.split in (None, split) for p in dataset.products])
    everything = np.array([index[p.product_id] for p in dataset.products], dtype=np.int64)[side]
    rng = np.random.default_rng(seed)
    rows_of = {query_id: q for q, query_id in enumerate(features.queries.query_ids)}
    for query in dataset.queries:
        judged = {index[p]: grade for p, grade in dataset.qrels.get(query.query_id, {}).items()}
        if query.split != split or not judged:
            continue
        rows = everything if dataset.manifest.candidates == "split" else np.intersect1d(list(judged), everything)
        # Equal scores keep the order of the slate, and a catalogue's order may follow its labels: a neutral order leaks nothing.
        rows = np.random.default_rng(list(query.query_id.encode())).permutation(rows)
        grades = np.array([judged.get(int(row), 0) for row in rows], dtype=np.float32)
        if pool is not None and len(rows) > pool:
            order = np.lexsort((rng.random(len(rows)), grades <= 0))[:pool]
            rows, grades = rows[np.sort(order)], grades[np.sort(order)]
        if grades.min() < grades.max():
            yield features.slate(rows_of[query.query_id], rows, grades)


def collate(
    queries: QueryFeatures,
    slates: Sequence[Slate],
    specs: Sequence[ModalitySpec],
    device: torch.device | str = "cpu",
    position: np.ndarray | None = None,
) -> tuple[Slates, Tensor]:
    """Pad slates to one batch.

    Args:
        specs: of the ranker; names the query channels it reads.
        position: (catalogue size,) int64, where a catalogue row stands among the projected products; None: at the same row.

    Returns:
        the batch, and grades (B, N) float32 with 0 on padding.
    """
    longest = max(len(s.rows) for s in slates)
    shape = (len(slates), longest)
    rows, grades, mask = np.zeros(shape, np.int64), np.zeros(shape, np.float32), np.zeros(shape, bool)
    pairs = np.zeros((*shape, slates[0].pairs.shape[1]), np.float32)
    present = np.zeros((*shape, slates[0].present.shape[1]), bool)
    for b, slate in enumerate(slates):
        n = len(slate.rows)
        rows[b, :n], grades[b, :n], mask[b, :n] = slate.rows, slate.grades, True
        pairs[b, :n], present[b, :n] = slate.pairs, slate.present
    if position is not None:
        rows = position[rows]
    channels = [s.name for s in specs if s.query_dim]
    which = [slate.query for slate in slates]
    columns = [queries.modalities.index(name) for name in channels]
    vectors = {name: torch.from_numpy(np.asarray(queries.vectors[name][which], np.float32)).to(device) for name in channels}
    batch = Slates(
        query_vectors=vectors,
        query_words=torch.from_numpy(queries.words[which]).to(device),
        query_present=torch.from_numpy(np.ascontiguousarray(queries.present[which][:, columns])).to(device),
        products=torch.from_numpy(rows).to(device),
        present=torch.from_numpy(present).to(device),
        pairs=torch.from_numpy(pairs).to(device),
        mask=torch.from_numpy(mask).to(device),
    )
    return batch, torch.from_numpy(grades).to(device)


@torch.inference_mode()
def project_catalogue(ranker: Ranker, features: Features, *, chunk: int = 4096) -> Tensor:
    """(P, M, stored width) float16 on the ranker's device: the stored half of the first layer for every product, chunk by chunk."""
    device = next(ranker.parameters()).device
    size = len(features.catalogue.product_ids)
    parts = [
        ranker.project_products(features.product_vectors(np.arange(start, min(start + chunk, size)), device)).half()
        for start in range(0, size, chunk)
    ]
    return torch.cat(parts)


@torch.inference_mode()
def score_slate(ranker: Ranker, projected: Tensor, queries: QueryFeatures, slate: Slate) -> np.ndarray:
    """(N,) float32 logits of one slate; `projected` as `project_catalogue` gives it, the ranker in eval mode."""
    batch, _ = collate(queries, [slate], ranker.spec.modalities, projected.device)
    scores: np.ndarray = ranker(projected, batch)[0].float().cpu().numpy()
    return scores


def keep_modalities(slates: Sequence[Slate], specs: Sequence[ModalitySpec], names: Sequence[str]) -> list[Slate]:
    """The slates as a shop would see them that has only these product modalities: the present mask of all others is False."""
    kept = np.array([spec.name in names for spec in specs])
    return [Slate(s.query, s.rows, s.grades, s.pairs, s.present & kept) for s in slates]
