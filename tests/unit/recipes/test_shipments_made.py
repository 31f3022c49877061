"""Generated shipments are as carriers' are, and the truth of a question follows from the events alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.data.leakage import leaks
from fuserank.recipes.logistics_tracking.dataset import build_tracking, intent_of, number_of
from fuserank.recipes.logistics_tracking.numbers import read_number
from fuserank.recipes.logistics_tracking.questions import ANSWERED_BY, LOCALES, answer_of, grades_of, wordings
from fuserank.recipes.logistics_tracking.shipments import STATUSES, make_shipments

BEFORE = {
    "customs_cleared": "customs",
    "out_for_delivery": "customs_cleared",
    "delivered": "out_for_delivery",
    "exception": "out_for_delivery",
}


@given(st.integers(1, 40), st.integers(0, 5))
def test_shipments(count, seed):
    shipments = list(make_shipments(count, seed))
    assert len({shipment.number for shipment in shipments}) == count
    for shipment in shipments:
        assert read_number(shipment.number) == shipment.number
        times = [event.time for event in shipment.events]
        assert times == sorted(set(times))
        assert [event.latest for event in shipment.events] == [False] * (len(times) - 1) + [True]
        seen = [event.status for event in shipment.events]
        assert seen[0] == "picked_up" and all(BEFORE.get(status) in (None, *seen[:place]) for place, status in enumerate(seen))
        assert all((event.reason is not None) == (event.status == "exception") for event in shipment.events)


def test_the_same_again_and_other_seeds_differ():
    assert list(make_shipments(5, 1)) == list(make_shipments(5, 1)) != list(make_shipments(5, 2))


def shipment_with(status):
    return next(s for s in make_shipments(200, 0) if s.latest.status == status)


def test_truths():
    delivered, waiting = shipment_with("delivered"), shipment_with("out_for_delivery")
    assert answer_of(delivered, "delivered").status == "delivered"
    assert answer_of(waiting, "delivered") is waiting.latest  # what never happened: the latest
    assert answer_of(delivered, "customs").status == "customs_cleared"
    assert answer_of(shipment_with("customs"), "customs").status == "customs"
    assert answer_of(delivered, "where") is delivered.latest
    first = delivered.events[0]
    assert answer_of(delivered, "through", first.place) is [e for e in delivered.events if e.place == first.place][-1]
    assert answer_of(delivered, "through", replace(first.place, en="Nowhere")) is delivered.latest


@pytest.mark.parametrize("intent", ANSWERED_BY)
def test_one_event_is_right(intent):
    for shipment in make_shipments(30, 3):
        grades = grades_of(shipment, intent, shipment.events[0].place)
        right = {event_id for event_id, grade in grades.items() if grade == 3}
        there = {event.event_id for event in shipment.events if event.place == shipment.events[0].place}
        assert right == there if intent == "through" else len(right) == 1
        assert grades[shipment.latest.event_id] >= 1 and len(grades) == len(shipment.events)


def test_what_is_said_of_an_event_is_its_fields():
    event = next(event for s in make_shipments(200, 0) for event in s.events if event.status == "exception")
    for chinese in (False, True):
        said = event.said(chinese)
        assert STATUSES["exception"][chinese] in said and event.reason[chinese] in said
        assert event.place.name(chinese) in said and f"{event.time:%Y-%m-%d %H:%M}" in said
    product = event.as_product()
    assert event.reason[0] in product.description and event.place.zh in product.description
    assert ("latest" in product.description) == event.latest


def test_wordings_are_fourteen_of_each_and_none_twice():
    texts = [text for by_locale in wordings().values() for locale in LOCALES for text in by_locale[locale]]
    assert len(texts) == len(set(texts)) == 14 * 2 * (len(ANSWERED_BY) + 1)
    assert all(("{place}" in text) for locale in LOCALES for text in wordings()["through"][locale])


def test_dataset(tmp_path):
    data = build_tracking(tmp_path / "a", shipments=40, seed=1)
    again = build_tracking(tmp_path / "b", shipments=40, seed=1)
    assert data.version == again.version != build_tracking(tmp_path / "c", shipments=40, seed=2).version
    assert not leaks(data)
    split_of = {}
    for query in data.queries:
        judged = data.qrels[query.query_id]
        assert {event_id.split("/")[0] for event_id in judged} == {number_of(query.query_id)}
        assert max(judged.values()) == (0 if intent_of(query.query_id) == "vague" else 3)
        assert split_of.setdefault(number_of(query.query_id), query.split) == query.split
    assert {query.split for query in data.queries} == {"train", "val", "test"}


def test_too_few_shipments(tmp_path):
    with pytest.raises(ValueError, match="at least 20"):
        build_tracking(tmp_path / "a", shipments=5)
