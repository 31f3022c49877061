"""Team-draft interleaving: two orders as one list, fairly, so that clicks tell which is better.

Radlinski, Kurup & Joachims 2008, CIKM, "How does clickthrough data reflect retrieval quality?". In each round a coin says which
team picks first; a team picks its best product that is not in the list yet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

Team = Literal["champion", "challenger"]


def team_draft(champion: Sequence[str], challenger: Sequence[str], k: int, seed: str) -> list[tuple[str, Team]]:
    """At most k products, each with the team that picked it.

    Args:
        champion, challenger: product ids, best first.
        seed: of the coins; the same request gets the same list.
    """
    coins = random.Random(seed)  # noqa: S311 (no secret)
    orders: dict[Team, Sequence[str]] = {"champion": champion, "challenger": challenger}
    drafted: dict[str, Team] = {}
    while len(drafted) < k:
        teams: list[Team] = ["champion", "challenger"]
        coins.shuffle(teams)
        before = len(drafted)
        for team in teams:
            best = next((product for product in orders[team] if product not in drafted), None)
            if best is not None and len(drafted) < k:
                drafted[best] = team
        if len(drafted) == before:
            break
    return list(drafted.items())
