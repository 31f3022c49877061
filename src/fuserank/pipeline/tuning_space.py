"""What a search may choose from: the settings of tuning as optuna's distributions, the settings as they are always among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pydantic

from fuserank.errors import SettingsError
from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.pipeline.job import LATE, Job, parts_of
from fuserank.scorers import SCORERS
from fuserank.settings import Span, TrainingSettings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

RANKER = "ranker"  # every other knob is a setting of training
NETWORKS = tuple(f"{fusion}+{scorer}" for fusion in FUSIONS for scorer in SCORERS)
NAMES: Mapping[str, Sequence[str]] = {
    RANKER: (LATE, *NETWORKS, *(f"{LATE}+{network}" for network in NETWORKS)),
    "loss": tuple(LOSSES),
}
FIXED = ("rankers", "seeds", "start", "device", "precision")  # settings of training that a search must leave alone


def default_of(job: Job) -> dict[str, Any]:
    """knob -> value as the settings have it; the ranker is the first one."""
    training = job.settings.training
    return {name: training.rankers[0] if name == RANKER else getattr(training, name) for name in _knobs(job)}


def space_of(job: Job) -> dict[str, BaseDistribution]:
    """knob -> optuna's distribution; it holds the default, whatever the space of the settings.

    Raises:
        SettingsError: no such knob, ``all`` for a knob without a table, a span of a knob that is no real number, a logarithmic span
            below a default of 0, or a value that the settings of training refuse.
        UnknownNameError: no such ranker or loss.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    default = default_of(job)
    space: dict[str, BaseDistribution] = {}
    for name in _knobs(job):
        values, own = job.settings.tuning.space.get(name, (default[name],)), default[name]
        if isinstance(values, Span):
            if not isinstance(own, float):
                raise _refusal(name, "a span", "values as a list, since it is no real number")
            low, high = min(values.low, own), max(values.high, own)
            if values.log and low <= 0:
                raise _refusal(name, f"a logarithmic span and {name} = {own}", "values as a list, or a span without log")
            space[name] = FloatDistribution(low, high, log=values.log)
            values = (low, high)
        elif values == "all":
            if name not in NAMES:
                raise _refusal(name, "all", f"values or a span; all is for {', '.join(NAMES)}")
            values = tuple(NAMES[name])
        for value in values:
            job_of(job, default | {name: value})
        if name not in space:
            space[name] = CategoricalDistribution(tuple(dict.fromkeys((*values, own))))
    return space


def job_of(job: Job, params: Mapping[str, Any]) -> Job:
    """The job with the params of a trial in its settings; its ranker is the only one.

    Raises:
        SettingsError: a value that the settings of training refuse.
        UnknownNameError: no such ranker or loss.
    """
    values = {name: value for name, value in params.items() if name != RANKER}
    parts_of(params[RANKER])
    try:
        training = TrainingSettings(**{**job.settings.training.model_dump(), **values, "rankers": (params[RANKER],)})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise SettingsError(
            f"tuning.space: {name} = {first.get('input')!r}", allowed=first["msg"], todo="correct the space"
        ) from None
    return replace(job, settings=job.settings.model_copy(update={"training": training}))


def _knobs(job: Job) -> list[str]:
    """Names of the knobs; the ranker is always among them."""
    allowed = [RANKER, *(name for name in TrainingSettings.model_fields if name not in FIXED)]
    for name in job.settings.tuning.space:
        if name not in allowed:
            raise _refusal(name, "no such knob", ", ".join(allowed))
    return [RANKER, *(name for name in job.settings.tuning.space if name != RANKER)]


def _refusal(name: str, came: str, allowed: str) -> SettingsError:
    return SettingsError(f"tuning.space.{name}: {came}", allowed=allowed, todo="correct the space")
