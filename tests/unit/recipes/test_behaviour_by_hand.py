"""Funnel, affinities, cohorts and next purchases against numbers counted by hand."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.errors import InputError, UnknownNameError
from fuserank.recipes.user_behaviour.leanings import categories, leanings, price_bands
from fuserank.recipes.user_behaviour.next_taken import asks_for_the_next, next_taken
from fuserank.recipes.user_behaviour.retention import cohorts_of
from fuserank.recipes.user_behaviour.stages import stages
from fuserank.types import ACTIONS, Interaction, Product, Query


def event(user, product, action="purchase", day="2025-01-01", session="s"):
    moment = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    return Interaction(moment, user, f"{session}-{user}", None, product, action, None)


EVENTS = st.lists(
    st.builds(
        Interaction,
        st.integers(0, 4 * 10**12),
        st.sampled_from(["u", "v", "w"]),
        st.sampled_from(["s", "t"]),
        st.none(),
        st.sampled_from(["a", "b"]),
        st.sampled_from(ACTIONS),
        st.none(),
    ),
    max_size=30,
)


def test_funnel_by_hand():
    log = [
        *(event("u", product, "impression") for product in "abcd"),
        event("u", "a", "impression"),  # again: counts once
        event("v", "a", "impression"),
        event("u", "a", "click"),
        event("u", "b", "click"),
        event("u", "a", "add_to_cart"),
        event("v", "z", "purchase"),  # without a cart
    ]
    shown, clicked, carted, bought = stages(log)
    assert (shown.pairs, shown.shoppers, shown.passed) == (5, 2, None)
    assert (clicked.pairs, clicked.shoppers, clicked.passed) == (2, 1, 2 / 5)
    assert (carted.pairs, carted.passed) == (1, 1 / 2)
    assert (bought.pairs, bought.shoppers, bought.passed) == (1, 1, 0.0)


def test_a_log_of_purchases_alone_passes_nothing():
    assert [(stage.pairs, stage.passed) for stage in stages([event("u", "a")])] == [(0, None), (0, None), (0, None), (1, None)]


@given(EVENTS)
def test_funnel_is_a_share_and_counts_no_more_than_there_are(log):
    for stage in stages(log):
        assert stage.passed is None or 0 <= stage.passed <= 1
        assert stage.pairs <= sum(one.action == stage.action for one in log)


def test_cohorts_by_month_by_hand():
    log = [
        event("u", "a", day="2024-12-31"),
        event("u", "a", day="2025-02-01"),
        event("v", "a", day="2024-12-01"),
        event("w", "a", day="2025-01-15"),
        event("w", "a", day="2025-02-28"),
    ]
    december, january = cohorts_of(log)
    assert (december.period, december.shoppers, december.kept) == ("2024-12", 2, (1.0, 0.0, 0.5))
    assert (january.period, january.shoppers, january.kept) == ("2025-01", 1, (1.0, 1.0))


def test_weeks_begin_on_monday():
    log = [event("u", "a", day="2025-01-05"), event("u", "a", day="2025-01-06"), event("v", "a", day="2025-01-06")]
    sunday, monday = cohorts_of(log, "week")  # 2025-01-05 is a Sunday
    assert (sunday.period, sunday.kept) == ("2024-12-30", (1.0, 1.0))
    assert (monday.period, monday.shoppers, monday.kept) == ("2025-01-06", 1, (1.0,))
    assert cohorts_of([]) == []
    with pytest.raises(UnknownNameError, match="month, week"):
        cohorts_of(log, "year")


@given(EVENTS, st.sampled_from(["month", "week"]))
def test_every_shopper_is_in_one_cohort(log, period):
    found = cohorts_of(log, period)
    assert sum(cohort.shoppers for cohort in found) == len({one.user_id for one in log})
    assert all(cohort.kept[0] == 1 and all(0 <= share <= 1 for share in cohort.kept) for cohort in found)


def test_affinity_by_hand():
    kinds = {"a": "toys", "b": "toys", "c": "bags"}
    log = [
        event("u", "a"),
        event("u", "b"),
        event("u", "c", "impression"),  # the shop's act
        event("u", "unknown"),  # of no kind
        event("u", "c"),
        event("v", "a"),
    ]
    toys, bags = leanings(log, kinds)  # successive: u toys-toys, toys-bags
    assert (toys.kind, toys.events, toys.share, toys.returned) == ("toys", 3, 3 / 4, 1 / 2)
    assert toys.lift == pytest.approx((1 / 2) / (3 / 4))
    assert (bags.events, bags.returned, bags.lift) == (1, None, None)
    assert leanings([], kinds) == []


def test_kinds_of_products():
    products = [Product(str(n), "t", category="" if n else "toys", price=None if n == 8 else float(n + 1)) for n in range(9)]
    assert categories(products) == {"0": "toys"}
    bands = price_bands(products)
    assert "8" not in bands and [list(bands.values()).count(name) for name in sorted(set(bands.values()))] == [2, 2, 2, 2]
    assert bands["0"] == "1: 1.00 to 2.75"
    assert price_bands([Product("a", "t")]) == {}


def test_the_last_event_is_asked_for_and_the_past_is_known(tmp_path):
    users = [f"u{n:03d}" for n in range(60)]
    log = [
        e
        for user in users
        for e in (event(user, "a"), event(user, "b", day="2025-01-02"), event(user, "a", "impression", "2025-02-01"))
    ]
    products = [Product("a", "one"), Product("b", "two")]
    shop = write_dataset(tmp_path / "shop", Manifest(name="shop"), products=products, interactions=[*log, event("once", "a")])
    found = next_taken(shop, tmp_path / "next")
    assert not asks_for_the_next(shop) and asks_for_the_next(found)
    assert {query.user_id for query in found.queries} == set(users)  # who came once has no past
    assert all(grades == {"b": 1} for grades in found.qrels.values())
    assert all(query.timestamp == log[1].timestamp for query in found.queries)
    assert {query.split for query in found.queries} == {"train", "val", "test"}


def test_too_few_shoppers_are_refused(tmp_path):
    shop = write_dataset(tmp_path / "shop", Manifest(name="shop"), products=[Product("a", "one")], queries=[Query("q", "a")])
    with pytest.raises(InputError, match="0 shoppers"):
        next_taken(shop, tmp_path / "next")
