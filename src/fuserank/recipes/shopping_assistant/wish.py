"""What a shopper wants so far, and the rules by which a turn changes it.

a thing is named            a new wish: all earlier constraints go, but for those that the same turn says
a value of a facet          replaces the facet's values; "not red" takes red out and keeps it out
a detail ("with pockets")   is added
a price ("under 20")        replaces the bounds of the price
cheaper, dearer             a bound at the median price of what was shown; the other bound goes where the two would cross
any colour                  the facet is dropped
none of these, more         what was shown is not shown again; all else is kept
go back                     the wish before the last turn
start again                 everything is dropped
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from fuserank.recipes.shopping_assistant.reading import WORD, Said

PRICE = "price"
CENT = 0.01
MUCH = 0.5  # "much cheaper": below this share of the median


@dataclass(frozen=True)
class Wish:
    """What is wanted.

    Attributes:
        topic: the thing; "" as long as none was named.
        wanted, unwanted: (facet, value).
        low, high: bounds of the price, inclusive.
        seen: ids that are not shown again.
        chinese: the language of the last turn, which answers are in.
    """

    topic: str = ""
    wanted: tuple[tuple[str, str], ...] = ()
    unwanted: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None
    seen: frozenset[str] = frozenset()
    chinese: bool = False

    @property
    def empty(self) -> bool:
        """There is nothing to search for."""
        return not (self.topic or self.wanted)


@dataclass(frozen=True)
class Change:
    """What a turn did to one part of the wish: ``kept``, ``added``, ``replaced`` or ``dropped``."""

    what: str  # topic, a facet, price or seen
    how: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Changed:
    """A wish after a turn; notes say in words what could not be done."""

    wish: Wish
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = field(default=())


def changed(wish: Wish, said: Said, shown: Sequence[tuple[str, float | None]], before: Wish | None = None) -> Changed:
    """The wish after a turn.

    Args:
        wish: before the turn.
        said: the turn.
        shown: (product_id, price) of the products that the shopper saw last.
        before: the wish before the last turn, for "go back"; None: there is none.
    """
    notes: list[str] = []
    after = replace(wish, chinese=said.chinese)
    if said.command == "restart":
        after = Wish(chinese=said.chinese)
    elif said.command == "back":
        if before is None:
            notes.append("there is nothing to go back to")
        else:
            after = replace(before, chinese=said.chinese)
    elif said.command in ("refuse", "more"):
        after = replace(after, seen=after.seen | {product_id for product_id, _ in shown})
    if said.topic:
        after = Wish(topic=said.topic, chinese=said.chinese)
    after = _constrained(after, said)
    after, said_of_price = _priced(after, said, [price for _, price in shown if price is not None])
    return Changed(after, _differences(wish, after), (*notes, *said_of_price))


def _constrained(wish: Wish, said: Said) -> Wish:
    """Facets and details."""
    replaced = {facet for facet, _ in said.wanted if facet != WORD} | set(said.anything)
    gone = set(said.unwanted)
    wanted = [pair for pair in wish.wanted if pair[0] not in replaced and pair not in gone and pair not in said.wanted]
    unwanted = [pair for pair in wish.unwanted if pair[0] not in said.anything and pair not in said.wanted]
    return replace(
        wish,
        wanted=(*wanted, *said.wanted),
        unwanted=(*(pair for pair in unwanted if pair not in gone), *said.unwanted),
    )


def _priced(wish: Wish, said: Said, prices: Sequence[float]) -> tuple[Wish, list[str]]:
    """Bounds of the price."""
    if PRICE in said.anything:
        wish = replace(wish, low=None, high=None)
    if said.low is not None or said.high is not None:
        return replace(wish, low=said.low, high=said.high), []
    if not said.compared:
        return wish, []
    if not prices:
        return wish, ["nothing with a price was shown to compare with"]
    middle = median(prices)
    if said.compared == "dearer":
        low = round(math.floor(middle * 100) / 100 + CENT, 2)
        return replace(wish, low=low, high=wish.high if wish.high is None or wish.high >= low else None), []
    bar = middle * MUCH if said.compared == "much_cheaper" else middle
    high = round(math.ceil(bar * 100) / 100 - CENT, 2)
    if high < 0:
        return wish, ["nothing is cheaper than what costs nothing"]
    return replace(wish, high=high, low=wish.low if wish.low is None or wish.low <= high else None), []


def _differences(before: Wish, after: Wish) -> tuple[Change, ...]:
    old, new = _parts(before), _parts(after)
    changes = []
    for what in dict.fromkeys([*old, *new]):
        was, now = old.get(what, ""), new.get(what, "")
        how = "kept" if was == now else "added" if not was else "dropped" if not now else "replaced"
        changes.append(Change(what, how, was, now))
    return tuple(changes)


def _parts(wish: Wish) -> dict[str, str]:
    """The wish part by part, in words."""
    parts = {"topic": wish.topic} if wish.topic else {}
    for facet in dict.fromkeys(facet for facet, _ in wish.wanted):
        parts[facet] = ", ".join(value for other, value in wish.wanted if other == facet)
    for facet in dict.fromkeys(facet for facet, _ in wish.unwanted):
        parts[f"not {facet}"] = ", ".join(value for other, value in wish.unwanted if other == facet)
    if wish.low is not None or wish.high is not None:
        low = "" if wish.low is None else f"from {wish.low:.2f}"
        high = "" if wish.high is None else f"up to {wish.high:.2f}"
        parts[PRICE] = " ".join(filter(None, (low, high)))
    if wish.seen:
        parts["seen"] = f"{len(wish.seen)} products"
    return parts
