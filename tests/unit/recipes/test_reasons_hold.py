"""A reason is a fact: it is found in the row, and one that is not true is caught."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.recipes.shopping_assistant.fitting import contradicts, has_unwanted
from fuserank.recipes.shopping_assistant.reasons import holds, positive_shares, reasons
from fuserank.recipes.shopping_assistant.wish import Wish
from tests.unit.recipes.talking_shop import explained, row

BAG = row("b", "Norva red canvas tote bag", 19.5, "Made for school.", "Bags & Outdoor")
WISH = Wish("tote bags", (("colour", "red"), ("pattern", "floral")), high=20.0)


def test_what_is_said_of_a_bag():
    said = reasons(WISH, BAG, explained("b", text=3.0, picture=1.0, numbers=-2.0))
    assert [reason.text for reason in said] == [
        "its title says “tote”",
        "its title says “bag”",
        "its title says “red”",
        "its text does not say “floral”",
        "it costs 19.50: at most 20.00",
        "75% of what speaks for it is text",
        "25% of what speaks for it is picture",
    ]


def test_the_same_in_chinese():
    chinese = row("c", "赤杨2号 红色帆布购物袋", 19.5)
    said = reasons(replace(WISH, topic="购物袋", chinese=True), chinese, explained("c", text=1.0))
    texts = [reason.text for reason in said]
    assert "标题里写着“购物袋”" in texts and "标题里写着“红色”" in texts
    assert "商品文字里没有“碎花”" in texts and "价格19.50：不超过20.00" in texts and "支持它的证据有100%来自文字" in texts


def test_a_word_of_the_other_language_counts_and_is_quoted_as_it_stands():
    said = reasons(Wish("bag", (("colour", "red"),)), row("c", "红色购物袋"), None)
    assert "its title says “红色”" in [reason.text for reason in said]


def test_bounds_of_all_kinds():
    texts = {
        (low, high): reasons(Wish("x", low=low, high=high), BAG, None)[-1].text for low, high in ((1, None), (None, 30), (1, 30))
    }
    assert texts == {
        (1, None): "it costs 19.50: at least 1.00",
        (None, 30): "it costs 19.50: at most 30.00",
        (1, 30): "it costs 19.50: between 1.00 and 30.00",
    }


def test_nothing_is_said_of_a_price_or_a_share_that_is_not_there():
    kinds = {reason.kind for reason in reasons(WISH, row("b", "bag"), None)}
    assert kinds == {"word", "no_word"}
    assert positive_shares(explained("b", text=-1.0)) == {}


@pytest.mark.parametrize(
    ("kind", "lie"),
    [
        ("word", {"word": "blue"}),
        ("word", {"field": "description"}),
        ("no_word", {"words": ("red",)}),
        ("price", {"price": 18.0}),
        ("price", {"high": 10.0}),
        ("share", {"share": 0.9}),
    ],
)
def test_a_lie_is_caught(kind, lie):
    why = explained("b", text=3.0, picture=1.0)
    reason = next(reason for reason in reasons(WISH, BAG, why) if reason.kind == kind)
    assert holds(reason, BAG, why)
    assert not holds(replace(reason, evidence={**reason.evidence, **lie}), BAG, why)


@given(st.text(max_size=60), st.text(max_size=60), st.none() | st.floats(0, 100), st.booleans())
def test_every_reason_holds_whatever_the_product(title, topic, price, chinese):
    product, why = row("b", title, price), explained("b", text=1.0, picture=0.2)
    wish = replace(WISH, topic=topic, chinese=chinese, high=None if price is None else price + 1)
    assert all(holds(reason, product, why) for reason in reasons(wish, product, why))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("green bag", True),
        ("red bag", False),
        ("bag", False),
        ("red and green bag", False),
        ("绿色购物袋", True),
        ("红色购物袋", False),
    ],
)
def test_a_title_that_names_another_colour_contradicts(title, expected):
    assert contradicts(row("b", title), WISH) is expected


def test_uses_do_not_exclude_each_other():
    assert not contradicts(row("b", "bag for school"), Wish("bag", (("use", "travel"),)))


def test_unwanted_words_anywhere_in_the_text():
    wish = Wish("bag", unwanted=(("colour", "red"), ("word", "zip")))
    assert has_unwanted(BAG, wish)
    assert has_unwanted(row("b", "bag", description="with two zips"), wish)
    assert not has_unwanted(row("b", "blue bag"), wish)
