"""Requests of one part of a log: who answered what, and what the shopper did with the products shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from fuserank.click_models import GAINS
from fuserank.metrics.ndcg import ndcg

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """One ranking.

    Attributes:
        version: of the model; of an interleaved answer both, with ``+``.
        time: milliseconds since 1970, UTC.
        shopper: pseudonym of the user, else of the visit, else the request itself.
        known: there was a user or a visit.
        by_name: the request named its model.
        products: ids, best first.
        teams: who put each product, of an interleaved answer.
        degraded: something was left out.
        stands_for: 1 / the probability with which the row was kept.
    """

    version: str
    time: int
    shopper: str
    known: bool
    by_name: bool
    products: tuple[str, ...]
    teams: tuple[str, ...]
    degraded: bool
    stands_for: float


@dataclass(slots=True)
class Request:
    """One request.

    Attributes:
        answers: role -> ranking.
        acts: product -> what was done with it, of those in `GAINS`; only products that were shown.
        events: what became of its events -> how many.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    acts: dict[str, set[str]] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)

    @property
    def shown(self) -> Answer | None:
        """What the shopper saw; None when the log has the shadow's ranking alone."""
        return next((answer for role, answer in self.answers.items() if role != "shadow"), None)


def requests_of(rankings: pa.Table, events: pa.Table) -> tuple[list[Request], int]:
    """Answers and events, put together by request.

    Args:
        rankings, events: one part, with the columns of `fuserank.online_evaluation.dealing.COLUMNS`.

    Returns:
        the requests, and how many events are of none of them.
    """
    found: dict[str, Request] = {}
    for row in rankings.set_column(1, "time", rankings["time"].cast(pa.int64())).to_pylist():
        # A second ranking of the same role would be a copy: ids of requests are random.
        found.setdefault(row["request_id"], Request()).answers.setdefault(row["role"], _answer(row))
    unknown = 0
    for request_id, action, product in zip(*(events[name].to_pylist() for name in events.column_names), strict=True):
        if request_id in found:
            request = found[request_id]
            request.events[_note(request, action, product)] += 1
        else:
            unknown += 1
    return list(found.values()), unknown


def feedback_ndcg(products: tuple[str, ...], acts: Mapping[str, set[str]]) -> float:
    """nDCG@10 of an order by what a shopper did: linear gain (purchase 3, cart 2, click 1), discount 1 / log2(1 + rank).

    Args:
        products: best first.
        acts: product -> what was done with it, at least one; products that the order does not have count in the ideal order.

    Returns:
        a value in [0, 1].
    """
    gains = {product: max(GAINS[action] for action in done) for product, done in acts.items()}
    top = products[:DEPTH]
    grades = [gains.get(product, 0) for product in top] + [0] * (DEPTH - len(top))
    grades += [gain for product, gain in gains.items() if product not in top]
    return ndcg(-np.arange(len(grades)), np.array(grades), DEPTH)


def _answer(row: Mapping[str, Any]) -> Answer:
    who = row["user"] or row["session_id"]
    return Answer(
        version=row["model_version"],
        time=row["time"],
        shopper=who or row["request_id"],
        known=who is not None,
        by_name=bool(row["by_name"]),
        products=tuple(row["product_ids"]),
        teams=tuple(row["teams"] or ()),
        degraded=bool(row["degraded"]),
        stands_for=1 / row["sampled"],
    )


def _note(request: Request, action: str, product: str) -> str:
    """Put an event to its request; what became of it, in words."""
    if action not in GAINS:
        return "not a click, cart or purchase"
    if request.shown is None or product not in request.shown.products:
        return "product not shown"
    done = request.acts.setdefault(product, set())
    if action in done:
        return "repeated"
    done.add(action)
    return "used"
