"""Tables of interactions as click logs: what is one list, whose it is, what was done with it; and that no table breaks it."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.click_models.click_log import LISTS
from fuserank.click_models.from_interactions import from_interactions
from fuserank.types import SCHEMAS
from tests.unit.click_models.known_shoppers import known_log


def events(*rows):
    """Rows of (time, user, session, query, product, action, position)."""
    names = ("timestamp", "user_id", "session_id", "query_id", "product_id", "action", "position")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=SCHEMAS["interactions"])


def shown(user, session, products, query="q", time=0):
    return [(time + n, user, session, query, p, "impression", n + 1) for n, p in enumerate(products)]


def lists(log):
    """(shopper, query) -> [(place, product, gain)], in the log's order."""
    found = {}
    for row, place, product, gain in zip(log.row, log.place, log.product, log.gain, strict=True):
        key = int(log.shopper[row]), str(log.queries[log.query[row]])
        found.setdefault(key, []).append((int(place), str(log.products[product]), float(gain)))
    return list(found.values())


def test_a_list_is_what_one_visit_was_shown_and_its_acts_are_its_own():
    log = from_interactions(
        events(
            *shown("u", "s1", "ab"),
            *shown("v", "s2", "ba", time=10),
            (5, "u", "s1", "q", "b", "click", 2),
            (6, "u", "s1", "q", "b", "purchase", None),
            (7, "v", "s1", "q", "a", "click", 1),  # not this shopper's visit
            (8, "u", "s1", "q", "c", "click", 3),  # was not shown
            (9, "u", "s1", "other", "a", "click", 1),
        )
    )
    assert lists(log) == [[(1, "a", 0), (2, "b", 3)], [(1, "b", 0), (2, "a", 0)]]


def test_a_shopper_counts_once_a_query_by_the_first_list():
    again = [row for n in range(50) for row in shown("bot", f"s{n}", "ba", time=100 + n)]
    log = from_interactions(events(*again, *shown("bot", "first", "ab"), *shown("bot", "x", "a", query="q2")))
    assert lists(log) == [[(1, "a", 0), (2, "b", 0)], [(1, "a", 0)]]


def test_without_a_user_the_visit_is_the_shopper_and_nobody_is_left_out():
    log = from_interactions(events(*shown("", "s1", "a"), *shown("", "s2", "a", time=5), *shown("", "", "b", time=9)))
    assert lists(log) == [[(1, "a", 0)], [(1, "a", 0)]]


def test_browsing_and_impossible_places_are_no_lists():
    rows = [(0, "u", "s", None, "a", "impression", 1), (1, "u", "s", "q", "a", "impression", None)]
    rows += [(2, "u", "s", "q", "a", "impression", 0), (3, "u", "s", "q", "b", "impression", 101)]
    assert from_interactions(events(*rows)).lists == 0
    assert from_interactions(events()).lists == 0


def test_what_is_told_twice_counts_once():
    log = from_interactions(events(*shown("u", "s", "ab"), *shown("u", "s", "ab"), (9, "u", "s", "q", "c", "impression", 2)))
    assert lists(log) == [[(1, "a", 0), (2, "b", 0)]]


@pytest.mark.parametrize("clicks", ["ab", "a"])
def test_robots_are_left_out_after_enough_lists(clicks):
    def visits(count):
        rows = [row for n in range(count) for row in shown("bot", f"s{n}", "ab", query=f"q{n}", time=10 * n)]
        return rows + [(10 * n + 5, "bot", f"s{n}", f"q{n}", p, "click", None) for n in range(count) for p in clicks]

    assert from_interactions(events(*visits(LISTS))).lists == 0
    assert from_interactions(events(*visits(LISTS - 1))).lists == LISTS - 1


def test_who_clicks_now_here_now_there_is_no_robot():
    rows = [row for n in range(30) for row in shown("u", f"s{n}", "ab", query=f"q{n}", time=10 * n)]
    rows += [(10 * n + 5, "u", f"s{n}", f"q{n}", "ab"[n % 2], "click", None) for n in range(30)]
    assert from_interactions(events(*rows)).lists == 30


names = st.sampled_from(["", "a", "b", "茶", "\0"])
rows = st.tuples(
    st.integers(-(2**62), 2**62),
    names,
    names,
    st.none() | names,
    names,
    st.sampled_from(["impression", "click", "purchase", "?"]),
    st.none() | st.integers(-(2**31), 2**31 - 1),
)


@given(st.lists(rows, max_size=30))
def test_no_table_breaks_the_log(drawn):
    log = from_interactions(events(*drawn))
    assert len(log.row) == len(log.place) == len(log.product) == len(log.gain)
    assert (np.bincount(log.row, minlength=log.lists) > 0).all(), "no list is empty"
    assert (np.diff(log.row) >= 0).all()
    assert ((log.place >= 1) & (log.place <= 100)).all()
    keys = set(zip(log.query.tolist(), log.shopper.tolist(), strict=True))
    assert len(keys) == log.lists, "once a query"
    assert len(set(zip(log.row.tolist(), log.product.tolist(), strict=True))) == len(log.row)


def test_a_part_of_a_log_keeps_its_lists():
    log = known_log(sessions=50)
    kept = np.arange(log.lists) % 3 == 0
    part = log.take(kept)
    assert lists(part) == [entry for entry, keep in zip(lists(log), kept, strict=True) if keep]
    one = log.of_queries({"q3"})
    assert {str(q) for q in one.queries[one.query]} == {"q3"} and one.lists == (log.queries[log.query] == "q3").sum()
