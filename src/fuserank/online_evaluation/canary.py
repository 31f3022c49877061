"""Canary: two models, each with shoppers of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fuserank.metrics.significance import holm
from fuserank.online_evaluation.requests import DEPTH, Answer, feedback_ndcg
from fuserank.online_evaluation.shoppers import Contrast, ShopperSums, two_sides

SIDES = ("champion", "challenger")
Acts = Mapping[str, set[str]]


def _share_with(action: str) -> Callable[[Sequence[str], Acts], float]:
    return lambda _products, acts: float(any(action in done for done in acts.values()))


def _ndcg(products: Sequence[str], acts: Acts) -> float | None:
    return feedback_ndcg(tuple(products), acts) if acts else None


def _reciprocal_rank(products: Sequence[str], acts: Acts) -> float | None:
    """Of the highest product clicked (Radlinski, Kurup & Joachims 2008, CIKM)."""
    return next((1 / rank for rank, product in enumerate(products, start=1) if "click" in acts.get(product, ())), None)


# Of one request: products shown, best first, and what was done with them -> value; None says nothing.
MEASURES: dict[str, Callable[[Sequence[str], Acts], float | None]] = {
    "requests with a click": _share_with("click"),
    "requests with a product put into the cart": _share_with("add_to_cart"),
    "requests with a purchase": _share_with("purchase"),
    f"nDCG@{DEPTH} of requests with feedback": _ndcg,
    "reciprocal rank of the first click": _reciprocal_rank,
}


@dataclass(frozen=True)
class CanaryResult:
    """What shoppers of each model did.

    Attributes:
        requests: of champion and challenger, compared.
        shoppers: likewise; a request of nobody known is one of its own.
        stands_for: requests that they are a sample of.
        of_nobody: of the requests, those without user and visit.
        measures: those that both sides have.
        left_out: why -> requests.
        changed_sides: shoppers whom both models answered; their requests are left out.
    """

    requests: tuple[int, int]
    shoppers: tuple[int, int]
    stands_for: tuple[float, float]
    of_nobody: tuple[int, int]
    measures: tuple[Contrast, ...]
    left_out: dict[str, int]
    changed_sides: int


class Canary:
    """Takes answers one by one.

    Args:
        window: first and last answer of the challenger, milliseconds; the champion's are compared within it.
    """

    def __init__(self, window: tuple[int, int]) -> None:
        self._first, self._last = window
        self._left_out: Counter[str] = Counter()
        # Beside the measures: requests that a row stands for, and whether it is of nobody.
        self._sums = {side: ShopperSums(len(MEASURES) + 2) for side in SIDES}

    def add(self, side: str, answer: Answer, acts: Acts) -> bool:
        """Count one answer of a side; whether it takes part."""
        if not self._first <= answer.time <= self._last:
            return False
        if answer.by_name or answer.degraded:
            self._left_out[f"{side}: {'asked for by name' if answer.by_name else 'degraded'}"] += 1
            return False
        values = [measure(answer.products, acts) for measure in MEASURES.values()]
        self._sums[side].add(answer.shopper, [*values, answer.stands_for, float(not answer.known)])
        return True

    def result(self) -> CanaryResult:
        """Without shoppers whom both models answered."""
        crossed = self._sums["champion"].shoppers & self._sums["challenger"].shoppers
        champion, challenger = (self._sums[side].table(crossed) for side in SIDES)
        found = [two_sides(name, champion[:, i], challenger[:, i]) for i, name in enumerate(MEASURES)]
        contrasts = [contrast for contrast in found if contrast is not None]
        adjusted = iter(holm([contrast.p for contrast in contrasts if contrast.p is not None]))
        (first_for, first), (second_for, second) = champion[:, -2].sum(axis=0), challenger[:, -2].sum(axis=0)
        return CanaryResult(
            requests=(int(first), int(second)),
            shoppers=(len(champion), len(challenger)),
            stands_for=(float(first_for), float(second_for)),
            of_nobody=(int(champion[:, -1, 0].sum()), int(challenger[:, -1, 0].sum())),
            measures=tuple(c if c.p is None else replace(c, p_adjusted=next(adjusted)) for c in contrasts),
            left_out=dict(self._left_out),
            changed_sides=len(crossed),
        )
