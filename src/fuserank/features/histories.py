"""What every shopper took before, out of the interaction log."""

from __future__ import annotations

from collections.abc import Iterable

from fuserank.types import Interaction

LIMIT = 50
TAKEN = frozenset({"click", "add_to_cart", "purchase"})


def histories(interactions: Iterable[Interaction], limit: int = LIMIT) -> dict[str, list[str]]:
    """Products that each shopper took, newest last, at most `limit`.

    Only events that belong to no query count: those of judged queries are what a ranker is trained and tested on, and would
    tell it the answer. An impression is not a choice, so it does not count either.
    """
    taken: dict[str, list[tuple[int, str]]] = {}
    for event in interactions:
        if event.query_id is None and event.action in TAKEN:
            taken.setdefault(event.user_id, []).append((event.timestamp, event.product_id))
    return {user: [product for _, product in sorted(events, key=lambda e: e[0])[-limit:]] for user, events in taken.items()}
