"""What shoppers did: scores of a (shopper's history, product) pair out of the shop's own log of events.

No score of a query may know what happened after it. So the log is counted at several moments (snapshots), and a query is
answered by the newest snapshot that is not later than the query: whatever is logged at its time or after it cannot change a score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fuserank.errors import ModelFolderError
from fuserank.files import new_folder
from fuserank.modalities.base import Content, Encoder, Resources, Scaling
from fuserank.modalities.behaviour_snapshot import Snapshot, decayed
from fuserank.modalities.shopping_log import DAY, ShoppingLog
from fuserank.modalities.top_rows import top_rows
from fuserank.types import Product, Query

SNAPSHOTS = 8  # at most, beside the one of the whole log: each costs a pass over it
FORGOTTEN_DAYS = 60.0  # recency falls to 1/e in so many


class Behaviour:
    """Scores of behaviour; there is no vector. A product has this modality when the catalogue was built with a log."""

    name = "behaviour"
    encoder: Encoder | None = None
    pair_names: tuple[str, ...] = ("popular_now", "popular", "times", "bought", "recency", "item_knn", "als")
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = False
    pair_only = False
    compared: slice | None = None

    def __init__(self, resources: Resources) -> None:
        """Nothing to load; the index belongs to a catalogue."""

    def product_content(self, product: Product) -> Content | None:  # noqa: ARG002
        """None: what is known of a product stands in the log."""
        return None

    def query_content(self, query: Query) -> Content | None:
        """The shopper."""
        return Content(hashlib.sha256(query.user_id.encode()).hexdigest(), query.user_id) if query.user_id else None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Not defined on vectors: `BehaviourIndex.scores` gives these scores.

        Raises:
            TypeError: always.
        """
        raise TypeError("behaviour scores come from BehaviourIndex.scores, not from vectors")


@dataclass(frozen=True)
class Past:
    """What a shopper took before asking, h events, oldest first.

    Attributes:
        rows: int64 (h,) rows of the catalogue.
        times: int64 (h,) milliseconds since 1970, all before `moment`.
        moment: when the query is asked; None: now, after everything that is known.
    """

    rows: np.ndarray
    times: np.ndarray
    moment: int | None = None


@dataclass(frozen=True)
class BehaviourIndex:
    """The log counted at several moments.

    Attributes:
        snapshots: oldest first; the last one knows the whole log.
        log: what they were counted from; None in a loaded index, for a package holds no other shoppers' events.
    """

    snapshots: tuple[Snapshot, ...]
    log: ShoppingLog | None = None

    @classmethod
    def build(cls, log: ShoppingLog, moments: Sequence[int] = ()) -> BehaviourIndex:
        """Count a log with at least one event.

        Args:
            moments: when queries are asked. Of more than SNAPSHOTS distinct ones, so many spread evenly are taken, the earliest
                among them; a query between two of them sees the log as it was at the earlier one.
        """
        distinct = sorted(set(moments))
        if len(distinct) > SNAPSHOTS:
            distinct = [distinct[i * len(distinct) // SNAPSHOTS] for i in range(SNAPSHOTS)]
        after = int(log.times[-1]) + 1
        return cls(tuple(Snapshot.of(log, moment) for moment in sorted({*distinct, after})), log)

    @cached_property
    def _moments(self) -> np.ndarray:
        return np.array([int(snapshot.moment) for snapshot in self.snapshots])

    def at(self, moment: int | None) -> Snapshot | None:
        """The newest snapshot not later than `moment` (None: of all); None when every one is later."""
        place = len(self.snapshots) if moment is None else int(np.searchsorted(self._moments, moment, side="right"))
        return self.snapshots[place - 1] if place else None

    def scores(self, past: Past) -> np.ndarray:
        """Scores of every product: float32 (N, 7) in [0, 1], in the order of `Behaviour.pair_names`.

        Of a shopper without a past only the popularity speaks. Of the n events of the past with a product, with weights w that
        decay: times is n / (1 + n), bought Σw / (1 + Σw), recency e^(−days since the last one / 60); item_knn and als are those
        of the snapshot for the whole past (als cut off to [0, 1]).
        """
        snapshot = self.at(past.moment)
        count = len(self.snapshots[-1].factors)
        scores = np.zeros((count, len(Behaviour.pair_names)), np.float32)
        if snapshot is None:
            return scores
        scores[:, :2] = snapshot.popularity
        if len(past.rows):
            moment = int(snapshot.moment) if past.moment is None else past.moment
            rows, first = np.unique(past.rows, return_inverse=True)
            weights = np.bincount(first, decayed(past.times, moment)).astype(np.float32)
            last = np.full(len(rows), np.iinfo(np.int64).min)
            np.maximum.at(last, first, past.times)
            times = np.bincount(first)
            scores[rows, 2] = times / (1 + times)
            scores[rows, 3] = weights / (1 + weights)
            scores[rows, 4] = np.exp(-(moment - last) / (FORGOTTEN_DAYS * DAY))
            scores[:, 5] = snapshot.neighbour_scores(rows, weights)
            scores[:, 6] = np.clip(snapshot.factors @ snapshot.taste(rows, weights), 0, 1)
        return scores

    def top(self, past: Past, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """Rows of the `k` products with the highest sum of scores, best first; only products with a score above 0.

        Args:
            allowed: bool (N,) products that may be given; None: all.
        """
        total = self.scores(past).sum(axis=1)
        return top_rows(total, k, total > 0 if allowed is None else (total > 0) & allowed)

    def save(self, folder: Path) -> None:
        """Write the newest snapshot to a folder of .npy files, atomically: what is packaged answers queries of now."""
        with new_folder(folder) as work:
            self.snapshots[-1].save(work)

    @classmethod
    def load(cls, folder: Path) -> BehaviourIndex:
        """Read what `save` wrote, arrays memory-mapped.

        Raises:
            ModelFolderError: the folder is not a complete index.
        """
        try:
            return cls((Snapshot.load(folder),))
        except (OSError, ValueError, EOFError) as error:
            raise ModelFolderError(f"behaviour index {folder} cannot be read: {error}", todo="build the catalogue again") from None
