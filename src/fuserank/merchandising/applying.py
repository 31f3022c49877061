"""Rules over an order: first what is shown, then boosts and buries, then pins. Scores are not touched.

A boost of b places takes the product at place i before the one at i - b, a bury behind the one at i + b; all others keep their
order. What several rules do to one product adds up. Pins come last, so that they stand where they say.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fuserank.merchandising.rules import Boost, Bury, Hide, Only, Pin, Rule, Selector

Chosen = Callable[[Selector], np.ndarray]
Where = Callable[[str], int | None]


@dataclass(frozen=True)
class Line:
    """A product of an order.

    Attributes:
        at: its index in the order before the rules.
        rules: names of those that moved it.
    """

    at: int
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """An order after rules.

    Attributes:
        lines: best first; without what is hidden.
        applied: names of the rules that did something, in the order of the file.
        notes: what rules could not do, in words.
    """

    lines: list[Line]
    applied: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def apply(
    rules: Sequence[Rule],
    count: int,
    chosen: Chosen,
    where: Where,
    known: Callable[[str], bool] = lambda _: True,
    k: int | None = None,
) -> Placed:
    """An order after the rules that hold.

    Args:
        count: n, of the products in the order.
        chosen: which of them a selector means: bool (n,), best first.
        where: the index of a product by id, 0 for the best; None: it is not among them.
        known: whether the catalogue has a product; only the words of a note depend on it.
        k: lines that are wanted; None: all.
    """
    by: dict[int, list[str]] = {}
    notes: list[str] = []
    shown, used = _shown(rules, count, chosen, notes)
    order, moved = _shifted(rules, np.flatnonzero(shown), chosen, by)
    order, pinned = _pinned([rule for rule in rules if isinstance(rule, Pin)], order, where, by, notes, known)
    names = used | moved | pinned
    lines = [Line(at, tuple(by.get(at, ()))) for at in order[:k]]
    return Placed(lines, [rule.name for rule in rules if rule.name in names], notes)


def _shown(rules: Sequence[Rule], count: int, chosen: Chosen, notes: list[str]) -> tuple[np.ndarray, set[str]]:
    """Which products stay: bool (n,); and the rules that took any away. Hiding everything is done, and said."""
    shown, used = np.ones(count, bool), set()
    for rule in rules:
        if not isinstance(rule, Hide | Only):
            continue
        stays = chosen(rule.products) if isinstance(rule, Only) else ~chosen(rule.products)
        if (shown & ~stays).any():
            used.add(rule.name)
            shown &= stays
            if not shown.any():
                notes.append(f"rule {rule.name!r} hides everything")
    return shown, used


def _shifted(rules: Sequence[Rule], order: np.ndarray, chosen: Chosen, by: dict[int, list[str]]) -> tuple[list[int], set[str]]:
    """Indices after boosts and buries, and the rules that moved any."""
    shifts = np.zeros(len(order))
    names: set[str] = set()
    touched: dict[int, list[str]] = {}
    for rule in rules:
        if isinstance(rule, Boost | Bury):
            mine = chosen(rule.products)[order]
            far = len(order) if rule.by is None else rule.by
            shifts += mine * (-far if isinstance(rule, Boost) else far)
            for place in np.flatnonzero(mine).tolist():
                touched.setdefault(place, []).append(rule.name)
    if not touched:
        return order.tolist(), names
    keys = np.clip(np.arange(len(order)) + shifts, 0, max(0, len(order) - 1)) + 0.5 * np.sign(shifts)
    after = np.argsort(keys, kind="stable")
    for place, before in enumerate(after.tolist()):
        if before in touched and place != before:
            by[int(order[before])] = touched[before]
            names |= set(touched[before])
    return order[after].tolist(), names


def _pinned(
    pins: Sequence[Pin],
    order: list[int],
    where: Where,
    by: dict[int, list[str]],
    notes: list[str],
    known: Callable[[str], bool],
) -> tuple[list[int], set[str]]:
    """Indices after pins, and the pins that hold. Of two for a place the first has it, and the next free one is the other's."""
    if not pins:
        return order, set()
    there = set(order)
    taken: dict[int, int] = {}
    names: set[str] = set()
    for pin in pins:
        at = where(pin.product)
        if at is None or at not in there:
            why = "is not among the products shown" if known(pin.product) else "is not in the catalogue"
            notes.append(f"rule {pin.name!r}: product {pin.product[:80]} {why}")
            continue
        if at in taken.values():
            notes.append(f"rule {pin.name!r}: product {pin.product[:80]} is pinned already")
            continue
        place = min(pin.place, len(order))
        free = next(p for p in itertools.chain(range(place, len(order) + 1), range(place, 0, -1)) if p not in taken)
        if free != place:
            notes.append(f"rule {pin.name!r}: place {place} is taken, place {free} it is")
        taken[free] = at
        names.add(pin.name)
        by[at] = [*by.get(at, ()), pin.name]
    held = set(taken.values())
    rest = iter([at for at in order if at not in held])
    return [taken[place] if place in taken else next(rest) for place in range(1, len(order) + 1)], names
