"""Step: questions to the help desk."""

from __future__ import annotations

from collections.abc import Sequence

from fuserank.errors import InputError
from fuserank.recipes.customer_service.desk import HelpDesk, HelpReply
from fuserank.recipes.running import Run
from fuserank.recipes.steps.recorded import recording


def help_desk(run: Run, script: Sequence[str]) -> list[HelpReply]:
    """Play the script, or listen.

    Args:
        script: questions in words; ``@file.wav`` is a spoken one.
    """
    ready = run.found["answer_study"]
    desk = HelpDesk(ready.shop, ready.confidence)
    run.say(f"an answer is given from probability {ready.confidence.threshold:.3f} on")
    replies = []
    for turn in run.turns(script):
        try:
            audio = recording(turn)
            reply = desk.hear(audio) if audio is not None else desk.ask(turn)
        except InputError as error:  # of one question; the next may be asked
            run.say(f"  {error}")
            continue
        replies.append(reply)
        if audio is not None:
            run.say(f"  heard: {reply.question}")
        near = f"; nearest: {', '.join(reply.titles)}" if reply.titles else ""
        run.say(f"  [{reply.probability:.2f}] {reply.answer or f'no good answer{near}'}")
    return replies
