"""Clicks say what a product is worth to those who looked: places are corrected for, and nobody counts twice."""

import pytest

from fuserank.inference_log import InferenceLog
from fuserank.online_evaluation.click_gains import Asked, Looks, looks_of
from tests.unit.logged_records import event, ranking

MUG = Asked("striped red mug", "en")


def logged(folder, *records):
    with InferenceLog(folder) as log:
        for record in records:
            log.put(record)
    return folder


def test_a_click_below_counts_more_than_one_on_top(tmp_path):
    folder = logged(
        tmp_path, ranking("a", user="u1"), ranking("b", user="u2"), event("a", product_id="p1"), event("b", product_id="p2")
    )
    found = looks_of(folder, position_bias=1.0)[MUG].by_product()
    assert found == pytest.approx({"p1": 0.5, "p2": 1.0})
    assert looks_of(folder, position_bias=0.0)[MUG].by_product() == pytest.approx({"p1": 0.5, "p2": 0.5})


def test_the_strongest_act_counts_and_no_gain_is_above_the_highest(tmp_path):
    acts = [event("a", action_name=name, product_id="p2") for name in ("click", "purchase", "add_to_cart", "impression")]
    looks = looks_of(logged(tmp_path, ranking("a"), *acts), position_bias=1.0)[MUG]
    assert looks.gains["p2"] == Looks.HIGHEST
    assert looks.by_product()["p2"] == Looks.HIGHEST


@pytest.mark.parametrize("who", [{"user": "bot"}, {"user": None, "session_id": None}])
def test_a_thousand_requests_of_one_shopper_weigh_as_much_as_one_and_of_nobody_nothing(tmp_path, who):
    spam = [record for n in range(50) for record in (ranking(f"s{n}", **who), event(f"s{n}", product_id="p2"))]
    honest = [ranking("a", user="u1"), event("a", product_id="p1")]
    looks = looks_of(logged(tmp_path, *honest, *spam), position_bias=0.0)[MUG]
    known = who.get("user") is not None
    assert looks.shoppers == 1 + known
    assert looks.gains == {"p1": 1, "p2": int(known)}


def test_only_what_a_shopper_saw_of_words_alone_and_whole_is_read(tmp_path):
    others = [{"role": "shadow"}, {"has_image": True}, {"has_audio": True}, {"has_text": False}, {"degraded": ["image"]}]
    records = [ranking(f"r{n}", user=f"u{n}", **changes) for n, changes in enumerate(others)]
    assert looks_of(logged(tmp_path, *records), position_bias=1.0) == {}


def test_words_are_compared_without_case_and_spaces_and_languages_apart(tmp_path):
    records = [ranking("a", user="u1", text="Striped  Red mug"), ranking("b", user="u2"), ranking("c", user="u3", locale="zh")]
    found = looks_of(logged(tmp_path, *records), position_bias=1.0)
    assert {asked: looks.shoppers for asked, looks in found.items()} == {MUG: 2, Asked(MUG.text, "zh"): 1}


def test_no_log_says_nothing(tmp_path):
    assert looks_of(tmp_path / "none", position_bias=1.0) == {}
