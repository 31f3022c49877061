"""What a catalogue grew by: small parts below the base, merged in passing so that they stay few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fuserank.features.stacked_rows import joined
from fuserank.modalities.lexical_growth import AddedWords

if TYPE_CHECKING:
    from fuserank.features.catalogue import Catalogue


@dataclass(frozen=True)
class Segment:
    """n added products as features.

    Attributes:
        product_ids: n ids; one that comes twice means its last row.
        row_of: row in the segment by id.
        vectors: modality -> float16 (n, d).
        present: bool (n, M).
        words: None when the catalogue has no word index.
        origins: int64 (n,) rows of the base that the products were before they changed, -1 for none.
    """

    product_ids: list[str]
    row_of: Mapping[str, int]
    vectors: Mapping[str, np.ndarray]
    present: np.ndarray
    words: AddedWords | None
    origins: np.ndarray

    def __len__(self) -> int:
        return len(self.product_ids)

    def followed_by(self, other: Segment) -> Segment:
        """The products of both, in order."""
        return Segment(
            self.product_ids + other.product_ids,
            {**self.row_of, **{product_id: len(self) + row for product_id, row in other.row_of.items()}},
            joined([self.vectors, other.vectors], np.concatenate),
            np.concatenate([self.present, other.present]),
            None if self.words is None or other.words is None else self.words.followed_by(other.words),
            np.concatenate([self.origins, other.origins]),
        )


def appended(segments: Sequence[Segment], new: Segment) -> tuple[Segment, ...]:
    """Segments with one more, which takes in those before it that are not larger.

    With each merge the segment that a product stands in at least doubles, so of G products none is copied more than log2(G) times,
    and sizes fall from one segment to the next: products that come one by one make at most log2(G) + 1 segments.
    """
    kept = list(segments)
    while kept and len(kept[-1]) <= len(new):
        new = kept.pop().followed_by(new)
    return (*kept, new)


class RowLookup(Mapping[str, int]):
    """Row of each living product by id, over a base and segments below it.

    Args:
        base: row by id, of the base.
        segments: what was added, oldest first.
        start: the first row of the first segment.
        alive: bool (rows,).
    """

    def __init__(self, base: Mapping[str, int], segments: Sequence[Segment], start: int, alive: np.ndarray) -> None:
        self._base, self._alive = base, alive
        self._added: list[tuple[int, Mapping[str, int]]] = []
        for segment in segments:
            self._added.insert(0, (start, segment.row_of))
            start += len(segment)

    def __getitem__(self, product_id: str) -> int:
        for start, rows in self._added:  # the newest row of an id is the only one that may live
            if product_id in rows:
                return self._living(start + rows[product_id], product_id)
        return self._living(self._base[product_id], product_id)

    def _living(self, row: int, product_id: str) -> int:
        if not self._alive[row]:
            raise KeyError(product_id)
        return row

    def __len__(self) -> int:
        return int(self._alive.sum())

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys([*self._base, *(product_id for _, rows in self._added for product_id in rows)])
        return (product_id for product_id in names if product_id in self)


@dataclass(frozen=True)
class Growth:
    """How a catalogue grew.

    Attributes:
        base: the catalogue that it grew from, which did not grow itself.
        segments: what was added, oldest first.
        alive: bool (N,) over the rows of base and segments.
    """

    base: Catalogue
    segments: tuple[Segment, ...]
    alive: np.ndarray

    def row_of(self) -> RowLookup:
        """Row of each living product by id."""
        return RowLookup(self.base.row_of, self.segments, len(self.base), self.alive)
