"""One turn is read the same whatever was said before; the tables of words are without contradictions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.recipes.shopping_assistant.reading import Said, read
from fuserank.recipes.shopping_assistant.vocabulary import cut, found, vocabulary

TURNS = [
    ("show me red dresses", {"topic": "dresses", "wanted": (("colour", "red"),)}),
    ("cheaper", {"compared": "cheaper"}),
    ("much cheaper please", {"compared": "much_cheaper"}),
    ("something more expensive", {"compared": "dearer"}),
    ("in blue", {"wanted": (("colour", "blue"),)}),
    ("with flowers", {"wanted": (("pattern", "floral"),)}),
    ("with pockets", {"wanted": (("word", "pockets"),)}),
    ("without a lid", {"unwanted": (("word", "lid"),)}),
    ("not red", {"unwanted": (("colour", "red"),)}),
    ("anything but stripes", {"unwanted": (("pattern", "striped"),)}),
    ("red or blue mugs", {"topic": "mugs", "wanted": (("colour", "red"), ("colour", "blue"))}),
    ("any colour", {"anything": ("colour",)}),
    ("the price does not matter", {"anything": ("price",)}),
    ("none of these", {"command": "refuse"}),
    ("show me more", {"command": "more"}),
    ("go back", {"command": "back"}),
    ("start again", {"command": "restart"}),
    ("under $20", {"high": 20.0}),
    ("cheaper than 20 euros", {"high": 20.0}),
    ("at least 15.50", {"low": 15.5}),
    ("between 30 and 10 dollars", {"low": 10.0, "high": 30.0}),
    ("10-20", {"low": 10.0, "high": 20.0}),
    ("a tote bag for travel under 30", {"topic": "tote bag", "wanted": (("use", "travel"),), "high": 30.0}),
    ("给我看红色的马克杯", {"topic": "马克杯", "wanted": (("colour", "red"),), "chinese": True}),
    ("便宜一点", {"compared": "cheaper", "chinese": True}),
    ("便宜很多", {"compared": "much_cheaper", "chinese": True}),
    ("换成蓝色", {"wanted": (("colour", "blue"),), "chinese": True}),
    ("带碎花的", {"wanted": (("pattern", "floral"),), "chinese": True}),
    ("带拉链的", {"wanted": (("word", "拉链"),), "chinese": True}),
    ("不要红色", {"unwanted": (("colour", "red"),), "chinese": True}),
    ("颜色无所谓", {"anything": ("colour",), "chinese": True}),
    ("都不要", {"command": "refuse", "chinese": True}),
    ("重新开始", {"command": "restart", "chinese": True}),
    ("20元以下的手提袋", {"topic": "手提袋", "high": 20.0, "chinese": True}),
    ("10到20元", {"low": 10.0, "high": 20.0, "chinese": True}),
    ("紅色的馬克杯", {"topic": "马克杯", "wanted": (("colour", "red"),), "chinese": True}),  # traditional
]


@pytest.mark.parametrize(("text", "expected"), TURNS, ids=[text for text, _ in TURNS])
def test_turn(text, expected):
    said = read(text)
    understood = {name: getattr(said, name) for name in Said.__dataclass_fields__ if name != "text"}
    blank = {name: Said.__dataclass_fields__[name].default for name in understood}
    assert understood == blank | expected


@pytest.mark.parametrize("text", ["", "   ", "???", "please show me some", "的"])
def test_nothing_is_understood(text):
    assert read(text).empty


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    said = read(text)
    assert said.command in ("", *vocabulary().commands)
    assert said.low is None or said.high is None or said.low <= said.high
    assert {facet for facet, _ in (*said.wanted, *said.unwanted)} <= {*vocabulary().facets, "word"}


@given(st.lists(st.sampled_from([text for text, _ in TURNS]), min_size=1, max_size=4))
def test_turns_that_are_run_together_are_read_without_failing(texts):
    assert not read(" ".join(texts)).empty


def test_each_word_means_one_thing():
    words = [word for word, *_ in vocabulary().values()]
    assert len(words) == len(set(words))
    phrases = [p for table in (vocabulary().commands, vocabulary().prices) for phrases in table.values() for p in phrases]
    assert len(phrases) == len(set(phrases))


def test_each_value_has_a_word_of_both_languages():
    for facet, values in vocabulary().facets.items():
        for value in values:
            english, chinese = (vocabulary().asked_as(facet, value, language) for language in (False, True))
            assert english.isascii() and not chinese.isascii(), (facet, value)


def test_a_word_that_no_table_has_is_its_own():
    assert vocabulary().words_of("word", "pockets") == ("pockets",)
    assert vocabulary().asked_as("word", "pockets", True) == "pockets"


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("red", "A RED mug", "RED"),
        ("red", "bored", None),
        ("dresses", "summer dress", "dress"),
        ("mug", "two mugs", "mugs"),
        ("glass", "glasses", "glasses"),
        ("bags", "tote bag", "bag"),
        ("红色", "红色马克杯", "红色"),
        ("red", "红色", None),
    ],
)
def test_found_as_it_stands(word, text, expected):
    assert found(word, text) == expected


def test_cut_takes_every_place():
    assert cut("red", "red or Red bored") == ("  or   bored", True)
