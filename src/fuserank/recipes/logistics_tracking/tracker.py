"""Answers to questions about a parcel: number and place are checked by rules, its events ranked by the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fuserank.encoders.text_cleaning import clean_text, has_cjk
from fuserank.errors import RequestError
from fuserank.messages import RankRequest, ShopperQuery
from fuserank.messages.base import MAX_TEXT
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.answering.shops import Shop
from fuserank.recipes.logistics_tracking.numbers import ALLOWED, number_in, read_number
from fuserank.recipes.logistics_tracking.places import Place, named
from fuserank.recipes.logistics_tracking.shipments import Event, Shipment

CASES: dict[str, tuple[str, str]] = {  # case -> what is said, English and Chinese
    "answered": ("{event}{since}", "{event}{since}"),
    "vague": ("I cannot tell what you ask; the latest is: {event}", "没有明白您问什么，最新状态：{event}"),
    "not_there": ("No scan in {place} so far; the latest is: {event}", "目前没有在{place}的扫描，最新状态：{event}"),
    "no_number": (f"Which parcel? Give its tracking number, {ALLOWED}", f"请提供运单号，例如 {ALLOWED}"),
    "mistyped_number": ("{hint}", "运单号有误：{hint}"),
    "unknown_number": ("No parcel {number} is known here", "没有运单 {number} 的记录"),
    "unknown_place": ("I do not know the place {place}", "不认识地点“{place}”"),
    "ambiguous_place": ("Which one: {place}?", "您指哪一个：{place}？"),
}
_SINCE = ("; the latest since then: {}", "；此后最新：{}")


@dataclass(frozen=True)
class TrackingReply:
    """What a customer is told.

    Attributes:
        case: a key of CASES.
        text: in the question's language, made of the event's own fields.
        event: that answers; None where none does.
        probability: that it is right; None where no event was ranked.
    """

    case: str
    text: str
    event: Event | None = None
    probability: float | None = None


class Tracker:
    """Knows shipments by number.

    Args:
        shop: who ranks; it needs not know the shipments.
        shipments: by number, each in its one form.
        confidence: when the best event is taken for an answer.
    """

    def __init__(self, shop: Shop, shipments: Mapping[str, Shipment], confidence: Confidence) -> None:
        self._shop, self._shipments, self._confidence = shop, shipments, confidence

    def ask(self, question: str, number: str = "", place: str = "") -> TrackingReply:
        """Answer a question.

        Args:
            question: in words; it may hold number and place.
            number: tracking number; "": the question's.
            place: in words; "": the question's, if it names one.
        """
        chinese = has_cjk(question)
        in_question, rest = number_in(question)
        typed = number or in_question
        if not typed.strip():
            return _told("no_number", chinese)
        try:
            shipment = self._shipments.get(read_number(typed))
        except RequestError as error:
            return _told("mistyped_number", chinese, hint=str(error))
        if shipment is None:
            return _told("unknown_number", chinese, number=read_number(typed))
        return self._about(shipment, rest, place, chinese)

    def _about(self, shipment: Shipment, question: str, place: str, chinese: bool) -> TrackingReply:
        meant = named(place or question)
        if place.strip() and not meant:
            return _told("unknown_place", chinese, place=place.strip()[:40])
        there = [event for event in shipment.events if event.place in meant]
        if meant and not there:
            return _told("not_there", chinese, shipment.latest, place=_either(meant, chinese))
        passed = list(dict.fromkeys(event.place for event in there))
        if len({town.en for town in passed}) < len(passed):
            return _told("ambiguous_place", chinese, place=_either(passed, chinese))
        text = clean_text(f"{question} {place}")[:MAX_TEXT]
        return self._ranked(shipment, text, there or list(shipment.events), chinese)

    def _ranked(self, shipment: Shipment, text: str, events: list[Event], chinese: bool) -> TrackingReply:
        if not text:
            return _told("vague", chinese, shipment.latest)
        query = ShopperQuery(text=text, locale="zh" if chinese else "en")
        best = self._shop.rank(RankRequest(query=query, candidates=[event.as_product() for event in events], k=1)).results[0]
        event = next(event for event in events if event.event_id == best.product_id)
        sure = float(self._confidence.probability(np.array([best.score]))[0])
        if sure < self._confidence.threshold:
            return _told("vague", chinese, shipment.latest, sure)
        since = "" if event.latest else _SINCE[chinese].format(shipment.latest.said(chinese))
        return _told("answered", chinese, event, sure, since=since)


def _told(case: str, chinese: bool, event: Event | None = None, sure: float | None = None, **said: str) -> TrackingReply:
    text = CASES[case][chinese].format(event=event.said(chinese) if event else "", **said)
    return TrackingReply(case, text, event, sure)


def _either(meant: list[Place], chinese: bool) -> str:
    return ("，还是" if chinese else " or ").join(town.name(chinese) for town in meant)
