"""Sessions: over a table, where each rule shows in what is offered; over a served model, each reason looked up in the data."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.data.dataset import Dataset
from fuserank.messages.base import MAX_TEXT
from fuserank.recipes.answering.shops import LoadedShop
from fuserank.recipes.shopping_assistant.asking import request_of, words_of
from fuserank.recipes.shopping_assistant.session import Assistant
from fuserank.recipes.shopping_assistant.wish import Wish
from fuserank.serving import load
from fuserank.settings import EvaluationSettings
from tests.served_shops import open_shop, sample_store
from tests.unit.recipes.talking_shop import TalkingShop, row

ROWS = [
    row("d1", "red dress", 30.0),
    row("d2", "red silk dress", 50.0),
    row("d3", "dress", 20.0),
    row("d4", "blue floral dress", 18.0),
    row("d5", "blue dress", 25.0),
    row("d6", "red dress with pockets", 10.0),
]
SESSION = [
    "show me red bags",
    "cheaper",
    "in blue",
    "with flowers",
    "go back",
    "none of these",
    "给我看绿色的杯子",
    "贵一点",
    "start again",
]


def offered(reply):
    return [offer.product.product_id for offer in reply.offers]


def test_a_session():
    assistant = Assistant(TalkingShop(ROWS))
    assert offered(assistant.say("show me red dresses"))[:2] == ["d1", "d2"]
    cheaper = assistant.say("cheaper")
    assert cheaper.wish.high == 29.99 and set(offered(cheaper)) == {"d3", "d6"}  # the blue ones contradict
    blue = assistant.say("in blue")
    assert set(offered(blue)) == {"d3", "d4", "d5"} and blue.asked == "blue dresses"
    assert offered(assistant.say("with flowers"))[0] == "d4"
    assert assistant.say("go back").asked == "blue dresses"
    refused = assistant.say("none of these")
    assert not refused.offers and "nothing fits all of that" in refused.notes[0]
    assert assistant.say("start again").notes == ("say what you are looking for",)
    assert assistant.wish.empty


def test_going_back_twice_and_too_far():
    assistant = Assistant(TalkingShop(ROWS))
    for turn in ("red dresses", "in blue", "with flowers", "go back", "go back"):
        reply = assistant.say(turn)
    assert reply.asked == "red dresses"
    assert assistant.say("go back").wish.empty
    assert "there is nothing to go back to" in assistant.say("go back").notes


def test_what_is_not_understood_changes_nothing():
    assistant = Assistant(TalkingShop(ROWS))
    before = assistant.say("red dresses").wish
    assert assistant.say("???").notes[0].startswith("that was not understood") and assistant.wish == before


def test_a_spoken_turn_is_read_as_what_was_heard():
    shop = TalkingShop(ROWS, heard="red dresses")
    reply = Assistant(shop).hear(b"RIFF")
    assert shop.asked[0].query.audio == b"RIFF" and shop.asked[0].query.text == ""
    assert reply.heard == "red dresses" and offered(reply)[:2] == ["d1", "d2"]


def test_a_recording_without_words():
    reply = Assistant(TalkingShop(ROWS)).hear(b"RIFF")
    assert reply.notes[0].startswith("nothing was understood") and not reply.offers


def test_the_price_of_what_was_shown_last_counts():
    assistant = Assistant(TalkingShop(ROWS), shown=1)
    assistant.say("red dresses")
    assert assistant.say("cheaper").wish.high == 29.99
    assert assistant.say("cheaper").wish.high < 29.99


def test_wording():
    wish = Wish("dress", (("colour", "blue"), ("word", "pockets")))
    assert words_of(wish) == "blue dress with pockets"
    assert words_of(Wish("裙子", (("colour", "blue"),), chinese=True)) == "蓝色裙子"
    assert len(request_of(Wish("x" * 5000)).query.text) == MAX_TEXT


@given(st.lists(st.text(max_size=40) | st.sampled_from(SESSION), max_size=6))
def test_no_turn_fails(turns):
    assistant = Assistant(TalkingShop(ROWS))
    for turn in turns:
        assistant.say(turn)


@pytest.fixture(scope="module")
def served(tmp_path_factory, onnx_cache) -> tuple[Assistant, Dataset, list]:
    """A whole session with a served model."""
    root = tmp_path_factory.mktemp("assistant")
    shop = open_shop(sample_store(root), root)
    service = load(shop.package, cache=onnx_cache, families=EvaluationSettings().families)
    assistant = Assistant(LoadedShop(service))
    return assistant, shop.dataset, [assistant.say(turn) for turn in SESSION]


def test_each_reason_of_a_session_is_found_in_the_data(served):
    """By the product table alone, with none of the code that made the reasons."""
    _, dataset, replies = served
    rows = {product.product_id: product for product in dataset.products}
    checked = {"word": 0, "no_word": 0, "price": 0, "share": 0}
    for reply in replies:
        for offer in reply.offers:
            product = rows[offer.product.product_id]
            text = " ".join((product.title, product.description, product.category, product.brand))
            for reason in offer.reasons:
                quoted = re.search("“(.+)”", reason.text)
                if reason.kind == "word":
                    assert quoted[1] in getattr(product, reason.evidence["field"])
                elif reason.kind == "no_word":
                    assert not re.search(rf"(?<![a-z]){re.escape(quoted[1])}(?![a-z])", text, re.IGNORECASE)
                elif reason.kind == "price":
                    assert f"{product.price:.2f}" in reason.text
                    assert (reply.wish.low or 0) <= product.price <= (reply.wish.high or 1e9)
                else:
                    speaking = [share for share in offer.explained.families.values() if share > 0]
                    share = offer.explained.families[reason.evidence["family"]] / sum(speaking)
                    assert f"{share:.0%}" in reason.text
                checked[reason.kind] += 1
    assert all(checked.values()), checked


def test_the_order_is_the_champions(served):
    assistant, _, replies = served
    for reply in replies:
        if reply.asked:
            ranked = [product.product_id for product in assistant._shop.search(request_of(reply.wish)).results]
            places = [ranked.index(product_id) for product_id in offered(reply)]
            assert places == sorted(places)


def test_a_session_offers_something_for_most_turns(served):
    assert sum(bool(reply.offers) for reply in served[2]) >= 6
