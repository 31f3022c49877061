"""What rules do to an order: pins land, boosts and buries go as far as they say, the rest keeps its order, nothing is invented."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.merchandising import Boost, Bury, Hide, Only, Pin, Selector, apply

IDS = [f"p{n}" for n in range(8)]


def pin(product, place, name=None):
    return Pin(kind="pin", name=name or f"pin {product} {place}", product=product, place=place)


def boost(by, *ids, name="boost"):
    return Boost(kind="boost", name=name, products=Selector(ids=ids), by=by)


def bury(by, *ids, name="bury"):
    return Bury(kind="bury", name=name, products=Selector(ids=ids), by=by)


def hide(*ids, name="hide"):
    return Hide(kind="hide", name=name, products=Selector(ids=ids))


def only(*ids, name="only"):
    return Only(kind="only", name=name, products=Selector(ids=ids))


def applied(rules, ids=IDS):
    return apply(
        rules,
        len(ids),
        lambda selector: np.isin(ids, selector.ids) if ids else np.zeros(0, bool),
        {product: at for at, product in enumerate(ids)}.get,
        set(IDS).__contains__,
    )


def order(rules, ids=IDS):
    return "".join(ids[line.at][1:] for line in applied(rules, ids).lines)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "01234567"),
        ([pin("p5", 1)], "50123467"),
        ([pin("p0", 3)], "12034567"),
        ([pin("p5", 100)], "01234675"),
        ([boost(2, "p5")], "01253467"),
        ([boost(1000, "p5")], "50123467"),
        ([boost(1000, "p5", "p6")], "56012347"),
        ([boost(1, "p3"), boost(1, "p3", name="b2")], "03124567"),
        ([bury(2, "p1")], "02314567"),
        ([bury(None, "p1")], "02345671"),
        ([bury(1000, "p1", "p0")], "23456701"),
        ([hide("p0", "p7")], "123456"),
        ([only("p3", "p5")], "35"),
        ([hide("p2"), pin("p0", 2), boost(3, "p7")], "1037456"),
    ],
)
def test_places(rules, expected):
    assert order(rules) == expected


def test_a_boost_that_overflows_stands_at_the_top_and_says_so():
    done = applied([boost(1000, "p7")])
    assert done.lines[0].at == 7
    assert done.lines[0].rules == ("boost",)
    assert done.applied == ["boost"]


def test_a_boost_of_the_best_moves_nothing_and_says_nothing():
    assert applied([boost(5, "p0")]).applied == []


def test_two_pins_for_one_place_the_first_has_it():
    done = applied([pin("p5", 1, "a"), pin("p6", 1, "b")])
    assert [line.at for line in done.lines[:2]] == [5, 6]
    assert done.notes == ["rule 'b': place 1 is taken, place 2 it is"]


def test_two_pins_at_the_end_of_the_list():
    done = applied([pin("p0", 8, "a"), pin("p1", 90, "b")])
    assert [line.at for line in done.lines] == [2, 3, 4, 5, 6, 7, 1, 0]


def test_a_product_is_pinned_once():
    done = applied([pin("p5", 2, "a"), pin("p5", 4, "b")])
    assert done.lines[1].at == 5
    assert done.applied == ["a"]
    assert "pinned already" in done.notes[0]


def test_pins_of_unknown_hidden_and_other_products():
    assert applied([pin("zz", 1, "a")]).notes == ["rule 'a': product zz is not in the catalogue"]
    assert applied([hide("p1"), pin("p1", 1, "a")]).notes == ["rule 'a': product p1 is not among the products shown"]
    assert applied([pin("p7", 1, "a")], IDS[:3]).notes == ["rule 'a': product p7 is not among the products shown"]


def test_a_filter_that_hides_everything_gives_nothing_and_says_so():
    done = applied([hide(*IDS, name="all"), pin("p0", 1)])
    assert done.lines == []
    assert done.notes[0] == "rule 'all' hides everything"
    assert applied([only("zz", name="none")]).notes == ["rule 'none' hides everything"]


def test_of_no_products():
    assert applied([pin("p0", 1), boost(1, "p0"), hide("p0")], []).lines == []


some = st.lists(st.sampled_from(IDS), min_size=1, max_size=4).map(tuple)
by = st.integers(1, 1000)
kinds = st.one_of(
    st.builds(pin, st.sampled_from([*IDS, "zz"]), st.integers(1, 12)),
    st.builds(lambda n, ids: boost(n, *ids), by, some),
    st.builds(lambda n, ids: bury(n, *ids), st.none() | by, some),
    st.builds(lambda ids: hide(*ids), some),
    st.builds(lambda ids: only(*ids), some),
)
rulesets = st.lists(kinds, max_size=6).map(lambda rules: [r.model_copy(update={"name": f"{n}"}) for n, r in enumerate(rules)])


@given(rulesets)
def test_products_stay_the_same_but_for_filters(rules):
    hidden = {p for r in rules if isinstance(r, Hide) for p in r.products.ids}
    for rule in rules:
        if isinstance(rule, Only):
            hidden |= set(IDS) - set(rule.products.ids)
    assert sorted(order(rules)) == sorted(p[1:] for p in IDS if p not in hidden)


@given(rulesets)
def test_products_that_no_rule_is_about_keep_their_order(rules):
    about = {p for r in rules for p in ((r.product,) if isinstance(r, Pin) else r.products.ids)}
    still = [line.at for line in applied(rules).lines if IDS[line.at] not in about]
    assert still == sorted(still)
    assert all(line.rules == () for line in applied(rules).lines if IDS[line.at] not in about)


@given(
    st.dictionaries(st.sampled_from(IDS), st.integers(1, 8), min_size=1).filter(lambda d: len(set(d.values())) == len(d)), rulesets
)
def test_pins_of_shown_products_stand_where_they_say(places, rules):
    others = [rule for rule in rules if isinstance(rule, Boost | Bury)]
    lines = applied([*others, *(pin(product, place) for product, place in places.items())]).lines
    for product, place in places.items():
        assert IDS[lines[place - 1].at] == product


@given(rulesets)
def test_who_moved_is_among_what_was_applied(rules):
    done = applied(rules)
    assert {name for line in done.lines for name in line.rules} <= set(done.applied) <= {rule.name for rule in rules}
