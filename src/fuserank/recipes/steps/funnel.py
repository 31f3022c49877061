"""Step: the funnel of the dataset's log."""

from __future__ import annotations

from fuserank.recipes.plots import bars
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run
from fuserank.recipes.user_behaviour.stages import Stage, stages


def funnel(run: Run) -> list[Stage]:
    """Impression, click, cart, purchase."""
    found = stages(run.job.dataset.interactions)
    rows = tuple((s.action, s.pairs, s.shoppers, s.passed) for s in found)
    words = "pairs of session and product with the action; passed: share of the pairs of the stage before that have this one too"
    plot = {"pairs": bars({s.action: s.pairs for s in found}, "pairs of session and product")}
    run.show(Section("funnel", words, ("stage", "pairs", "shoppers", "passed"), rows, plot))
    return found
