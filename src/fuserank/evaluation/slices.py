"""Slices of queries: by what is asked with, and by language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fuserank.types import Query

SLICES: dict[str, Callable[[Query], bool]] = {
    "asks with text": lambda q: bool(q.text) and not (q.image or q.audio or q.user_id),
    "asks with a picture": lambda q: q.image is not None,
    "asks with sound": lambda q: q.audio is not None,
    "asks as a known shopper": lambda q: q.user_id is not None,
    "English": lambda q: bool(q.text) and q.locale.startswith("en"),
    "Chinese": lambda q: bool(q.text) and q.locale.startswith("zh"),
}


def slices(queries: Sequence[Query], *, smallest: int = 5) -> dict[str, list[str]]:
    """slice -> query ids, for the slices with at least `smallest` queries that are not simply all queries."""
    found = {name: [q.query_id for q in queries if belongs(q)] for name, belongs in SLICES.items()}
    return {name: ids for name, ids in found.items() if smallest <= len(ids) < len(queries)}
