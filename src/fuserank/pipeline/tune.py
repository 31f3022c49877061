"""Tuning: the search over structure on a job's training and validation slates; test slates are not even built.

What a trial is worth is its nDCG@10 on validation. The report says which knobs matter, and gives settings to paste only when they
beat the settings as they are with seeds that the search has not seen.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from fuserank.evaluation.plots import importance_plot, search_plot
from fuserank.files import write_file
from fuserank.pages import render
from fuserank.pipeline.job import Job, git_commit
from fuserank.pipeline.train import CHECKPOINT_SECONDS, judged_splits, knobs_of, spec_of, start_of
from fuserank.pipeline.tuning_space import RANKER, default_of, job_of, space_of
from fuserank.slates import Features
from fuserank.training import train
from fuserank.tuning import Budget, Trial, confirm, finalists, finished, importance, open_study, search, winner
from fuserank.tuning.search import Evaluate, Report
from fuserank.tuning.verdict import FINALISTS


@dataclass(frozen=True)
class Tuned:
    """What a search has found so far.

    Attributes:
        trials: finished ones, in the order of asking.
        importance: knob -> share in the spread of values; {} while there are too few trials to say.
        default: number of the trial of the settings as they are.
        best: number of the trial that wins with fresh seeds; the default itself when nothing beats it.
        confirmed: trial number -> validation nDCG@10 for each fresh seed.
        lines: settings to paste into pyproject.toml; "" when the default is best.
    """

    trials: tuple[Trial, ...]
    importance: dict[str, float]
    default: int
    best: int
    confirmed: dict[int, list[float]]
    lines: str

    def trial(self, number: int) -> Trial:
        """The trial of that number; KeyError when there is none."""
        return {trial.number: trial for trial in self.trials}[number]


def tune(job: Job, features: Features, *, on_trial: Callable[[Trial], None] | None = None) -> Tuned:
    """Search until the budget is spent, confirm the best, write tuning.json and tuning.html. A search that was stopped goes on.

    Args:
        on_trial: told of each finished trial.

    Raises:
        SettingsError: the space names a knob or a value that does not exist.
        InputError: another process tunes the same job, its journal is damaged, or a split has no judged query.
    """
    knobs = job.settings.tuning
    space, default, started = space_of(job), default_of(job), time.monotonic()
    identity = {name: str(distribution) for name, distribution in space.items()}
    others = {name: value for name, value in job.settings.training.model_dump(exclude={"start"}).items() if name not in space}
    key = job.fingerprint(space=identity, default=default, training=others, start=start_of(job), seed=knobs.seed)
    folder = job.settings.home / "tuning"
    evaluate = _evaluation(job, features, folder / f"{key}.checkpoint")
    seeds = range(knobs.seed + 1, knobs.seed + 1 + knobs.confirm)
    with open_study(folder / f"{key}.log", default, knobs.seed, space) as study:
        search(study, evaluate, space, Budget(0, 0), seed=knobs.seed, on_trial=on_trial)
        (own, *_) = finalists(study, default)
        left = 60 * knobs.minutes - (time.monotonic() - started)
        left -= min(left / 2, (FINALISTS + 1) * knobs.confirm * own.seconds)  # for the confirmation
        search(study, evaluate, space, Budget(left, knobs.trials, knobs.slowest), seed=knobs.seed, on_trial=on_trial)
        confirmed = confirm(study, evaluate, finalists(study, default), seeds)
        best = winner(confirmed)
        trials = tuple(finished(study))
        lines = "" if best == own.number else _lines({t.number: t for t in trials}[best].params)
        tuned = Tuned(trials, importance(study), own.number, best, confirmed, lines)
    _report(job, tuned)
    return tuned


def _evaluation(job: Job, features: Features, checkpoint: Path) -> Evaluate:
    """Training by the params of a trial; an interrupted one goes on from its checkpoint when it is asked again."""
    train_slates, val_slates = judged_splits(job, features, ("train", "val"))

    def evaluate(params: Mapping[str, Any], seed: int, report: Report) -> float:
        own = job_of(job, params)
        trained = train(
            spec_of(own, features, params[RANKER]),
            features,
            train_slates,
            val_slates,
            knobs_of(own),
            seed=seed,
            start=own.settings.training.start,
            checkpoint=checkpoint,
            checkpoint_seconds=CHECKPOINT_SECONDS,
            on_epoch=lambda epoch: report(epoch.epoch, epoch.val_ndcg),
        )
        shutil.rmtree(checkpoint, ignore_errors=True)
        return trained.best.val_ndcg

    return evaluate


def _lines(params: Mapping[str, Any]) -> str:
    """The params as settings; JSON values of these types are TOML values too."""
    values = {"rankers" if name == RANKER else name: [value] if name == RANKER else value for name, value in params.items()}
    return "\n".join(["[tool.fuserank.training]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())])


def _report(job: Job, tuned: Tuned) -> None:
    """Write tuning.json and tuning.html."""
    write_file(job.reports / "tuning.json", json.dumps(asdict(tuned), indent=1))
    best_first = sorted(tuned.trials, key=lambda t: (t.value is None, -(t.value or 0.0)))
    plots = [{"title": "Trials in order", "svg": search_plot([t.value for t in tuned.trials])}]
    if tuned.importance:
        plots.append({"title": "Importance of each knob (fANOVA)", "svg": importance_plot(tuned.importance)})
    page = render(
        "tuning.html",
        title=f"Tuning: {job.name}",
        dataset=job.name,
        data_version=job.dataset.version,
        commit=git_commit(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        trials=best_first,
        knobs=list(default_of(job)),
        default=tuned.trial(tuned.default),
        best=tuned.trial(tuned.best),
        finalists=[{"trial": tuned.trial(n), "fresh": values, "mean": fmean(values)} for n, values in tuned.confirmed.items()],
        lines=tuned.lines,
        plots=plots,
    )
    write_file(job.reports / "tuning.html", page)
