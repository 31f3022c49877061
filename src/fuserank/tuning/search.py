"""The search: ask for params, evaluate them, tell their value, until the budget is spent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuserank.errors import FuserankError
from fuserank.tuning.study import Params, Trial, ask_again, complete, finished, state

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import Trial as Asked

Report = Callable[[int, float], None]
Evaluate = Callable[[Params, int, Report], float]


@dataclass(frozen=True)
class Budget:
    """When a search ends, and what one trial may cost.

    Attributes:
        seconds: of this call.
        trials: finished trials of all calls; 0 leaves it at the default.
        slowest: a trial is pruned when its epochs take so many times as long as those of the default.
    """

    seconds: float
    trials: int
    slowest: float = math.inf


class _EndedError(Exception):
    """A trial ends before its last epoch."""

    def __init__(self, how: str, why: str) -> None:
        self.how, self.why = how, why
        super().__init__(why)


def search(
    study: Study,
    evaluate: Evaluate,
    space: Mapping[str, BaseDistribution],
    budget: Budget,
    *,
    seed: int = 0,
    on_trial: Callable[[Trial], None] | None = None,
) -> None:
    """Evaluate trials until the budget is spent; the first one, the default, runs to its end whatever the budget.

    Args:
        evaluate: (params, seed, report) -> the value to maximise. It calls report(epoch, value so far) after each epoch, lets pass
            what that raises, and raises a FuserankError for params that make no ranker.
        space: knob -> optuna's distribution; holds the default.
        seed: handed to `evaluate`.
        on_trial: told of each finished trial.

    Raises:
        FuserankError: the default cannot be evaluated.
    """
    until = time.monotonic() + budget.seconds
    while not complete(study) or (len(finished(study)) < budget.trials and time.monotonic() < until):
        asked = study.ask(dict(space))
        watch = _Watch(study, asked, until, budget.slowest)
        try:
            value = evaluate(asked.params, seed, watch)
            if not math.isfinite(value):
                raise _EndedError("FAIL", f"its value is {value}")
            asked.set_user_attr("spent", watch.spent)
            study.tell(asked, value)
        except _EndedError as ended:
            _tell(study, asked, watch, ended)
            if not complete(study):
                raise FuserankError(f"the settings as they are: {ended.why}", todo="make them train before a search") from None
        except FuserankError as error:
            _tell(study, asked, watch, _EndedError("FAIL", str(error)))
            if not complete(study):
                raise
        for trial in finished(study)[-1:]:
            if on_trial and trial.number == asked.number:
                on_trial(trial)


class _Watch:
    """What a trial calls after each epoch. It raises _EndedError when the trial is to end; the first to complete never is."""

    def __init__(self, study: Study, asked: Asked, until: float, slowest: float) -> None:
        before = complete(study)[:1]
        self._asked, self._until, self._slowest, self._first = asked, until, slowest, not before
        self._pace = slowest * before[0].seconds / max(before[0].epochs, 1) if before else math.inf
        self._started, self._epochs = time.monotonic(), 0

    @property
    def spent(self) -> tuple[int, float]:
        """Epochs and seconds so far."""
        return self._epochs, time.monotonic() - self._started

    def __call__(self, epoch: int, value: float) -> None:
        """Take note of an epoch."""
        self._epochs = epoch
        self._asked.report(value, epoch)
        if self._first:
            return
        if time.monotonic() > self._until:
            raise _EndedError("WAITING", "the budget was spent")
        if self.spent[1] / epoch > self._pace:
            raise _EndedError("PRUNED", f"an epoch takes more than {self._slowest:g} times as long as the default's")
        if self._asked.should_prune():
            raise _EndedError("PRUNED", "below the median of the trials before")


def _tell(study: Study, asked: Asked, watch: _Watch, ended: _EndedError) -> None:
    """Tell a trial that did not complete; one that only lacked time is asked again by the next call."""
    if ended.how == "WAITING":
        ask_again(study, study.trials[asked.number], ended.why)
        return
    asked.set_user_attr("spent", watch.spent)
    asked.set_user_attr("why", ended.why)
    study.tell(asked, state=state(ended.how))
