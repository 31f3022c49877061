"""Rows of both sides, compared in everything that can be compared. What comes out is judged later, all parts together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from fuserank.monitoring.columns import comparable
from fuserank.monitoring.distances import jensenshannon, separation, share_change, wasserstein
from fuserank.monitoring.permutations import Dealt, dealings
from fuserank.monitoring.side import Rows

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 30  # rows of a kind on a side, values of a column, vectors of a modality
DIRECTIONS = 64  # of embeddings, at most, and at most a quarter of the vectors on the smaller side
DISTANCE_FLOOR = 0.1  # Evidently's own threshold for both distances of columns
AUC_FLOOR, MISSING_FLOOR = 0.55, 0.05
SMALLEST_STD = 0.001  # as Evidently divides

Part = Literal["column", "embedding", "missing"]


@dataclass(frozen=True)
class Compared:
    """One part.

    Attributes:
        part, kind, table, name: what was compared: a column of a table, or a modality of rows of a kind.
        method: name of the distance.
        n: rows of reference and current that were compared.
        dealt: the distances; None where there was too little to compare.
        levels: of a missing modality the shares of reference and current without it.
        note: why it was not compared.
    """

    part: Part
    kind: str
    table: str
    name: str
    method: str
    n: tuple[int, int]
    dealt: Dealt | None
    levels: tuple[float, float] = (0.0, 0.0)
    note: str = ""


class Comparison:
    """Rows of one kind on both sides.

    Args:
        kind: of the rows.
        reference, current: at least FEWEST rows each.
        sample: rows drawn from each side at most.
        rng: of the draws and the dealings.
    """

    def __init__(self, kind: str, reference: Rows, current: Rows, *, sample: int, rng: np.random.Generator) -> None:
        self._kind, self._rng = kind, rng
        self._before, self._now = _drawn(reference, sample, rng), _drawn(current, sample, rng)
        self.frames = comparable(self._before.tables, self._now.tables)
        self.kinds = {table: _kinds(frame, self.frames[1][table]) for table, frame in self.frames[0].items()}

    @property
    def parts(self) -> int:
        """How many distances there will be, at most."""
        return sum(map(len, self.kinds.values())) + len(self._before.vectors) + sum(map(self._varies, self._before.has))

    def measure(self, count: int) -> Iterator[Compared]:
        """All parts, each under `count` dealings."""
        before, now = self._before, self._now
        current = np.repeat([False, True], [len(before), len(now)])
        dealt = dealings(current, _units(before, now), count=count, rng=self._rng)
        for table, kinds in self.kinds.items():
            for column, how in kinds.items():
                sides = self.frames[0][table][column], self.frames[1][table][column]
                yield _column(self._kind, table, column, how, sides, dealt)
        for modality in before.vectors:
            yield self._embedding(modality, dealt)
        for modality in before.has:
            yield self._missing(modality, dealt)

    def _varies(self, modality: str) -> bool:
        """Whether some rows have it more than others: else it cannot be dealt otherwise, and is no test that could alarm."""
        before, now = self._has(modality)
        return bool(np.ptp(np.concatenate([before, now])))

    def _has(self, modality: str) -> tuple[np.ndarray, np.ndarray]:
        return self._before.has[modality], self._now.has.get(modality, np.zeros(len(self._now)))

    def _embedding(self, modality: str, dealt: np.ndarray) -> Compared:
        old, old_rows = self._before.vectors[modality]
        new, new_rows = self._now.vectors.get(modality, (old[:0], old_rows[:0]))
        n = (len(old), len(new))
        if min(n) < FEWEST:
            note = f"{n[0]} vectors in reference, {n[1]} in current; {FEWEST} are needed on each side"
            return Compared("embedding", self._kind, "", modality, "separation", n, None, note=note)
        directions = main_directions(np.concatenate([old, new]), min(DIRECTIONS, min(n) // 4))
        columns = np.concatenate([old_rows, len(self._before) + new_rows])
        found = Dealt(separation(directions, dealt[:, columns]), AUC_FLOOR)
        return Compared("embedding", self._kind, "", modality, "separation", n, found)

    def _missing(self, modality: str, dealt: np.ndarray) -> Compared:
        old, new = self._has(modality)
        weights = [np.ones(len(rows)) if rows.weights is None else rows.weights for rows in (self._before, self._now)]
        levels = tuple(1 - float(np.average(has, weights=of)) for has, of in zip((old, new), weights, strict=True))
        changed = share_change(np.concatenate([old, new]), np.concatenate(weights), dealt)
        n = (len(old), len(new))
        return Compared("missing", self._kind, "", modality, "share", n, Dealt(changed, MISSING_FLOOR), (levels[0], levels[1]))


def _column(kind: str, table: str, column: str, how: str, sides: tuple[pd.Series, pd.Series], dealt: np.ndarray) -> Compared:
    """Only rows that have a value."""
    import pandas as pd

    both = pd.concat(sides, ignore_index=True)
    there = both.notna().to_numpy()
    n = (int(sides[0].notna().sum()), int(sides[1].notna().sum()))
    of_rows = dealt if there.all() else dealt[:, there]
    if how == "number":
        spread = max(float(np.std(sides[0].dropna().to_numpy())), SMALLEST_STD)
        values = wasserstein(both.to_numpy(float)[there] / spread, of_rows)
        return Compared("column", kind, table, column, "wasserstein", n, Dealt(values, DISTANCE_FLOOR))
    values = jensenshannon(pd.factorize(both[there])[0], of_rows)
    return Compared("column", kind, table, column, "jensenshannon", n, Dealt(values, DISTANCE_FLOOR))


def main_directions(vectors: np.ndarray, at_most: int) -> np.ndarray:
    """(n, d) to float32 (n, at most `at_most`): the main directions of both sides together, mean 0 and variance 1 each.

    Found without knowing the sides, so they favour none; directions that do not vary are left out.
    """
    from sklearn.decomposition import PCA

    if not np.ptp(vectors, axis=0).any():
        return np.zeros((len(vectors), 1), np.float32)
    wanted = min(at_most, *vectors.shape)
    solver = "randomized" if wanted < min(vectors.shape) else "full"
    scores = PCA(wanted, svd_solver=solver, random_state=0).fit_transform(np.asarray(vectors, np.float32))
    spread = scores.std(axis=0)
    varies = spread > 1e-4 * spread.max(initial=1e-8)
    return (scores[:, varies] / spread[varies]).astype(np.float32)


def _drawn(rows: Rows, sample: int, rng: np.random.Generator) -> Rows:
    return rows.taken(rng.permutation(len(rows))[:sample]) if len(rows) > sample else rows


def _units(before: Rows, now: Rows) -> np.ndarray:
    """Numbers of the units; the same id on both sides is two."""
    found, start = [], 0
    for rows in (before, now):
        numbers = np.arange(len(rows)) if rows.units is None else np.unique(rows.units, return_inverse=True)[1]
        found.append(numbers + start)
        start += int(numbers.max(initial=-1)) + 1
    return np.concatenate(found)


def _kinds(before: pd.DataFrame, now: pd.DataFrame) -> dict[str, str]:
    """column -> ``"number"`` or ``"category"`` of the columns that vary and have enough values on both sides."""
    kinds = {}
    for column in before:
        enough = min(before[column].count(), now[column].count()) >= FEWEST
        if enough and len(set(before[column].dropna().unique()) | set(now[column].dropna().unique())) > 1:
            kinds[str(column)] = "number" if before[column].dtype == "float64" else "category"
    return kinds
