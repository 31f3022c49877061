"""A study in a file: it goes on where it was stopped, also after `kill -9`, and one process at a time holds it.

The file is optuna's journal, a line of JSON for each event. It holds every finished trial; one that was under way is asked again
first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuserank.errors import InputError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

Params = Mapping[str, Any]
WARM_UP_TRIALS, WARM_UP_EPOCHS = 4, 3  # before the median of earlier trials says anything
# What optuna raises on a journal that was damaged: it checks none of it.
DAMAGE = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, IsADirectoryError)
STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


@dataclass(frozen=True)
class Trial:
    """One finished trial.

    Attributes:
        number: in the order of asking.
        state: ``complete``, ``pruned`` or ``failed``.
        value: what was maximised, None unless complete.
        params: knob -> value.
        epochs, seconds: how long it ran.
        why: it ended early; "" when complete.
    """

    number: int
    state: str
    value: float | None
    params: dict[str, Any]
    epochs: int
    seconds: float
    why: str = ""


@contextmanager
def open_study(file: Path, default: Params, seed: int, space: Mapping[str, BaseDistribution]) -> Iterator[Study]:
    """The study in `file`, made if it is not there, with the default as its first trial.

    Args:
        default: knob -> value as the settings have it.
        seed: of the sampler.
        space: knob -> optuna's distribution, that all trials are of.

    Raises:
        InputError: another process works on this study, or the file is damaged.
    """
    import optuna
    from filelock import FileLock, Timeout

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file.with_suffix(".busy"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{file.name}: another search works on this study", allowed="one at a time", todo="wait for it, or end it"
        ) from None
    try:
        study = _read(file, space)
        # A sampler that began again at the same seed would draw its first trials a second time.
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
        study.pruner = optuna.pruners.MedianPruner(WARM_UP_TRIALS, WARM_UP_EPOCHS)
        for trial in study.trials:
            if trial.state.name == "RUNNING":
                ask_again(study, trial, "the process ended")
        if not any(trial.state.name in ("WAITING", "COMPLETE") and _asked(trial) == default for trial in study.trials):
            study.enqueue_trial(dict(default))
        yield study
    finally:
        lock.release()


def _read(file: Path, space: Mapping[str, BaseDistribution]) -> Study:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    try:
        _mend(file)
        journal = optuna.storages.JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(storage=journal, study_name="fuserank", direction="maximize", load_if_exists=True)
        for trial in study.trials:
            _refuse_another_space(trial, space)
    except DAMAGE as error:
        raise InputError(
            f"{file} cannot be read: {error!r}", allowed="the journal that a search wrote", todo="delete it; the search begins anew"
        ) from error
    return study


def _refuse_another_space(trial: FrozenTrial, space: Mapping[str, BaseDistribution]) -> None:
    """ValueError for a trial whose params the space does not hold; optuna checks their values when it makes such a trial."""
    from optuna.trial import create_trial

    params = _asked(trial)
    if not trial.distributions.items() <= space.items() or not params.keys() <= space.keys():
        raise ValueError(f"trial {trial.number} is of another space")
    create_trial(state=state("FAIL"), params=params, distributions={name: space[name] for name in params})


def _mend(file: Path) -> None:
    """Remove what a process that was killed while it wrote has left: half a line, and optuna's lock. Ours is held here.

    Raises:
        ValueError: the file is not empty and holds no whole line, so there is nothing to mend it to.
    """
    file.with_name(file.name + ".lock").unlink(missing_ok=True)
    if file.exists():
        data = file.read_bytes()
        whole = data.rfind(b"\n") + 1
        if data and not whole:
            raise ValueError("it holds no line")
        if whole < len(data):
            os.truncate(file, whole)


def ask_again(study: Study, trial: FrozenTrial, why: str) -> None:
    """Put the params of an interrupted trial into the line again. A kill in between asks twice, which is better than never."""
    study.enqueue_trial(_asked(trial), user_attrs={"again": f"trial {trial.number}: {why}"})
    study.tell(trial.number, state=state("FAIL"))


def finished(study: Study) -> list[Trial]:
    """Trials that ended by themselves: complete, pruned, or failed with a reason; interrupted ones are asked again."""
    return [
        Trial(
            number=trial.number,
            state=STATES[trial.state.name],
            value=trial.value if trial.state.name == "COMPLETE" else None,
            params=dict(trial.params),
            epochs=trial.user_attrs.get("spent", (0, 0.0))[0],
            seconds=trial.user_attrs.get("spent", (0, 0.0))[1],
            why=trial.user_attrs.get("why", ""),
        )
        for trial in study.trials
        if trial.state.name == "COMPLETE" or "why" in trial.user_attrs
    ]


def complete(study: Study) -> list[Trial]:
    """The finished trials that ran to their end."""
    return [trial for trial in finished(study) if trial.state == "complete"]


def state(name: str) -> Any:
    """optuna's TrialState by name; optuna is imported when it is needed."""
    from optuna.trial import TrialState

    return TrialState[name]


def _asked(trial: FrozenTrial) -> dict[str, Any]:
    """Params of a trial, those included that it was asked for and did not come to."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}
