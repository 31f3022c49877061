"""The funnel: how many of what was shown was clicked, put into the cart, bought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fuserank.types import ACTIONS, Interaction


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        action: one of ACTIONS.
        pairs: distinct (session, product) with the action.
        shoppers: distinct shoppers with it.
        passed: share of the pairs of the stage before that have this action too, in [0, 1]; None where that stage has no pair.
    """

    action: str
    pairs: int
    shoppers: int
    passed: float | None


def stages(events: Iterable[Interaction]) -> list[Stage]:
    """The stages in the order of ACTIONS. A pair counts once in a stage however often it is logged, and a purchase without a click
    counts as a purchase but is not one that passed from the cart."""
    pairs: dict[str, set[tuple[str, str]]] = {action: set() for action in ACTIONS}
    shoppers: dict[str, set[str]] = {action: set() for action in ACTIONS}
    for event in events:
        pairs[event.action].add((event.session_id, event.product_id))
        shoppers[event.action].add(event.user_id)
    found, before = [], set[tuple[str, str]]()
    for action in ACTIONS:
        passed = len(pairs[action] & before) / len(before) if before else None
        found.append(Stage(action, len(pairs[action]), len(shoppers[action]), passed))
        before = pairs[action]
    return found
