"""Step: how often the whole tracker, rules and ranker together, tells the right event for the questions of test."""

from __future__ import annotations

from fuserank.recipes.logistics_tracking.dataset import intent_of, number_of
from fuserank.recipes.logistics_tracking.questions import RIGHT, VAGUE
from fuserank.recipes.logistics_tracking.tracker import Tracker
from fuserank.recipes.running import Run


def tracker_accuracy(run: Run) -> dict[str, float]:
    """intent -> share of its questions whose told event is the right one; ``all`` of all that ask something.

    Beside it, as a floor, telling the latest event whatever is asked.
    """
    ready, shipments, data = run.found["answer_study"], run.found["tracking_data"], run.job.dataset
    tracking = Tracker(ready.shop, shipments, ready.confidence)
    told: dict[str, list[bool]] = {}
    latest: list[bool] = []
    for query in data.queries:
        intent, number = intent_of(query.query_id), number_of(query.query_id)
        if query.split == "test" and intent != VAGUE:
            right = {event_id for event_id, grade in data.qrels[query.query_id].items() if grade == RIGHT}
            event = tracking.ask(query.text, number=number).event
            told.setdefault(intent, []).append(event is not None and event.event_id in right)
            latest.append(shipments[number].latest.event_id in right)
    told["all"] = [flag for flags in told.values() for flag in flags]
    shares = {intent: sum(flags) / len(flags) for intent, flags in sorted(told.items())}
    run.say("told the right event: " + ", ".join(f"{intent} {share:.2f}" for intent, share in shares.items()))
    run.say(f"telling the latest event whatever is asked: {sum(latest) / len(latest):.2f}")
    return shares
