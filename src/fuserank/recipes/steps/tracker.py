"""Step: questions to the tracker."""

from __future__ import annotations

from collections.abc import Sequence

from fuserank.recipes.logistics_tracking.tracker import Tracker, TrackingReply
from fuserank.recipes.running import Run


def tracker(run: Run, script: Sequence[str]) -> list[TrackingReply]:
    """Play the script, or listen.

    Args:
        script: questions with number, and place if any.
    """
    ready = run.found["answer_study"]
    tracking = Tracker(ready.shop, run.found["tracking_data"], ready.confidence)
    replies = []
    for turn in run.turns(script):
        reply = tracking.ask(turn)
        replies.append(reply)
        sure = "" if reply.probability is None else f" {reply.probability:.2f}"
        run.say(f"  [{reply.case}{sure}] {reply.text}")
    return replies
