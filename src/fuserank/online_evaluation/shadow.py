"""Shadow: two orders of the same request, of which the shopper saw one."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fuserank.online_evaluation.requests import DEPTH, Answer, feedback_ndcg
from fuserank.online_evaluation.shoppers import Contrast, ShopperSums, same_requests


@dataclass(frozen=True)
class ShadowResult:
    """How far the orders are apart.

    Attributes:
        requests: compared.
        stands_for: requests that they are a sample of.
        correlated: of them, those with two or more products in common.
        kendall, spearman: mean over these of tau-b and rho, -1..1, over the common products; None: there are none.
        overlap: mean share of the first ten that is common, 0..1; of shorter lists, of the longer one.
        same_first: share of requests whose first product is the same, 0..1.
        ndcg: nDCG@10 of both orders by feedback on the one that was shown; None without feedback.
        left_out: why -> requests.
    """

    requests: int
    stands_for: float
    correlated: int
    kendall: float | None
    spearman: float | None
    overlap: float | None
    same_first: float | None
    ndcg: Contrast | None
    left_out: dict[str, int]


class Shadow:
    """Takes requests one by one."""

    def __init__(self) -> None:
        self._left_out: Counter[str] = Counter()
        self._taus, self._rhos, self._overlaps, self._firsts = array("d"), array("d"), array("d"), array("d")
        self._gains, self._stands_for = ShopperSums(2), 0.0

    def add(self, champion: Answer | None, shadow: Answer, acts: Mapping[str, set[str]]) -> bool:
        """Compare both orders; whether the request takes part."""
        if champion is None:
            return self._leave("the answer shown is not in the log")
        if champion.degraded or shadow.degraded:
            return self._leave("degraded")
        if not champion.products or not shadow.products:
            return self._leave("an order without products")
        first, second = champion.products[:DEPTH], shadow.products[:DEPTH]
        self._overlaps.append(len({*first} & {*second}) / max(len(first), len(second)))
        self._firsts.append(first[0] == second[0])
        places = {product: place for place, product in enumerate(shadow.products)}
        common = [places[product] for product in champion.products if product in places]
        if len(common) > 1:
            self._taus.append(stats.kendalltau(range(len(common)), common).statistic)
            self._rhos.append(stats.spearmanr(range(len(common)), common).statistic)
        if acts:
            orders = (champion.products, shadow.products)
            self._gains.add(champion.shopper, [feedback_ndcg(products, acts) for products in orders])
        self._stands_for += champion.stands_for
        return True

    def result(self) -> ShadowResult | None:
        """None when no request had a shadow."""
        if not self._overlaps and not self._left_out:
            return None
        return ShadowResult(
            requests=len(self._overlaps),
            stands_for=self._stands_for,
            correlated=len(self._taus),
            kendall=_mean(self._taus),
            spearman=_mean(self._rhos),
            overlap=_mean(self._overlaps),
            same_first=_mean(self._firsts),
            ndcg=same_requests(f"nDCG@{DEPTH}", self._gains.table()),
            left_out=dict(self._left_out),
        )

    def _leave(self, why: str) -> bool:
        self._left_out[why] += 1
        return False


def _mean(values: array[float]) -> float | None:
    return float(np.mean(values)) if values else None
