"""What all flows share: how a run is called, what is tried again, and how the settings of a run come about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.tasks import Task, exponential_backoff
from pydantic import BaseModel, ConfigDict, Field

from fuserank.data.dataset import Dataset
from fuserank.errors import FuserankError
from fuserank.losses import LOSSES
from fuserank.settings import Settings, load_settings

SAMPLE = Path("data/sample")
MINUTE, HOUR = 60, 3600  # seconds
Overrides = dict[str, Any]


class TrainingChanges(BaseModel):
    """What a run trains otherwise than the settings say; what is None stays as they say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rankers: list[str] | None = Field(None, description="late, fusion+scorer or late+fusion+scorer, such as late+concat+sequence")
    loss: Literal[tuple(LOSSES)] | None = Field(None, description="that all of them learn by")  # type: ignore[valid-type]
    seeds: list[int] | None = Field(None, description="each ranker is trained once for each")
    epochs: int | None = Field(None, gt=0, description="the learning rate falls to 0 over them")


UNCHANGED = TrainingChanges()


def settings_of(overrides: Overrides | None, training: TrainingChanges = UNCHANGED) -> Settings:
    """The settings of a run.

    Args:
        overrides: values that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
        training: values that win over these.
    """
    given = dict(overrides or {})
    changed = training.model_dump(exclude_none=True)
    return load_settings(**given | ({"training": given.get("training", {}) | changed} if changed else {}))


def dataset_and_version() -> str:
    """Name of a flow run: the dataset and the start of its version; of a folder that is no dataset its path."""
    data = flow_run.parameters.get("data", SAMPLE)
    try:
        dataset = Dataset.open(data)
        return f"{dataset.name} {dataset.version[:8]}"
    except (FuserankError, OSError):
        return str(data)


# Options of every flow.
FLOW: dict[str, Any] = {"flow_run_name": dataset_and_version, "persist_result": False, "validate_parameters": True}


def _may_pass(_: Task, __: TaskRun, state: State) -> bool:
    """What we refuse will be refused again; a full disk or a lost connection may be better in a moment."""
    return not isinstance(state.result(raise_on_failure=False), FuserankError)


# Options of tasks that touch much of the disk.
RETRYING: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": exponential_backoff(backoff_factor=5),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _may_pass,
}


def report_link(page: Path, reports: Path) -> str:
    """Where a browser finds a report page: at the server of reports that `make up` starts, else as a file."""
    served = os.environ.get("FUSERANK_REPORTS_URL")
    return f"{served}/{page.relative_to(reports)}" if served else page.resolve().as_uri()
