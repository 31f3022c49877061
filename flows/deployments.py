"""What can be started from the Prefect page, by the clock and by events: one table, registered as often as one likes.

Runs that train share a queue that lets one through at a time: two trainings on one machine take longer than one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags, WorkPoolFilter, WorkPoolFilterName
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import DeploymentSort
from prefect.events import DeploymentEventTrigger, EventTrigger, Posture
from prefect.events.actions import ChangeFlowRunState
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.schedules import Cron

from flows.monitor import DRIFT
from fuserank.pipeline.operations.probes import POOL
from fuserank.settings import OperationsSettings

TRAINING, QUICK = "training", "quick"
TAG = "fuserank"
MOST = 200  # deployments that a server tells at once
SILENCE = timedelta(seconds=120)  # of a run that is taken for dead; `flows.up` lets runs send a sign of life each 30 s


@dataclass(frozen=True)
class Deployed:
    """A flow that is deployed.

    Attributes:
        entrypoint: ``flows/file.py:function``.
        queue: that its runs wait in.
        tags: to find it by.
        cron: name of the setting of operations that says when it runs by the clock; "" never.
        on_drift: parameters of the run that a drift event starts, out of the event; None: it starts none.
    """

    entrypoint: str
    queue: str
    tags: tuple[str, ...]
    cron: str = ""
    on_drift: dict[str, Any] | None = None


def _of_event(field: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": f"{{{{ event.payload.{field} }}}}"}


DEPLOYED = (
    Deployed("flows/steps.py:validate", QUICK, ("step",)),
    Deployed("flows/steps.py:extract", QUICK, ("step",)),
    Deployed("flows/steps.py:train", TRAINING, ("step", "trains")),
    Deployed("flows/steps.py:evaluate", TRAINING, ("step", "trains")),
    Deployed("flows/steps.py:package", QUICK, ("step",)),
    Deployed("flows/chain.py:chain", TRAINING, ("chain", "trains")),
    Deployed("flows/tune.py:tune", TRAINING, ("trains",)),
    Deployed("flows/finetune.py:finetune", TRAINING, ("trains",)),
    Deployed("flows/monitor.py:monitor", QUICK, ("monitoring",), cron="monitor_cron"),
    Deployed(
        "flows/retrain.py:retrain",
        TRAINING,
        ("chain", "trains"),
        cron="retrain_cron",
        on_drift={name: _of_event(name) for name in ("data", "verdict", "reason")},
    ),
)


def register(settings: OperationsSettings, root: Path) -> list[str]:
    """Make the pool, its queues, the deployments and the automation what this table says; gives the names of the deployments.

    Args:
        root: the repository, where runs start.
    """
    _register_queues()
    names = [_register(deployed, settings, root) for deployed in DEPLOYED]
    _remove_all_but(names)
    _register_crash_detection()
    return names


def _register(deployed: Deployed, settings: OperationsSettings, root: Path) -> str:
    flow = Flow.from_source(source=str(root), entrypoint=deployed.entrypoint)
    cron = getattr(settings, deployed.cron) if deployed.cron else None
    triggers = []
    if deployed.on_drift is not None:
        triggers = [
            DeploymentEventTrigger(
                name="retrain after drift",
                description="Traffic has drifted from what the champion was trained on.",
                expect={DRIFT},
                posture=Posture.Reactive,
                threshold=1,
                within=timedelta(0),
                parameters=deployed.on_drift,
            )
        ]
    name = deployed.entrypoint.rpartition(":")[2]
    flow.to_deployment(
        name,
        work_pool_name=POOL,
        work_queue_name=deployed.queue,
        schedules=[Cron(cron, timezone=settings.timezone)] if cron else [],
        triggers=triggers,
        parameters={"data": str(settings.data)},
        tags=[TAG, *deployed.tags],
        description=flow.description,
    ).apply()
    return f"{flow.name}/{name}"


def _remove_all_but(names: Collection[str]) -> None:
    """Deployments of ours that an older table named: their schedules would go on starting what is no longer there."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    in_our_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    with get_client(sync_client=True) as client:
        for found in client.read_deployments(
            deployment_filter=ours, work_pool_filter=in_our_pool, limit=MOST, sort=DeploymentSort.NAME_ASC
        ):
            if f"{client.read_flow(found.flow_id).name}/{found.name}" not in names:
                client.delete_deployment(found.id)


def _register_queues() -> None:
    with get_client(sync_client=True) as client:
        with suppress(ObjectAlreadyExists):
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", description="runs of fuserank on this machine"))
        for name, limit, about in (
            (QUICK, None, "runs that do not train"),
            (TRAINING, 1, "runs that train: one at a time"),
        ):
            try:
                queue = client.read_work_queue_by_name(name, work_pool_name=POOL)
            except ObjectNotFound:
                queue = client.create_work_queue(name=name, work_pool_name=POOL)
            client.update_work_queue(queue.id, concurrency_limit=limit, description=about)


def _register_crash_detection() -> None:
    """Runs whose process is gone are marked crashed, also when nobody is left who saw it die."""
    wanted = Automation(
        name="fuserank: mark dead runs as crashed",
        description="A run that sent heartbeats and sends none any more.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                "prefect.flow-run.heartbeat",
                "prefect.flow-run.Completed",
                "prefect.flow-run.Failed",
                "prefect.flow-run.Cancelled",
                "prefect.flow-run.Crashed",
            },
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message="no heartbeat: its process is gone")],
    )
    try:
        known = Automation.read(name=wanted.name)
    except ValueError:
        wanted.create()
    else:
        wanted.id = known.id
        wanted.update()
