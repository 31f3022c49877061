"""Let the challenger compete with the champion."""

from prefect import runtime, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from fuserank.model_folder import CARD
from fuserank.pipeline import gate as step
from fuserank.pipeline.evaluate import Evaluated
from fuserank.pipeline.gate import Gated
from fuserank.pipeline.job import Job
from fuserank.slates import Features, Slate


@task(name="gate", cache_policy=NO_CACHE)
def gate(job: Job, features: Features, evaluated: Evaluated, test: list[Slate]) -> Gated:
    """Promote the challenger if it passes every check; say why either way."""
    run = runtime.flow_run.name
    result = step.gate(job, features, evaluated, test, who=f"flow run {run}" if run else None)
    checks = result.decision.reasons if result.decision else []
    lines = [f"- {'passed' if c.passed else 'refused'}: {c.name}: {c.words}" for c in checks] or ["- it reigns already"]
    create_markdown_artifact(
        key="gate", markdown="\n".join([f"challenger {result.version}, champion {result.champion}", "", *lines])
    )
    if result.champion:
        card = step.registry(job).path(result.champion) / CARD
        create_markdown_artifact(key="model-card", markdown=card.read_text(), description=f"champion of {job.name}")
    return result
