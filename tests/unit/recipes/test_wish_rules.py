"""Which part of a wish a turn replaces, keeps, adds to or drops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.recipes.shopping_assistant.reading import read
from fuserank.recipes.shopping_assistant.wish import Wish, changed

SHOWN = (("a", 10.0), ("b", 20.0), ("c", 40.0), ("d", None))


def talk(*turns, shown=SHOWN, wish=None):
    """The wish after some turns, each with the same products before the shopper's eyes."""
    wish, earlier = wish or Wish(), []
    for turn in turns:
        said = read(turn)
        before = earlier.pop() if said.command == "back" and earlier else None
        after = changed(wish, said, shown, before).wish
        if said.command != "back":
            earlier.append(wish)
        wish = after
    return wish


def test_the_session_of_the_docs():
    wish = talk("show me red dresses", "cheaper", "in blue", "with flowers")
    assert wish == Wish("dresses", (("colour", "blue"), ("pattern", "floral")), (), None, 19.99)


def test_the_same_in_chinese():
    wish = talk("给我看红色的裙子", "便宜一点", "换成蓝色", "带碎花的")
    assert wish == Wish("裙子", (("colour", "blue"), ("pattern", "floral")), (), None, 19.99, chinese=True)


def test_languages_mix():
    assert talk("red mugs", "换成蓝色").wanted == (("colour", "blue"),)
    assert talk("red mugs", "换成蓝色", "cheaper").chinese is False


def test_a_new_thing_begins_a_new_wish():
    assert talk("red dresses under 20 with pockets", "green shoes") == Wish("shoes", (("colour", "green"),))


def test_a_value_replaces_only_its_facet():
    assert talk("red striped mugs", "blue").wanted == (("pattern", "striped"), ("colour", "blue"))


def test_details_add_up():
    assert talk("mugs", "with handle", "with lid", "with lid").wanted == (("word", "handle"), ("word", "lid"))


def test_not_takes_out_and_keeps_out():
    wish = talk("red mugs", "not red")
    assert (wish.wanted, wish.unwanted) == ((), (("colour", "red"),))
    assert talk("red mugs", "not red", "red").unwanted == ()
    assert talk("mugs", "not red", "not red").unwanted == (("colour", "red"),)


def test_any_drops_a_facet_and_price():
    wish = talk("red mugs under 20", "any colour")
    assert (wish.wanted, wish.high) == ((), 20.0)
    assert talk("red mugs under 20", "any price") == Wish("mugs", (("colour", "red"),))
    assert talk("mugs", "not red", "any colour").unwanted == ()


@pytest.mark.parametrize(
    ("turns", "low", "high"),
    [
        (["cheaper"], None, 19.99),
        (["much cheaper"], None, 9.99),
        (["more expensive"], 20.01, None),
        (["over 30", "cheaper"], None, 19.99),  # bounds would cross
        (["over 5", "cheaper"], 5.0, 19.99),
        (["under 15", "dearer"], 20.01, None),
        (["under 50", "dearer"], 20.01, 50.0),
        (["cheaper", "between 5 and 8"], 5.0, 8.0),
    ],
)
def test_price(turns, low, high):
    wish = talk("mugs", *turns)
    assert (wish.low, wish.high) == (low, high)


def test_cheaper_than_nothing():
    result = changed(Wish("mugs"), read("cheaper"), (("d", None),))
    assert result.wish == Wish("mugs") and result.notes == ("nothing with a price was shown to compare with",)
    free = changed(Wish("mugs"), read("cheaper"), (("d", 0.0),))
    assert free.wish == Wish("mugs") and free.notes == ("nothing is cheaper than what costs nothing",)


def test_refused_products_stay_refused_until_a_new_thing():
    assert talk("mugs", "none of these", "in blue").seen == {"a", "b", "c", "d"}
    assert talk("mugs", "none of these", "plates").seen == frozenset()
    assert talk("mugs", "show me more").seen == {"a", "b", "c", "d"}


def test_back_and_again():
    assert talk("red mugs", "in blue", "go back") == Wish("mugs", (("colour", "red"),))
    assert talk("red mugs", "start again").empty
    assert changed(Wish("mugs"), read("go back"), ()).notes == ("there is nothing to go back to",)


def test_changes_say_what_was_done():
    result = changed(Wish("mugs", (("colour", "red"), ("use", "gift")), high=20.0), read("in blue, any price, with lid"), SHOWN)
    assert {(change.what, change.how) for change in result.changes} == {
        ("topic", "kept"),
        ("colour", "replaced"),
        ("use", "kept"),
        ("price", "dropped"),
        ("word", "added"),
    }


TURNS = st.sampled_from(
    [
        *("red mugs", "in blue", "cheaper", "dearer", "much cheaper", "under 12", "over 30", "not blue", "any colour", "plates"),
        *(
            "none of these",
            "go back",
            "start again",
            "with lid",
            "without lid",
            "便宜一点",
            "不要红色",
            "any price",
            "between 2 and 9",
        ),
    ]
)


@given(st.lists(TURNS, max_size=12), st.lists(st.tuples(st.text(min_size=1), st.none() | st.floats(0, 1e6)), max_size=5))
def test_no_session_contradicts_itself(turns, shown):
    wish = talk(*turns, shown=tuple(shown))
    assert not set(wish.wanted) & set(wish.unwanted)
    assert wish.low is None or wish.high is None or wish.low <= wish.high
    assert len(wish.wanted) == len(set(wish.wanted))
