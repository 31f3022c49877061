"""Metarank's events; see `fuserank.data.importers.metarank` for the form and its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of

FILE = "events.jsonl"


def export_metarank(dataset: Dataset, folder: Path) -> list[str]:
    """Write products as ``item`` events of time 0, then all interactions as ``interaction`` events, in file order.

    Impressions are interactions of type ``impression`` with the field ``position``: what stood beside what is known only by query
    and session, and a ranking event would have to guess it.
    """
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
        for product in dataset.products:
            told = {"title": product.title, "category": product.category, "brand": product.brand, "price": product.price}
            fields = [{"name": name, "value": value} for name, value in told.items() if value not in (None, "")]
            row = {"event": "item", "id": f"item-{product.product_id}", "timestamp": "0", "item": product.product_id}
            file.write(json.dumps({**row, "fields": fields}, ensure_ascii=False) + "\n")
        for number, event in enumerate(rows_of(dataset, "interactions")):
            file.write(json.dumps(_interaction(number, event), ensure_ascii=False) + "\n")
    return ["judgments, words of queries, pictures and sounds are not in Metarank's events"]


def _interaction(number: int, row: dict[str, Any]) -> dict[str, Any]:
    kept = [{"name": name, "value": row[name]} for name in ("query_id", "position") if row[name] is not None]
    return {
        "event": "interaction",
        "id": f"event-{number}",
        "timestamp": str(row["timestamp"]),
        "user": row["user_id"],
        "session": row["session_id"],
        "type": row["action"],
        "item": row["product_id"],
        "fields": kept,
    }
