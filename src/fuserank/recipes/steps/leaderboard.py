"""Step: extract, train all configured rankers, evaluate: the leaderboard on test."""

from __future__ import annotations

from fuserank.evaluation.plots import ranking_plot
from fuserank.metrics.ranking import PRIMARY
from fuserank.pipeline.compare import compare_rankers
from fuserank.pipeline.evaluate import Evaluated
from fuserank.pipeline.job import Job
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run


def leaderboard(run: Run) -> Evaluated:
    """The leaderboard of the recipe's dataset."""
    return ranked(run, run.job, "leaderboard")


def ranked(run: Run, job: Job, title: str) -> Evaluated:
    """The leaderboard of a job, shown under `title`."""
    found = compare_rankers(job, on_trained=lambda model: run.say(f"trained {model.plan.name}, seed {model.plan.seed}"))
    board = found.board
    rows = tuple((row.ranker, row.kind, row.metrics[PRIMARY]["mean"], row.metrics[PRIMARY]["std"]) for row in board.rows)
    words = f"{board.dataset}, {board.queries} test queries, linear gain; chosen on validation: {board.chosen}"
    run.show(Section(title, words, ("ranker", "kind", PRIMARY, "± seeds"), rows, {PRIMARY: ranking_plot(board)}))
    return found
