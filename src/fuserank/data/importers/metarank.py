"""Metarank's events as JSON Lines: ``ranking`` events are impressions, ``interaction`` events what shoppers did.

``item`` and ``user`` events describe; a dataset has its products already, so they are counted and left out.
Source: github.com/metarank/metarank, doc/event-schema.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Progress
from fuserank.data.importers.cells import shown
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_events import Event, LaidEvents, Zone, inner
from fuserank.data.importers.laid_judgments import Unknown
from fuserank.data.importers.lines import read_objects
from fuserank.data.importers.onto import lay_events, opened
from fuserank.errors import SchemaError
from fuserank.types import ACTIONS

KINDS = ("item", "user", "ranking", "interaction")
READ = {"event", "id", "timestamp", "user", "session", "items", "type", "item", "ranking", "fields"}
OURS = ("query_id", "position")  # names of `fields` that the export writes, and that are read again


def import_metarank(
    source: Path,
    target: Path,
    *,
    onto: Path,
    unknown: Unknown = "error",
    zone: Zone = "utc",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Lay a Metarank log onto a dataset. Without the field ``query_id`` the id of the ranking stands for the query.

    Args:
        source: the file, plain or gzipped.
        target: the dataset folder to make or replace.
        onto: the dataset that has the products; it is not changed.
        unknown, zone: see `LaidEvents`.
        progress: called with (lines read, lines read).

    Raises:
        SchemaError: a line is no event; it names file and line.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    dataset = opened(onto, source, target)
    laid = LaidEvents(dataset, source.name, unknown, zone)
    written = lay_events(dataset, laid.batches(_events(source, laid, progress)), target, [])
    return ImportedDataset.of(written, laid.notes())


def _events(path: Path, laid: LaidEvents, progress: Progress | None) -> Iterator[Event]:
    for number, row in read_objects(path):
        where = f"{path.name} line {number}"
        if row.get("event") not in KINDS:
            raise SchemaError(f"{where}: event {shown(row.get('event'))}", allowed=", ".join(KINDS), todo="correct the line")
        laid.unused(row.keys() - READ)
        if progress and number % 1000 == 0:
            progress(number, number)
        yield from ((number, values) for values in _READERS[row["event"]](row, where, laid))


def _described(row: Mapping[str, Any], where: str, laid: LaidEvents) -> Iterator[dict[str, Any]]:
    laid.leave(f"{row['event']} events describe what the dataset has")
    yield from ()


def _shown(row: Mapping[str, Any], where: str, laid: LaidEvents) -> Iterator[dict[str, Any]]:
    fields = _fields(row, where, laid)
    items = row.get("items")
    if not isinstance(items, list):
        raise SchemaError(f"{where}: items is {shown(items)}", allowed="a list of objects with an id", todo="correct the line")
    for position, item in enumerate(items, 1):
        laid.unused(f"items.{key}" for key in inner(item, where, "an item").keys() - {"id"})
        yield _values(row, fields, inner(item, where, "an item").get("id"), "impression", position, row.get("id"))


def _did(row: Mapping[str, Any], where: str, laid: LaidEvents) -> Iterator[dict[str, Any]]:
    fields = _fields(row, where, laid)
    if row.get("type") in ACTIONS:
        yield _values(row, fields, row.get("item"), row["type"], fields.get("position"), row.get("ranking"))
    else:
        laid.leave(f"type {shown(row.get('type'))}")


_READERS = {"item": _described, "user": _described, "ranking": _shown, "interaction": _did}


def _values(
    row: Mapping[str, Any], fields: Mapping[str, Any], product: Any, action: str, position: Any, ranking: Any
) -> dict[str, Any]:
    return {
        "timestamp": row.get("timestamp"),
        "user_id": row.get("user") or row.get("session"),
        "session_id": row.get("session") or row.get("user"),
        "query_id": fields.get("query_id", ranking),
        "product_id": product,
        "action": action,
        "position": position,
    }


def _fields(row: Mapping[str, Any], where: str, laid: LaidEvents) -> dict[str, Any]:
    """Our own fields; others are named as not used."""
    found = row.get("fields") or []
    if not isinstance(found, list):
        raise SchemaError(f"{where}: fields is {shown(found)}", allowed="a list of objects", todo="correct the line")
    pairs = {str(inner(field, where, "a field").get("name")): field.get("value") for field in found}
    laid.unused(f"fields.{name}" for name in pairs if name not in OURS)
    return {name: value for name, value in pairs.items() if name in OURS}
