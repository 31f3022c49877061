"""What every shopper took, out of the interaction log, and how much of it a query may know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from fuserank.modalities.behaviour import Past
from fuserank.modalities.shopping_log import ShoppingLog
from fuserank.types import Interaction, Query

LIMIT = 1000  # newest events of a shopper that a query reads
TAKEN = frozenset({"click", "add_to_cart", "purchase"})

History = Sequence[tuple[int, str]]  # (milliseconds since 1970, product_id), oldest first


def histories(interactions: Iterable[Interaction], limit: int | None = None) -> dict[str, list[tuple[int, str]]]:
    """What each shopper took and when, newest last; the newest `limit` events (None: all).

    Only events that belong to no query count: those of judged queries are what a ranker is trained and tested on, and would
    tell it the answer. An impression is not a choice, so it does not count either.
    """
    taken: dict[str, list[tuple[int, str]]] = {}
    for event in _taken(interactions):
        taken.setdefault(event.user_id, []).append((event.timestamp, event.product_id))
    return {user: sorted(events, key=lambda event: event[0])[-(limit or len(events)) :] for user, events in taken.items()}


def past_of(query: Query, histories: Mapping[str, History], row_of: Mapping[str, int]) -> Past:
    """The newest LIMIT events of the query's shopper, strictly before the query's timestamp; of a query without one, all count.

    Args:
        row_of: product_id -> row of the catalogue; products that it does not hold are left out.
    """
    events = histories.get(query.user_id or "", ())
    known = [(row_of[product], moment) for moment, product in events if product in row_of]
    before = [event for event in known if query.timestamp is None or event[1] < query.timestamp][-LIMIT:]
    rows, times = np.array(before, np.int64).reshape(-1, 2).T
    return Past(rows, times, query.timestamp)


def shopping_log(interactions: Iterable[Interaction], row_of: Mapping[str, int]) -> ShoppingLog:
    """The same events of all shoppers as arrays, in time order; `row_of` as in `past_of`."""
    events = sorted((e for e in _taken(interactions) if e.product_id in row_of), key=lambda event: event.timestamp)
    shoppers = _codes(event.user_id for event in events)
    baskets = _codes((event.user_id, event.session_id) for event in events)
    rows, times = ([row_of[event.product_id] for event in events], [event.timestamp for event in events])
    return ShoppingLog(len(row_of), np.array(rows, np.int64), shoppers, baskets, np.array(times, np.int64))


def _taken(interactions: Iterable[Interaction]) -> Iterator[Interaction]:
    return (event for event in interactions if event.query_id is None and event.action in TAKEN)


def _codes(keys: Iterable[object]) -> np.ndarray:
    """0, 1 … in the order of first appearance."""
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64)
