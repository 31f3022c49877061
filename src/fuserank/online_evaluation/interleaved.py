"""Interleaved: one list by both models; what shoppers take says whose products they prefer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fuserank.click_models import GAINS
from fuserank.metrics.ratios import ratio_interval
from fuserank.online_evaluation.requests import Answer


@dataclass(frozen=True)
class Preference:
    """Whose products one action was done with.

    Attributes:
        action: of `GAINS`.
        requests: with this action on a product shown; the others say nothing.
        wins, losses, ties: requests in which it was done with more, fewer, equally many products of the challenger.
        delta: (wins + ties / 2) / requests - 0.5, in -0.5..0.5; above 0 for the challenger (Chapelle, Joachims, Radlinski & Yue
            2012, TOIS, "Large-scale validation and analysis of interleaved search evaluation").
        low, high: 95 % confidence interval of delta, by shopper (the delta method of Deng et al. 2018); None where there is one
            shopper, or no spread.
        shoppers_for, shoppers_against: with more wins than losses, and the other way round.
        p: of no preference, by a sign test on these shoppers; None where there are none.
    """

    action: str
    requests: int
    wins: int
    losses: int
    ties: int
    delta: float
    low: float | None
    high: float | None
    shoppers_for: int
    shoppers_against: int
    p: float | None


@dataclass(frozen=True)
class InterleavedResult:
    """What shoppers took.

    Attributes:
        requests: compared.
        stands_for: requests that they are a sample of.
        preferences: of the actions that were done.
        left_out: why -> requests.
    """

    requests: int
    stands_for: float
    preferences: tuple[Preference, ...]
    left_out: dict[str, int]


class Interleaved:
    """Takes answers one by one."""

    def __init__(self) -> None:
        self._requests, self._stands_for = 0, 0.0
        self._left_out: Counter[str] = Counter()
        self._outcomes: dict[str, Counter[int]] = {action: Counter() for action in GAINS}
        self._balances: dict[str, dict[str, Counter[int]]] = {action: defaultdict(Counter) for action in GAINS}

    def add(self, answer: Answer, acts: Mapping[str, set[str]]) -> bool:
        """Credit the teams; whether the request takes part."""
        why = "degraded" if answer.degraded else "" if len(answer.teams) == len(answer.products) else "without teams"
        if why:
            self._left_out[why] += 1
            return False
        self._requests += 1
        self._stands_for += answer.stands_for
        for action in GAINS:
            teams = [team for product, team in zip(answer.products, answer.teams, strict=True) if action in acts.get(product, ())]
            if teams:
                outcome = int(np.sign(teams.count("challenger") - teams.count("champion")))
                self._outcomes[action][outcome] += 1
                self._balances[action][answer.shopper][outcome] += 1
        return True

    def result(self) -> InterleavedResult | None:
        """None when no answer was interleaved."""
        if not self._requests and not self._left_out:
            return None
        preferences = tuple(self._preference(action) for action in GAINS if self._outcomes[action])
        return InterleavedResult(self._requests, self._stands_for, preferences, dict(self._left_out))

    def _preference(self, action: str) -> Preference:
        outcomes = self._outcomes[action]
        sums = np.array([((by[1] - by[-1]) / 2, by.total()) for by in self._balances[action].values()], float)
        balances = sums[:, 0].tolist()
        low, high = ratio_interval(sums)
        wins, losses, ties = (outcomes[outcome] for outcome in (1, -1, 0))
        in_favour, against = sum(balance > 0 for balance in balances), sum(balance < 0 for balance in balances)
        decided = in_favour + against
        return Preference(
            action=action,
            requests=outcomes.total(),
            wins=wins,
            losses=losses,
            ties=ties,
            delta=(wins + ties / 2) / outcomes.total() - 0.5,
            low=low,
            high=high,
            shoppers_for=in_favour,
            shoppers_against=against,
            p=float(stats.binomtest(in_favour, decided).pvalue) if decided else None,
        )
