"""From a ranker's score to a probability that the product is relevant, by a monotone map fitted on validation slates.

Ranking losses leave the level of a query's scores free, so a score has no meaning across queries until it is held against
judgments. `platt`, `temperature` and `isotonic` map the score itself: a pair has one probability, whatever it is ranked beside.
`slate` maps the score relative to its slate: where levels differ from query to query it is sharper, but the probability of a pair
then depends on its rivals, and the best of a slate of bad answers looks good. It is measured, never chosen for serving.

Shapes: a slate has N candidates, scores (N,) finite, relevant (N,) bool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from fuserank.plugins import PluginTable

SMALLEST_SLOPE = 1e-3  # above 0, so that no fit turns the order round
FOLDS = 5
Values = Mapping[str, tuple[float, ...]]
Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class Method:
    """A family of monotone maps.

    Attributes:
        fit: (scores, relevant) of slates -> the map's values.
        apply: (values, scores (N,) of one slate) -> probabilities (N,) in [0, 1], never falling where the score rises.
        of_the_pair: whether a probability depends on the pair alone, so that it may be served.
    """

    fit: Callable[[Arrays, Arrays], Values]
    apply: Callable[[Values, np.ndarray], np.ndarray]
    of_the_pair: bool = True


def _smoothed(relevant: np.ndarray) -> np.ndarray:
    """Targets short of 0 and 1 by what the number of pairs allows (Platt 1999): no finite sample proves certainty."""
    yes = int(relevant.sum())
    return np.where(relevant, (yes + 1) / (yes + 2), 1 / (len(relevant) - yes + 2))


def _logistic(columns: np.ndarray, relevant: np.ndarray, bounds: Sequence[tuple[float | None, float | None]]) -> tuple[float, ...]:
    """Weights (C,) of σ(columns · w) by maximum likelihood on smoothed targets, within bounds; columns (n, C)."""
    from scipy.optimize import minimize
    from scipy.special import expit

    target = _smoothed(relevant)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = columns @ weights
        value = np.mean(np.logaddexp(0, logits) - target * logits)
        return float(value), columns.T @ (expit(logits) - target) / len(target)

    start = np.array([1.0] + [0.0] * (columns.shape[1] - 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "maxiter": 1000})
    return tuple(float(w) for w in found.x)


_SLOPE, _FREE = (SMALLEST_SLOPE, None), (None, None)


def _fit_temperature(scores: Arrays, relevant: Arrays) -> Values:
    """σ(s / T) (Guo et al. 2017, arXiv:1706.04599): trusts that 0 means undecided, which a ranking loss does not promise."""
    column = np.concatenate(scores)[:, None]
    return {"slope": _logistic(column, np.concatenate(relevant), [_SLOPE])}


def _fit_platt(scores: Arrays, relevant: Arrays) -> Values:
    """σ(a s + b), a > 0 (Platt 1999)."""
    every = np.concatenate(scores)
    slope, bias = _logistic(np.stack([every, np.ones_like(every)], axis=1), np.concatenate(relevant), [_SLOPE, _FREE])
    return {"slope": (slope,), "bias": (bias,)}


def _fit_slate(scores: Arrays, relevant: Arrays) -> Values:
    """σ(a s + c m + b), a > 0, m the slate's median score: what an arbitrary candidate of this query gets."""
    every, level = np.concatenate(scores), np.concatenate([np.full(len(s), np.median(s)) for s in scores])
    columns = np.stack([every, np.ones_like(every), level], axis=1)
    slope, bias, weight = _logistic(columns, np.concatenate(relevant), [_SLOPE, _FREE, _FREE])
    return {"slope": (slope,), "bias": (bias,), "level": (weight,)}


