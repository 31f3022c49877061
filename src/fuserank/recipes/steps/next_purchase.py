"""Step: rank what a shopper takes next, beside popularity, own past and item-based neighbours."""

from __future__ import annotations

from fuserank.pipeline.evaluate import Evaluated
from fuserank.pipeline.job import Job
from fuserank.recipes.running import Run
from fuserank.recipes.steps.leaderboard import ranked
from fuserank.recipes.user_behaviour.next_taken import asks_for_the_next, next_taken


def next_purchase(run: Run) -> Evaluated:
    """The leaderboard of the dataset where its queries are shoppers at a moment, of the last event of each shopper else."""
    job = run.job
    if not asks_for_the_next(job.dataset):
        target = run.settings.home / "recipes" / f"{job.name}_next"
        next_taken(job.dataset, target)
        run.say("queries are not shoppers at a moment: each shopper's last event is asked for instead")
        job = Job(target, run.settings)
    return ranked(run, job, "next purchase")
