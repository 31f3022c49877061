"""OpenSearch UBI 1.3; see `fuserank.data.importers.ubi` for the form and its source."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.ubi import EVENTS, QUERIES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export_ubi(dataset: Dataset, folder: Path) -> list[str]:
    """Write all interactions to `ubi_events.jsonl`, and the queries with words to `ubi_queries.jsonl`."""
    with (folder / EVENTS).open("w", encoding="utf-8", newline="\n") as file:
        for row in rows_of(dataset, "interactions"):
            file.write(json.dumps(_event(row), ensure_ascii=False) + "\n")
    with (folder / QUERIES).open("w", encoding="utf-8", newline="\n") as file:
        for query in dataset.queries:
            asked = {"timestamp": _iso(query.timestamp)} if query.timestamp is not None else {}
            client = {"client_id": query.user_id} if query.user_id else {}
            row = {"query_id": query.query_id, "user_query": query.text, **client, **asked}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return ["products, judgments, pictures and sounds are not in UBI"]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    place = {} if row["position"] is None else {"position": {"ordinal": row["position"]}}
    asked = {} if row["query_id"] is None else {"query_id": row["query_id"]}
    return {
        "application": "fuserank",
        "action_name": row["action"],
        **asked,
        "session_id": row["session_id"],
        "client_id": row["user_id"],
        "user_id": row["user_id"],
        "timestamp": _iso(row["timestamp"]),
        "event_attributes": {"object": {"object_id": row["product_id"], "object_id_field": "product_id"}, **place},
    }


def _iso(milliseconds: int) -> str:
    return (EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
