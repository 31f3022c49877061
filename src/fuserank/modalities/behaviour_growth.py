"""A log over a catalogue that grew: nobody took the added products yet, and a changed product keeps what shoppers did with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fuserank.modalities.behaviour import Behaviour, BehaviourIndex, Past
from fuserank.modalities.behaviour_snapshot import Snapshot


@dataclass(frozen=True)
class GrownBehaviour(BehaviourIndex):
    """A base index with G products below its N; factors and neighbours stay the base's.

    Attributes:
        origins: int64 (G,), the base row that an added product was before it changed; -1 for one that the log does not know.
    """

    origins: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def over(cls, base: BehaviourIndex, origins: Sequence[np.ndarray]) -> GrownBehaviour:
        """Grow a base by the products of several parts."""
        return cls(base.snapshots, base.log, np.concatenate([np.zeros(0, np.int64), *origins]))

    def scores(self, past: Past) -> np.ndarray:
        """As `BehaviourIndex.scores`, of N + G products: 0 for one that the log does not know."""
        count = len(self.snapshots[-1].factors)
        sources = np.concatenate([np.arange(count), self.origins])[past.rows]
        known = sources >= 0
        found = super().scores(Past(sources[known], past.times[known], past.moment))
        grown = np.zeros((count + len(self.origins), len(Behaviour.pair_names)), np.float32)
        grown[:count] = found
        changed = np.flatnonzero(self.origins >= 0)
        grown[count + changed] = found[self.origins[changed]]
        return grown

    def save(self, folder: Path) -> None:  # noqa: ARG002
        """Refuses: which rows live is not known here; save `taken`.

        Raises:
            TypeError: always.
        """
        raise TypeError("save taken(rows) of a grown index")

    def taken(self, rows: np.ndarray) -> BehaviourIndex:
        """An index of some rows, int (n,), in memory; of the neighbours of a product those among these rows are kept."""
        count = len(self.snapshots[-1].factors)
        sources = np.concatenate([np.arange(count), self.origins])[rows]
        return BehaviourIndex(tuple(_taken(snapshot, sources) for snapshot in self.snapshots))


def _taken(snapshot: Snapshot, sources: np.ndarray) -> Snapshot:
    """A snapshot over products that were the rows `sources`, -1 for one without events."""
    known = sources >= 0
    place = np.full(len(snapshot.factors), -1)
    place[sources[known]] = np.flatnonzero(known)

    def moved(array: np.ndarray) -> np.ndarray:
        found = np.zeros((len(sources), *array.shape[1:]), array.dtype)
        found[known] = array[sources[known]]
        return found

    near = place[snapshot.neighbour_rows]
    cosines = np.where(near >= 0, snapshot.neighbour_cosines, np.float32(0))
    return replace(
        snapshot,
        popularity=moved(snapshot.popularity),
        neighbour_rows=moved(np.maximum(near, 0).astype(np.int32)),
        neighbour_cosines=moved(cosines),
        factors=moved(snapshot.factors),
    )
