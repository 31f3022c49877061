"""Events laid onto a dataset: one by one from a log, in batches to the file, so that a log may be longer than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from fuserank.data.dataset import Dataset
from fuserank.data.importers.cells import parse_cell, shown
from fuserank.data.importers.laid_judgments import Unknown
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS

Zone = Literal["utc", "error"]  # what a time without a zone is: UTC, with a note, or an error
ROWS = 65_536  # of a batch
Event = tuple[int, Mapping[str, Any]]  # line, values of a row of interactions as the log gives them


class LaidEvents:
    """Checks events and counts what is left out.

    Args:
        dataset: whose products the events are about.
        file: named in errors.
        unknown: whether an event of a product that the dataset does not hold is an error, or is counted and left out.
        zone: what a time without a zone is.
    """

    def __init__(self, dataset: Dataset, file: str, unknown: Unknown, zone: Zone) -> None:
        self._products = {product.product_id for product in dataset.products}
        self._file, self._unknown, self._zone = file, unknown, zone
        self._skipped, self._zoneless, self._unused, self._left = 0, 0, dict[str, None](), dict[str, int]()

    def batches(self, events: Iterable[Event]) -> Iterator[pa.Table]:
        """Interactions, at most 65,536 rows each.

        Raises:
            SchemaError: a value is missing or not as it must be, or there is no event.
        """
        rows: list[dict[str, Any]] = []
        none = True
        for line, values in events:
            if row := self._checked(line, values):
                rows.append(row)
            if len(rows) == ROWS:
                yield pa.Table.from_pylist(rows, schema=SCHEMAS["interactions"])
                rows, none = [], False
        if rows:
            yield pa.Table.from_pylist(rows, schema=SCHEMAS["interactions"])
        elif none:
            raise SchemaError(
                f"{self._file}: no event of a product of this dataset", allowed="at least one", todo="is this the right file?"
            )

    def unused(self, keys: Iterable[str]) -> None:
        """Remember keys that are not read."""
        self._unused.update(dict.fromkeys(keys))

    def leave(self, why: str) -> None:
        """Count an event that is left out."""
        self._left[why] = self._left.get(why, 0) + 1

    def notes(self) -> list[str]:
        """What was left out or assumed, one sentence each."""
        notes = [f"{shown(key)} is not used" for key in list(self._unused)[:50]]
        notes += [f"{count} events left out: {why}" for why, count in self._left.items()]
        if self._skipped:
            notes.append(f"{self._skipped} events of products that the dataset does not hold are left out")
        if self._zoneless:
            notes.append(f"{self._zoneless} times have no zone and are read as UTC; --zone error refuses them")
        return notes

    def _checked(self, line: int, values: Mapping[str, Any]) -> dict[str, Any] | None:
        where = f"{self._file} line {line}"
        if self._without_zone(values.get("timestamp")):
            if self._zone == "error":
                raise SchemaError(
                    f"{where}: time {shown(values['timestamp'])} has no zone",
                    allowed="ISO 8601 with Z or an offset, or milliseconds since 1970",
                    todo="add the zone, or read such times as UTC by --zone utc",
                )
            self._zoneless += 1
        row = {field.name: parse_cell(values.get(field.name), field, f"{where}, {field.name}") for field in SCHEMAS["interactions"]}
        if row["product_id"] in self._products:
            return row
        if self._unknown == "error":
            raise SchemaError(
                f"{where}: product {shown(row['product_id'])} is not in the dataset",
                allowed="products of the dataset that --onto names",
                todo="correct it, or leave such events out by --unknown skip",
            )
        self._skipped += 1
        return None

    @staticmethod
    def _without_zone(time: Any) -> bool:
        if not isinstance(time, str) or "-" not in time[1:]:
            return False
        try:
            return datetime.fromisoformat(time).tzinfo is None
        except ValueError:
            return False


def inner(value: Any, where: str, what: str) -> Mapping[str, Any]:
    """An object inside of an event; empty where it is missing.

    Raises:
        SchemaError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SchemaError(f"{where}: {what} is {shown(value)}", allowed="an object", todo="correct the line")
    return value
