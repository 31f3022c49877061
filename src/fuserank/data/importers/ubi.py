"""OpenSearch User Behavior Insights 1.3: ``ubi_events`` as JSON Lines, and ``ubi_queries`` beside it for what each query asked.

Source: github.com/o19s/ubi, schema/1.3.0/event.schema.json and query.request.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Progress
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_events import Event, LaidEvents, Zone, inner
from fuserank.data.importers.laid_judgments import Unknown
from fuserank.data.importers.lines import read_objects
from fuserank.data.importers.onto import lay_events, opened
from fuserank.errors import SchemaError

EVENTS, QUERIES = "ubi_events.jsonl", "ubi_queries.jsonl"
READ = {"action_name", "timestamp", "query_id", "session_id", "client_id", "user_id", "event_attributes"}
# UBI's common action names -> ours; others are counted and left out.
NAMES = {
    "impression": "impression",
    "click": "click",
    "click_through": "click",
    "add_to_cart": "add_to_cart",
    "purchase": "purchase",
}


def import_ubi(
    source: Path,
    target: Path,
    *,
    onto: Path,
    unknown: Unknown = "error",
    zone: Zone = "utc",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Lay a UBI log onto a dataset. The shopper is ``user_id``, or else ``client_id``; the session is ``session_id``, or else that.

    Args:
        source: `ubi_events.jsonl` (or another name), or the folder that holds it.
        target: the dataset folder to make or replace.
        onto: the dataset that has the products; it is not changed.
        unknown, zone: see `LaidEvents`.
        progress: called with (lines read, lines read).

    Raises:
        SchemaError: a line is no event; it names file and line.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    dataset = opened(onto, source, target)
    path = source / EVENTS if source.is_dir() else source
    laid = LaidEvents(dataset, path.name, unknown, zone)
    written = lay_events(dataset, laid.batches(_events(path, laid, progress)), target, [])
    notes = laid.notes()
    beside = path.with_name(QUERIES)
    if beside.is_file():
        notes += _queries_not_known(beside, {query.query_id for query in dataset.queries})
    return ImportedDataset.of(written, notes)


def _events(path: Path, laid: LaidEvents, progress: Progress | None) -> Iterator[Event]:
    for number, row in read_objects(path):
        where = f"{path.name} line {number}"
        laid.unused(row.keys() - READ)
        attributes = inner(row.get("event_attributes"), where, "event_attributes")
        thing = inner(attributes.get("object"), where, "event_attributes.object")
        place = inner(attributes.get("position"), where, "event_attributes.position")
        laid.unused(f"event_attributes.{key}" for key in attributes.keys() - {"object", "position"})
        laid.unused(f"event_attributes.object.{key}" for key in thing.keys() - {"object_id"})
        laid.unused(f"event_attributes.position.{key}" for key in place.keys() - {"ordinal"})
        name = row.get("action_name")
        if not isinstance(name, str):
            raise SchemaError(f"{where}: no action_name", allowed="text", todo="is this a file of UBI events?")
        if progress and number % 1000 == 0:
            progress(number, number)
        if name not in NAMES:
            laid.leave(f"action_name {name[:80]!r}")
        elif thing.get("object_id") is None:
            laid.leave("no event_attributes.object.object_id")
        else:
            yield number, _values(row, thing["object_id"], NAMES[name], place.get("ordinal"))


def _values(row: dict[str, Any], product: Any, action: str, position: Any) -> dict[str, Any]:
    user = row.get("user_id") or row.get("client_id")
    return {
        "timestamp": row.get("timestamp"),
        "user_id": user,
        "session_id": row.get("session_id") or user,
        "query_id": row.get("query_id"),
        "product_id": product,
        "action": action,
        "position": position,
    }


def _queries_not_known(path: Path, known: set[str]) -> list[str]:
    missing = sum(str(row.get("query_id")) not in known for _, row in read_objects(path))
    return [f"{missing} queries of {path.name} are not in the dataset: their events are kept, their words not"] if missing else []
