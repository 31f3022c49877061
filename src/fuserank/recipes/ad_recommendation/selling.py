"""The auction: an order of the ads of each opportunity, what a click costs, and budgets that are never overspent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fuserank.plugins import PluginTable

RESERVE = 0.01  # the least that a click costs
HEADROOM = 0.1  # of the budget, above its even spread over the opportunities


@dataclass(frozen=True)
class Opportunity:
    """One moment at which ads are shown, of N ads.

    Attributes:
        ads: (N,) numbers of the ads.
        probability: (N,) stated probability of a click, in (0, 1].
        clicked: (N,) bool, whether the shopper clicks the ad when it is shown.
    """

    ads: np.ndarray
    probability: np.ndarray
    clicked: np.ndarray


@dataclass(frozen=True)
class Order:
    """A way to order ads.

    Attributes:
        score: (bid, probability) -> what is ordered by, higher first.
        charge: (own bid, own probability, score of the next ad) -> cost of a click before the caps of bid and RESERVE.
    """

    score: Callable[[np.ndarray, np.ndarray], np.ndarray]
    charge: Callable[[float, float, float], float]


def _value(bid: np.ndarray, p: np.ndarray) -> np.ndarray:
    return bid * p


def _least_value(bid: float, p: float, following: float) -> float:
    """Generalised second price (Edelman, Ostrovsky & Schwarz 2007): the least bid that keeps the place."""
    return following / p


def _bid(bid: np.ndarray, p: np.ndarray) -> np.ndarray:
    return bid


def _next_bid(bid: float, p: float, following: float) -> float:
    return following


def _probability(bid: np.ndarray, p: np.ndarray) -> np.ndarray:
    return p


def _own_bid(bid: float, p: float, following: float) -> float:
    """The bid does not decide the place here, so there is no second price; paying it all flatters the order's revenue."""
    return bid


ORDERS: PluginTable[Order] = PluginTable(
    "order of ads",
    {
        "expected value": Order(_value, _least_value),
        "bid": Order(_bid, _next_bid),
        "probability": Order(_probability, _own_bid),
    },
)


@dataclass
class Sold:
    """What an order sold.

    Attributes:
        spent: (A,) of each ad, never above its budget.
        revenue: after each opportunity, in all.
        shown, clicks: how many.
        rankings: of each opportunity, positions of the ads that were shown, best first.
    """

    spent: np.ndarray
    revenue: list[float] = field(default_factory=list)
    shown: int = 0
    clicks: int = 0
    rankings: list[np.ndarray] = field(default_factory=list)


def sell(
    opportunities: Sequence[Opportunity], bids: np.ndarray, budgets: np.ndarray, order: Order, *, slots: int, paced: bool
) -> Sold:
    """Play the opportunities in their order.

    An ad is shown only if what is left of its budget pays a click on it at its full bid. Paced: only if, besides, it has spent at
    most its budget times (share of the opportunities gone + HEADROOM).

    Args:
        bids, budgets: (A,) > 0.
        slots: ads shown at once, >= 1. A click in one slot is as likely as in another.
    """
    sold = Sold(np.zeros(len(bids)))
    total = 0.0
    for number, chance in enumerate(opportunities):
        spent, bid, budget = sold.spent[chance.ads], bids[chance.ads], budgets[chance.ads]
        may = spent + bid <= budget + 1e-9
        if paced:
            may &= spent <= budget * (number / len(opportunities) + HEADROOM)
        score = np.where(may, order.score(bid, chance.probability), -np.inf)
        ranked = np.argsort(-score, kind="stable")[: int(may.sum())]
        for place, position in enumerate(ranked[:slots]):
            sold.shown += 1
            if chance.clicked[position]:
                following = float(score[ranked[place + 1]]) if place + 1 < len(ranked) else 0.0
                asked = order.charge(float(bid[position]), float(chance.probability[position]), following)
                cost = min(float(bid[position]), max(asked, RESERVE))
                sold.spent[chance.ads[position]] += cost
                total += cost
                sold.clicks += 1
        sold.rankings.append(ranked[:slots])
        sold.revenue.append(total)
    return sold
