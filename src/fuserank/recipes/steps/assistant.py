"""Step: a session with the shopping assistant, and a check of every reason that it gave."""

from __future__ import annotations

from collections.abc import Sequence

from fuserank.errors import InputError
from fuserank.recipes.running import Run
from fuserank.recipes.shopping_assistant.reasons import holds
from fuserank.recipes.shopping_assistant.session import SHOWN, Assistant, Reply
from fuserank.recipes.steps.recorded import recording


def assistant(run: Run, script: Sequence[str], shown: int = SHOWN) -> list[Reply]:
    """Play the script, or listen.

    Args:
        script: turns in words; ``@file.wav`` is a spoken one.
        shown: products of a reply.
    """
    talking = Assistant(run.found["champion"], shown)
    replies = []
    for turn in run.turns(script):
        try:
            audio = recording(turn)
            reply = talking.hear(audio) if audio is not None else talking.say(turn)
        except InputError as error:  # of one turn; the session goes on
            run.say(f"  {error}")
            continue
        replies.append(reply)
        for line in _lines(reply, audio is not None):
            run.say(f"  {line}")
    facts = [(reason, offer) for reply in replies for offer in reply.offers for reason in offer.reasons]
    true = sum(holds(reason, offer.row, offer.explained) for reason, offer in facts)
    run.say(f"{true} of {len(facts)} reasons hold against the rows of their products")
    return replies


def _lines(reply: Reply, spoken: bool) -> list[str]:
    heard = [f"heard: {reply.heard}"] if spoken else []
    changes = ", ".join(
        f"{change.what} {change.how}" + (f" ({change.before or 'none'} → {change.after or 'none'})" if change.how != "kept" else "")
        for change in reply.changes
    )
    asked = [f"asked for: {reply.asked} [{changes}]"] if reply.asked else [f"[{changes}]"] if changes else []
    offers = []
    for place, offer in enumerate(reply.offers, start=1):
        price = "" if offer.row.price is None else f" · {offer.row.price:.2f}"
        offers += [f"{place}. {offer.product.title}{price}", f"   {'; '.join(reason.text for reason in offer.reasons)}"]
    return [*heard, *asked, *offers, *(f"({note})" for note in reply.notes)]
