"""What a customer is told in each named case, and that it is made of the event's own fields."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.calibration import Calibration
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.logistics_tracking.places import places
from fuserank.recipes.logistics_tracking.shipments import Event, Shipment
from fuserank.recipes.logistics_tracking.tracker import CASES, Tracker
from tests.unit.recipes.talking_shop import TalkingShop

TOWN = {(place.en, place.code): place for place in places()}
NUMBER = "RA473124829GB"
WAY = [("picked_up", ("London", "GB")), ("in_transit", ("Paris", "FR")), ("customs_cleared", ("Lyon", "FR"))]
SURE = Confidence(Calibration(method="platt", values={"slope": (1.0,), "bias": (0.0,)}, queries=1, pairs=1, relevant=1), 0.6)


def shipment(way, number=NUMBER):
    start = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    events = [
        Event(f"{number}/{i:02d}", status, TOWN[town], start + timedelta(hours=i), None, i == len(way) - 1)
        for i, (status, town) in enumerate(way)
    ]
    return Shipment(number, tuple(events))


def tracker(way=WAY, shop=None):
    return Tracker(shop or TalkingShop([]), {NUMBER: shipment(way)}, SURE)


def test_the_event_that_answers_and_what_came_since():
    reply = tracker().ask(f"was {NUMBER} picked up")
    assert reply.case == "answered" and reply.event.status == "picked_up"
    assert reply.text == (
        "Picked up from the sender by the carrier · London, United Kingdom · 2026-01-05 08:00 UTC; the latest since then: "
        "Released by customs, clearance complete · Lyon, France · 2026-01-05 10:00 UTC"
    )


def test_in_chinese():
    shop = TalkingShop([], scores={f"{NUMBER}/02": 5.0})
    reply = tracker(shop=shop).ask(f"{NUMBER} 清关了吗")
    assert reply.text == "海关已放行，清关完成 · 法国里昂 · 2026-01-05 10:00 UTC" and shop.asked[0].query.locale == "zh"


def test_a_weak_best_event_is_no_answer():
    reply = tracker(shop=TalkingShop([], scores={f"{NUMBER}/00": 0.1})).ask(f"hello {NUMBER}")
    assert reply.case == "vague" and reply.event.latest and reply.probability < 0.6
    assert tracker().ask("", number=NUMBER).case == "vague"


def test_only_events_at_the_place_are_ranked():
    shop = TalkingShop([], scores={f"{NUMBER}/01": 5.0})
    assert tracker(shop=shop).ask("what happened there", number=NUMBER, place="paris").event.place.en == "Paris"
    assert [candidate.product_id for candidate in shop.asked[0].candidates] == [f"{NUMBER}/01"]


def test_the_number_itself_is_not_ranked_by():
    shop = TalkingShop([])
    tracker(shop=shop).ask(f"was {NUMBER} picked up")
    assert NUMBER not in shop.asked[0].query.text


@pytest.mark.parametrize(
    ("question", "number", "place", "case"),
    [
        ("where is my parcel", "", "", "no_number"),
        ("where is RA437124829GB", "", "", "mistyped_number"),
        ("where is it", "RA437124829GB", "", "mistyped_number"),
        ("where is it", "hello", "", "mistyped_number"),
        ("where is RA123456785GB", "", "", "unknown_number"),
        (f"was {NUMBER} in Tokyo", "", "", "not_there"),
        ("was it there", NUMBER, "Tokyo", "not_there"),
        ("was it there", NUMBER, "Timbuktu", "unknown_place"),
    ],
)
def test_case(question, number, place, case):
    shop = TalkingShop([])
    reply = tracker(shop=shop).ask(question, number, place)
    assert reply.case == case and not shop.asked
    assert (reply.event is None) == (case != "not_there")


def test_a_mistyped_number_comes_with_the_one_that_was_meant():
    assert NUMBER in tracker().ask("where is RA437124829GB").text


def test_another_parcels_number_is_never_told():
    others = {number: shipment(WAY, number) for number in ("RA123456785GB", NUMBER)}
    reply = Tracker(TalkingShop([]), others, SURE).ask("where is RA123456795GB")
    assert reply.case == "mistyped_number" and NUMBER not in reply.text


def test_two_towns_of_one_name():
    both = [*WAY, ("in_transit", ("London", "CA"))]
    assert tracker(both).ask(f"when was {NUMBER} in London").text == "Which one: London, United Kingdom or London, Canada?"
    assert tracker(both).ask(f"{NUMBER} 到过伦敦吗").text == "您指哪一个：英国伦敦，还是加拿大伦敦？"
    assert tracker(both).ask(f"when was {NUMBER} in London, Canada").case != "ambiguous_place"
    assert tracker().ask(f"when was {NUMBER} in London").case != "ambiguous_place"  # only one is on its way
    assert tracker(WAY[1:]).ask(f"when was {NUMBER} in London").case == "not_there"


def test_two_towns_of_different_names_are_both_looked_at():
    shop = TalkingShop([])
    tracker(shop=shop).ask(f"was {NUMBER} in Paris or in Lyon")
    assert len(shop.asked[0].candidates) == 2


def test_each_case_has_words_of_both_languages():
    assert all(len(texts) == 2 and texts[0] and texts[1] for texts in CASES.values())


@given(st.text(max_size=80), st.text(max_size=30) | st.just(NUMBER), st.text(max_size=20))
def test_any_question_is_a_named_case(question, number, place):
    reply = tracker().ask(question, number, place)
    assert reply.case in CASES and reply.text
    if reply.event is not None:
        assert reply.event in replace(shipment(WAY)).events and f"{reply.event.time:%H:%M}" in reply.text
