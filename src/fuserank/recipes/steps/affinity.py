"""Step: affinities to categories and prices."""

from __future__ import annotations

from fuserank.recipes.plots import bars
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run
from fuserank.recipes.user_behaviour.leanings import Leaning, categories, leanings, price_bands

KINDS = {"category": categories, "price": price_bands}


def affinity(run: Run, shown: int = 10) -> dict[str, list[Leaning]]:
    """By category and by price band; the kind is named where the catalogue has none.

    Args:
        shown: kinds of a table at most, the most frequent first.
    """
    data, found = run.job.dataset, {}
    for name, kinds in KINDS.items():
        found[name] = leanings(data.interactions, kinds(data.products))
        if not found[name]:
            run.say(f"{name} affinity: no product that was taken has a {name}")
            continue
        rows = tuple((one.kind, one.events, one.share, one.returned, one.lift) for one in found[name][:shown])
        words = "share of all events; returned: next event of the shopper is of the kind again; lift: returned / share, 1 is chance"
        plot = {f"lift by {name}": bars({one.kind: one.lift or 0.0 for one in found[name][:shown]}, "lift")}
        run.show(Section(f"{name} affinity", words, (name, "events", "share", "returned", "lift"), rows, plot))
    return found
