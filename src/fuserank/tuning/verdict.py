"""What a search has found: which knobs matter, and whether its best beats the default with seeds it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from fuserank.tuning.search import Evaluate
from fuserank.tuning.study import Params, Trial, complete

if TYPE_CHECKING:
    from optuna.study import Study

ENOUGH = 4  # complete trials from which on the importance of a knob is worth a number
FINALISTS = 2  # trials that are confirmed beside the default


def importance(study: Study) -> dict[str, float]:
    """Share of each knob in the spread of values, summing to 1, largest first: fANOVA (Hutter et al. 2014, ICML).

    {} with fewer than ENOUGH complete trials, or when all have one value: they tell nothing.
    """
    import optuna

    trials = complete(study)
    if len(trials) < ENOUGH or len({trial.value for trial in trials}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(value) for name, value in found.items()}


def finalists(study: Study, default: Params) -> list[Trial]:
    """The default's trial, then the best others with params of their own, at most FINALISTS, best first."""
    own, others = [], list[Trial]()
    for trial in sorted(complete(study), key=lambda t: -(t.value or 0.0)):
        if trial.params == default:
            own.append(trial)
        elif all(trial.params != other.params for other in others):
            others.append(trial)
    return [*own[:1], *others[:FINALISTS]]


def confirm(study: Study, evaluate: Evaluate, trials: Sequence[Trial], seeds: Sequence[int]) -> dict[int, list[float]]:
    """Evaluate trials with fresh seeds; what was evaluated before is read from the study.

    Returns:
        trial number -> value for each seed.
    """
    values: dict[int, list[float]] = {trial.number: [] for trial in trials}
    for seed in seeds:
        for trial in trials:
            key = f"trial {trial.number} with seed {seed}"
            if key not in study.user_attrs:
                study.set_user_attr(key, evaluate(trial.params, seed, lambda *_: None))
            values[trial.number].append(study.user_attrs[key])
    return values


def winner(confirmed: Mapping[int, Sequence[float]]) -> int:
    """Number of the trial with the highest mean over fresh seeds; of equals the one that stands first, which is the default."""
    return max(confirmed, key=lambda number: fmean(confirmed[number]))
