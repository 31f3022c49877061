"""Slates: where data, features and the model meet. Training, evaluation and serving all build and score slates here.

Shapes: N candidates, M modalities, S pair scores, D width, R rank; B slates padded to the longest make a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fuserank.data.dataset import Dataset
from fuserank.features.catalogue import Catalogue
from fuserank.features.pairs import PairScores
from fuserank.features.queries import QueryFeatures, joined
from fuserank.modalities.base import Modality
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, Slates
from fuserank.stored_products import StoredProducts

CHUNK = 4096  # products projected at once


@dataclass(frozen=True)
class Slate:
    """One query's candidates.

    Attributes:
        query: row in the query features.
        rows: (N,) int64 rows in the catalogue.
        grades: (N,) float32; 0 for what is not judged.
        pairs: (N, S) float32 pair scores.
        present: (N, M) bool.
        places: (N,) int, where each stood when it was shown, 1 is the top; None when it is not known. Read in training alone.
    """

    query: int
    rows: np.ndarray
    grades: np.ndarray
    pairs: np.ndarray
    present: np.ndarray
    places: np.ndarray | None = None

    def take(self, chosen: np.ndarray) -> Slate:
        """The slate of some of its candidates, by position."""
        places = None if self.places is None else self.places[chosen]
        return Slate(self.query, self.rows[chosen], self.grades[chosen], self.pairs[chosen], self.present[chosen], places)


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

    def slate(self, query: int, rows: np.ndarray, grades: np.ndarray | None = None, places: np.ndarray | None = None) -> Slate:
        """Build one slate. A modality that compares with a shopper's history is absent for a query without one."""
        present = self.catalogue.present[rows]
        for m, channel in self._needs_history:
            present[:, m] &= bool(self.queries.present[query, channel])
        blank = np.zeros(len(rows), np.float32)
        return Slate(query, rows, blank if grades is None else grades, self._pairs.scores(query, rows), present, places)

    def product_vectors(self, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """{modality: (len(rows), d_m)} float32, of the modalities whose vectors a network reads."""
        return {
            m.name: torch.from_numpy(self.catalogue.vectors[m.name][rows]).to(device).float()
            for m in self.modalities
            if m.encoder and not m.pair_only
        }


def judged_slates(
    features: Features,
    dataset: Dataset,
    split: str,
    *,
    pool: int | None = None,
    seed: int = 0,
    grades: Mapping[str, Mapping[str, float]] | None = None,
) -> Iterator[Slate]:
    """Slates of the judged queries of a split, in file order.

    A query ranks all products of its split and those of no split (manifest `candidates: split`), or only the products judged for
    it (`judged`) of these. A query whose candidates all have the same grade is left out: no order of it is better than another.

    Args:
        pool: at most so many candidates a slate: all with a grade above 0 first, then a random draw (for training; None: all).
        seed: of that draw.
        grades: query id -> product id -> grade, in place of the dataset's judgments.
    """
    index = {product_id: row for row, product_id in enumerate(features.catalogue.product_ids)}
    side = np.array([p.split in (None, split) for p in dataset.products])
    everything = np.array([index[p.product_id] for p in dataset.products], dtype=np.int64)[side]
    rng = np.random.default_rng(seed)
    given = dataset.qrels if grades is None else grades
    rows_of = {query_id: q for q, query_id in enumerate(features.queries.query_ids)}
    for query in dataset.queries:
        judged = {index[p]: grade for p, grade in given.get(query.query_id, {}).items()}
        if query.split != split or not judged:
            continue
        rows = everything if dataset.manifest.candidates == "split" else np.intersect1d(list(judged), everything)
        # Equal scores keep the order of the slate, and a catalogue's order may follow its labels: a neutral order leaks nothing.
        rows = np.random.default_rng(list(query.query_id.encode())).permutation(rows)
        found = np.array([judged.get(int(row), 0) for row in rows], dtype=np.float32)
        if pool is not None and len(rows) > pool:
            order = np.lexsort((rng.random(len(rows)), found <= 0))[:pool]
            rows, found = rows[np.sort(order)], found[np.sort(order)]
        if found.min() < found.max():
            yield features.slate(rows_of[query.query_id], rows, found)


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
    rows = padded([s.rows for s in slates])
    if position is not None:
        rows = position[rows]
    first = slates[0].query
    which = slice(first, first + 1) if len(slates) == 1 else [slate.query for slate in slates]  # a slice copies nothing
    columns = {s.name: queries.modalities.index(s.name) for s in specs if s.query_dim}
    words = queries.words[which]

    def on(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device)

    batch = Slates(
        query_vectors={name: on(np.asarray(queries.vectors[name][which], np.float32)) for name in columns},
        query_words=on(words[:, words.any(axis=0)]),  # without columns that are padding for all
        query_present=on(queries.present[which][:, list(columns.values())]),
        products=on(rows),
        present=on(padded([s.present for s in slates])),
        pairs=on(padded([s.pairs for s in slates])),
        mask=on(padded([np.ones(len(s.rows), bool) for s in slates])),
    )
    return batch, on(padded([s.grades for s in slates]))


def padded(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(B, N, …) of B arrays (n, …), 0 behind each; N is the longest n."""
    if len(parts) == 1:
        return parts[0][None]
    padded = np.zeros((len(parts), max(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for b, part in enumerate(parts):
        padded[b, : len(part)] = part
    return padded


@torch.inference_mode()
def project_catalogue(ranker: Ranker, features: Features, *, chunk: int = CHUNK) -> Tensor:
    """(P, M, D + R + K) float16 of every product on the ranker's device: modality by modality, so that slates may hide some."""
    device = next(ranker.parameters()).device
    return torch.cat([ranker.project_products(features.product_vectors(rows, device)).half() for rows in _chunks(features, chunk)])


def store_catalogue(ranker: Ranker, features: Features, keep: Sequence[str] | None = None, *, chunk: int = CHUNK) -> StoredProducts:
    """Every product as serving keeps it, on the ranker's device.

    Args:
        keep: product modalities that the slates show, as of `keep_modalities`; None: all.
    """
    return StoredProducts.joined([store_rows(ranker, features, rows, keep) for rows in _chunks(features, chunk)])


@torch.inference_mode()
def store_rows(ranker: Ranker, features: Features, rows: np.ndarray, keep: Sequence[str] | None = None) -> StoredProducts:
    """Some rows of the catalogue as serving keeps them; arguments as of `store_catalogue`."""
    device, asked = next(ranker.parameters()).device, [m.name for m in features.modalities if m.query_from_history]
    shown = np.array([keep is None or m.name in keep for m in features.modalities])
    present = torch.from_numpy(features.catalogue.present[rows] & shown).to(device)
    return ranker.store_products(features.product_vectors(rows, device), present, asked)


def _chunks(features: Features, chunk: int) -> list[np.ndarray]:
    """Rows of the catalogue; of an empty one a chunk without rows."""
    size = len(features.catalogue)
    return [np.arange(start, min(start + chunk, size)) for start in range(0, max(size, 1), chunk)]


def score_slate(ranker: Ranker, products: Tensor | StoredProducts, queries: QueryFeatures, slate: Slate) -> np.ndarray:
    """(N,) float32 logits of one slate; arguments as of `score_slates`."""
    return score_slates(ranker, products, [(queries, slate)])[0]


@torch.inference_mode()
def score_slates(
    ranker: Ranker, products: Tensor | StoredProducts, asked: Sequence[tuple[QueryFeatures, Slate]]
) -> list[np.ndarray]:
    """Float32 logits of the slates of several requests in one pass, (N,) of each; the ranker in eval mode.

    Args:
        products: of `project_catalogue`; or of `store_catalogue`, for slates that hide no more of them than that did.
        asked: at least one; each slate beside the queries that it names its own in.
    """
    starts = np.cumsum([0, *(len(queries) for queries, _ in asked)])
    slates = [replace(slate, query=slate.query + int(start)) for (_, slate), start in zip(asked, starts, strict=False)]
    batch, _ = collate(joined([queries for queries, _ in asked]), slates, ranker.spec.modalities, products.device)
    scores: np.ndarray = ranker(products, batch).float().cpu().numpy()
    return [row[: len(slate.rows)] for row, slate in zip(scores, slates, strict=True)]


def keep_modalities(slates: Sequence[Slate], specs: Sequence[ModalitySpec], names: Sequence[str]) -> list[Slate]:
    """The slates as a shop would see them that has only these product modalities: the present mask of all others is False."""
    kept = np.array([spec.name in names for spec in specs])
    return [replace(s, present=s.present & kept) for s in slates]
