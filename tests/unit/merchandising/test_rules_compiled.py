"""Which rules hold for a request: by query, locale, category and date."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.merchandising import Asked, Compiled, Hide, QueryIs, Selector, Synonym
from fuserank.merchandising.words import tokens

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SOME = Selector(ids=("p",))


def hide(name="a", **said):
    return Hide(kind="hide", name=name, products=SOME, **said)


def names(rules, asked, now=NOON):
    return [rule.name for rule in Compiled(rules, "v").holding(asked, now)]


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ({"exact": ("Red Shoes",)}, " red-shoes", True),
        ({"exact": ("red shoes",)}, "red shoes men", False),
        ({"contains": ("red shoes",)}, "new RED shoes", True),
        ({"contains": ("red",)}, "reddish shoes", False),
        ({"contains": ("红色",)}, "有没有红色的鞋", True),
        ({"contains": ("色红",)}, "有没有红色的鞋", False),
        ({"contains": ("Ｒed",)}, "red", True),
        ({}, "", True),
        ({"contains": ("red",)}, "", False),
    ],
)
def test_queries(query, text, holds):
    assert bool(names([hide(query=QueryIs(**query))], Asked(text))) is holds


@pytest.mark.parametrize(("locale", "holds"), [("en", True), ("en-GB", True), ("EN_us", True), ("eng", False), ("", False)])
def test_a_locale_holds_for_its_regions(locale, holds):
    assert bool(names([hide(locale="en")], Asked("x", locale))) is holds


@pytest.mark.parametrize(
    ("categories", "holds"),
    [(("home",), True), (("Home > Kitchen",), True), (("Homeware",), False), ((), False), (("a", "Home/b"), True)],
)
def test_a_category_holds_for_those_below(categories, holds):
    assert bool(names([hide(category="Home")], Asked("x", "", categories))) is holds


@pytest.mark.parametrize("query", [QueryIs(), QueryIs(exact=("x",)), QueryIs(contains=("x",))])
def test_dates_count_from_the_first_moment_up_to_the_last(query):
    rule = hide(query=query, since=NOON, until=NOON + timedelta(hours=1))
    compiled, tick = Compiled([rule], "v"), timedelta(microseconds=1)
    for now, holds in [(NOON - tick, 0), (NOON, 1), (NOON + timedelta(hours=1) - tick, 1), (NOON + timedelta(hours=1), 0)]:
        assert len(compiled.holding(Asked("x"), now)) == holds


def test_dates_of_another_zone_are_the_same_moment():
    east = datetime.fromisoformat("2026-06-01T20:00:00+08:00")
    assert names([hide(since=east)], Asked("x"), NOON) == ["a"]
    assert names([hide(until=east)], Asked("x"), NOON) == []


def test_the_order_is_that_of_the_file():
    rules = [hide("a", query=QueryIs(contains=("x",))), hide("b"), hide("c", query=QueryIs(exact=("x",)))]
    assert names(rules, Asked("x")) == ["a", "b", "c"]


def test_synonyms_add_and_replace():
    rules = [
        Synonym(kind="synonym", name="a", query=QueryIs(contains=("rucksack",)), replace="backpack"),
        Synonym(kind="synonym", name="b", query=QueryIs(contains=("red",)), add="crimson"),
        Synonym(kind="synonym", name="c", query=QueryIs(contains=("backpack",)), add="never"),
    ]
    compiled = Compiled(rules, "v")
    text = "Red rucksack, large"
    assert compiled.rewritten(text, compiled.holding(Asked(text), NOON)) == ("red backpack large crimson", ["a", "b"])
    whole = Compiled([Synonym(kind="synonym", name="w", query=QueryIs(exact=("tv",)), replace="television")], "v")
    assert whole.rewritten("TV", whole.rules) == ("television", ["w"])


phrases = st.lists(st.sampled_from(["red", "blue", "shoe", "红", "色"]), min_size=1, max_size=3).map(" ".join)
moments = st.none() | st.integers(0, 10).map(lambda h: NOON + timedelta(hours=h - 5))


@given(st.lists(st.tuples(st.sampled_from(["exact", "contains", "any"]), phrases, moments), max_size=8), phrases)
def test_lookups_find_what_looking_at_every_rule_finds(said, text):
    """The plain way beside the compiled one."""
    rules = [hide(f"r{n}", query=QueryIs(**({} if how == "any" else {how: (p,)})), since=s) for n, (how, p, s) in enumerate(said)]

    def holds(rule):
        words = f" {' '.join(tokens(text))} "
        exact = any(f" {' '.join(tokens(p))} " == words for p in rule.query.exact)
        inside = any(f" {' '.join(tokens(p))} " in words for p in rule.query.contains)
        return (exact or inside or rule.query == QueryIs()) and rule.holds_at(NOON)

    assert names(rules, Asked(text)) == [rule.name for rule in rules if holds(rule)]
