"""What is asked of a shipment, and which event answers it: the truth that the dataset is judged by."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from fuserank.recipes.logistics_tracking.places import Place
from fuserank.recipes.logistics_tracking.shipments import Event, Shipment

LOCALES = ("en", "zh")
VAGUE = "vague"
# What is asked -> statuses that answer it, the best last; what never happened is answered by the latest event.
ANSWERED_BY: dict[str, tuple[str, ...]] = {
    "where": (),
    "delivered": ("delivered",),
    "customs": ("customs", "customs_cleared"),
    "picked_up": ("picked_up",),
    "out_for_delivery": ("out_for_delivery",),
    "exception": ("exception",),
    "through": (),
}
SPLIT_OF_WORDING = ("train",) * 7 + ("val",) * 3 + ("test",) * 4  # of the fourteen wordings, in a drawn order
RIGHT, LATER_ASKED = 3, 1  # grades: the event that answers; the latest one beside an older answer


@cache
def wordings() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """intent -> locale -> wordings."""
    return dict(tomllib.loads(files(__package__).joinpath("wordings.toml").read_text(encoding="utf-8")))


def answer_of(shipment: Shipment, intent: str, place: Place | None = None) -> Event:
    """The event that answers.

    Args:
        shipment: asked for.
        intent: a key of ANSWERED_BY.
        place: of ``through``.
    """
    if intent == "through":
        there = [event for event in shipment.events if event.place == place]
        return there[-1] if there else shipment.latest
    for status in reversed(ANSWERED_BY[intent]):
        happened = [event for event in shipment.events if event.status == status]
        if happened:
            return happened[-1]
    return shipment.latest


def grades_of(shipment: Shipment, intent: str, place: Place | None = None) -> dict[str, int]:
    """event_id -> grade 0..3 of all events: RIGHT for what answers, LATER_ASKED for the latest when another one does.

    One event answers, but to a question for a place each event there does: arriving and leaving are both news of it.
    """
    right = answer_of(shipment, intent, place)
    grades = {event.event_id: 0 for event in shipment.events}
    grades[shipment.latest.event_id] = LATER_ASKED
    there = [event for event in shipment.events if intent == "through" and event.place == place]
    grades |= {event.event_id: RIGHT for event in there or [right]}
    return grades