def _apply_logistic(values: Values, scores: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    level = values["level"][0] * np.median(scores) if "level" in values and len(scores) else 0.0
    return np.asarray(expit(values["slope"][0] * np.asarray(scores, float) + values.get("bias", (0.0,))[0] + level))


def _fit_isotonic(scores: Arrays, relevant: Arrays) -> Values:
    """The best non-decreasing map (Zadrozny & Elkan 2002, KDD), as the corners of its pieces; linear between them."""
    from sklearn.isotonic import IsotonicRegression

    every = np.concatenate(relevant)
    targets = _smoothed(every)
    fitted = IsotonicRegression(y_min=targets.min(), y_max=targets.max()).fit(np.concatenate(scores), every)
    return {"scores": tuple(fitted.X_thresholds_.tolist()), "probabilities": tuple(fitted.y_thresholds_.tolist())}


def _apply_isotonic(values: Values, scores: np.ndarray) -> np.ndarray:
    return np.interp(np.asarray(scores, float), values["scores"], values["probabilities"])


METHODS: PluginTable[Method] = PluginTable(
    "calibration",
    {
        "temperature": Method(_fit_temperature, _apply_logistic),
        "platt": Method(_fit_platt, _apply_logistic),
        "isotonic": Method(_fit_isotonic, _apply_isotonic),
        "slate": Method(_fit_slate, _apply_logistic, of_the_pair=False),
    },
)


class Calibration(BaseModel):
    """A fitted map, as a model folder holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: str = Field(description="name in METHODS")
    values: dict[str, tuple[float, ...]] = Field(description="of the map")
    queries: int = Field(ge=1, description="validation queries it was fitted on")
    pairs: int = Field(ge=1, description="their candidates")
    relevant: int = Field(ge=1, description="of them relevant")
    log_loss: dict[str, float] = Field(default_factory=dict, description="of each method on held-out validation queries")

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        """A map of a later version is refused when it is read, not when it is used."""
        _ = METHODS[method]
        return method

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """(N,) scores of a slate -> (N,) float64 probabilities in [0, 1]; a higher score never gets a lower one."""
        return METHODS[self.method].apply(self.values, scores)


def fit_method(method: str, scores: Arrays, relevant: Arrays) -> Calibration:
    """Fit one method.

    Args:
        method: name in METHODS.
        scores, relevant: of each slate; together with at least one relevant and one other pair.

    Raises:
        UnknownNameError: no such method.
        ValueError: all pairs are relevant, or none is: a map would be a guess.
    """
    flags = np.concatenate([np.asarray(r, bool) for r in relevant]) if len(relevant) else np.zeros(0, bool)
    if not flags.any() or flags.all():
        raise ValueError(f"{int(flags.sum())} of {len(flags)} pairs are relevant; a calibration needs both kinds")
    values = METHODS[method].fit([np.asarray(s, float) for s in scores], [np.asarray(r, bool) for r in relevant])
    return Calibration(method=method, values=dict(values), queries=len(scores), pairs=len(flags), relevant=int(flags.sum()))


def fit_calibration(scores: Arrays, relevant: Arrays) -> Calibration | None:
    """Fit the method that is best on queries it has not seen: the lowest log loss over FOLDS folds of the queries.

    Args:
        scores, relevant: of each validation slate.

    Returns:
        the chosen method fitted on all slates; None when they cannot teach one: fewer than FOLDS of them hold relevant and other
        candidates.
    """
    telling = [q for q, flags in enumerate(relevant) if np.any(flags) and not np.all(flags)]
    if len(telling) < FOLDS:
        return None
    losses = {name: _held_out_loss(name, scores, relevant, telling) for name in METHODS}
    best = min((name for name in METHODS if METHODS[name].of_the_pair), key=lambda name: losses[name])
    return fit_method(best, scores, relevant).model_copy(update={"log_loss": losses})


def _held_out_loss(method: str, scores: Arrays, relevant: Arrays, telling: Sequence[int]) -> float:
    """Mean log loss over pairs, each slate scored by a map that was fitted without it; slates that tell are dealt evenly."""
    order = [*telling, *(q for q in range(len(scores)) if q not in set(telling))]
    folds = [order[fold::FOLDS] for fold in range(FOLDS)]
    losses = []
    for fold in folds:
        rest = [q for q in order if q not in set(fold)]
        values = fit_method(method, [scores[q] for q in rest], [relevant[q] for q in rest]).values
        for q in fold:
            stated = np.clip(METHODS[method].apply(values, scores[q]), 1e-12, 1 - 1e-12)
            losses.append(-np.log(np.where(relevant[q], stated, 1 - stated)))
    return float(np.mean(np.concatenate(losses)))
