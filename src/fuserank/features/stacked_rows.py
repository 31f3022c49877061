"""Several arrays of rows read as one, without copying any: a catalogue that grew is its old arrays with new ones below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import numpy as np


class StackedRows:
    """Rows of several arrays, one under the other.

    Args:
        parts: at least one array; all of the same dtype and the same shape but for the first axis.

    Attributes:
        parts: the arrays without those that have no row, but at least one.
        starts: int64, the row at which each of `parts` begins.
    """

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self.parts = tuple(part for part in parts if len(part)) or (parts[0],)
        self.starts = np.cumsum([0, *(len(part) for part in self.parts[:-1])])
        self.dtype = self.parts[0].dtype
        self.shape = (sum(map(len, self.parts)), *self.parts[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """Elements."""
        return sum(part.size for part in self.parts)

    @property
    def nbytes(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self.parts)

    def __getitem__(self, index: Any) -> Any:
        """As of one array: by row, slice, row numbers or mask (a copy); behind a comma, numbers and slices of further axes.

        All rows of a column, ``[:, c]``, are again stacked rows, and no copy.

        Raises:
            IndexError: a row that is not there.
        """
        rows, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(rows, slice) and rows == slice(None):
            return StackedRows([part[(slice(None), *rest)] for part in self.parts]) if rest else self
        found = self._taken(rows)
        axes = 1 if isinstance(rows, slice) else np.ndim(rows)
        return found[(*[slice(None)] * axes, *rest)] if rest else found

    def _taken(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            longest = len(self) + 1  # a longer step leads out all the same, and may be no int64
            return self._gathered(np.arange(start, stop, max(-longest, min(step, longest)), dtype=np.int64))
        rows = np.asarray(index)
        if rows.dtype == bool:
            if rows.shape != (len(self),):
                raise IndexError(f"a mask of shape {rows.shape} for {len(self)} rows")
            return self._gathered(np.flatnonzero(rows))
        if rows.size == 0:
            rows = rows.astype(np.int64)
        if rows.size and (rows.min() < -len(self) or rows.max() >= len(self)):
            raise IndexError(f"a row out of {rows.min()} .. {rows.max()} of {len(self)} rows")
        rows = np.where(rows < 0, rows + len(self), rows)
        return self._gathered(rows) if rows.ndim else self._gathered(rows[None])[0]

    def _gathered(self, rows: np.ndarray) -> np.ndarray:
        if rows.size == 0 or rows.max() < len(self.parts[0]):  # most requests ask for rows of the first part alone
            return self.parts[0][rows]
        found = np.empty((*rows.shape, *self.shape[1:]), self.dtype)
        owner = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(owner):
            mine = owner == number
            found[mine] = self.parts[number][rows[mine] - self.starts[number]]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.concatenate(self.parts).astype(self.dtype if dtype is None else dtype, copy=False)


Rows = np.ndarray | StackedRows


def parts_of(rows: Rows) -> tuple[np.ndarray, ...]:
    """The arrays that rows consist of."""
    return rows.parts if isinstance(rows, StackedRows) else (rows,)


def stacked(rows: Sequence[Rows]) -> StackedRows:
    """Rows one under the other, flat: parts of stacked rows are taken on their own."""
    return StackedRows([part for one in rows for part in parts_of(one)])


class StackedIds(Sequence[str]):
    """Several lists of ids read as one, without copying any.

    Args:
        parts: the lists.
    """

    def __init__(self, parts: Sequence[Sequence[str]]) -> None:
        self.parts = tuple(parts)
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1]) if self.parts else 0

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"id {index} of {len(self)}")
        number = int(np.searchsorted(self._ends, row, side="right"))
        part = self.parts[number]
        return part[row - int(self._ends[number]) + len(part)]

    def __iter__(self) -> Iterator[str]:
        return (product_id for part in self.parts for product_id in part)


Part = TypeVar("Part")
Whole = TypeVar("Whole")


def joined(mappings: Sequence[Mapping[str, Part]], join: Callable[[list[Part]], Whole]) -> dict[str, Whole]:
    """Each name's values joined; names that share all their values share the result, as modalities with one encoder do."""
    done: dict[tuple[int, ...], Whole] = {}
    result = {}
    for name in mappings[0]:
        values = [mapping[name] for mapping in mappings]
        key = tuple(map(id, values))
        if key not in done:
            done[key] = join(values)
        result[name] = done[key]
    return result
