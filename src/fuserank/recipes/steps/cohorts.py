"""Step: cohorts of shoppers by their first event."""

from __future__ import annotations

from fuserank.recipes.plots import heat
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run
from fuserank.recipes.user_behaviour.retention import Cohort, cohorts_of


def cohorts(run: Run, period: str = "month", shown: int = 13) -> list[Cohort]:
    """Retention by period.

    Args:
        period: ``month`` or ``week``.
        shown: cohorts, and later periods, of the table at most; the plot shows all.
    """
    found = cohorts_of(run.job.dataset.interactions, period)
    if not found:
        run.say("cohorts: the dataset has no interactions")
        return found
    width = min(shown, len(found[0].kept))
    rows = tuple((c.period, c.shoppers, *(c.kept[n] if n < len(c.kept) else None for n in range(width))) for c in found[:shown])
    head = (f"first {period}", "shoppers", *(f"+{n}" for n in range(width)))
    plot = {"retention": heat([c.period for c in found], [c.kept for c in found], f"{period}s later")}
    run.show(Section("cohorts", f"share of the cohort with an event so many {period}s later, UTC", head, rows, plot))
    return found
