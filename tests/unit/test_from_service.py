"""Clicks of a service say what a product is worth to those who looked: places are corrected for, and nobody counts twice."""

import pytest

from fuserank.click_models.click_log import HIGHEST
from fuserank.click_models.coec import expected
from fuserank.click_models.from_service import Asked, acts_of, from_service
from fuserank.inference_log import InferenceLog
from tests.unit.logged_records import event, ranking

MUG = Asked("striped red mug", "en")


def logged(folder, *records):
    with InferenceLog(folder) as log:
        for record in records:
            log.put(record)
    return folder


def gains(folder, bias):
    log = from_service(folder)
    return {Asked.read(key): found for key, found in expected(log, bias).by_query(log)}


def test_a_click_below_counts_more_than_one_on_top(tmp_path):
    folder = logged(
        tmp_path, ranking("a", user="u1"), ranking("b", user="u2"), event("a", product_id="p1"), event("b", product_id="p2")
    )
    assert gains(folder, 1.0)[MUG] == pytest.approx({"p1": 0.5, "p2": 1.0})
    assert gains(folder, 0.0)[MUG] == pytest.approx({"p1": 0.5, "p2": 0.5})


def test_the_strongest_act_counts_and_no_gain_is_above_the_highest(tmp_path):
    acts = [event("a", action_name=name, product_id="p2") for name in ("click", "purchase", "add_to_cart", "impression")]
    folder = logged(tmp_path, ranking("a"), *acts)
    assert max(from_service(folder).gain) == HIGHEST
    assert gains(folder, 1.0)[MUG]["p2"] == HIGHEST


@pytest.mark.parametrize("who", [{"user": "bot"}, {"user": None, "session_id": None}])
def test_a_thousand_requests_of_one_shopper_weigh_as_much_as_one_and_of_nobody_nothing(tmp_path, who):
    spam = [record for n in range(50) for record in (ranking(f"s{n}", **who), event(f"s{n}", product_id="p2"))]
    honest = [ranking("a", user="u1"), event("a", product_id="p1")]
    log = from_service(logged(tmp_path, *honest, *spam))
    known = who.get("user") is not None
    assert log.lists == 1 + known
    clicks = sorted(log.products[log.product[log.clicked]])
    assert clicks == (["p1", "p2"] if known else ["p1"])


def test_only_what_a_shopper_saw_of_words_alone_and_whole_is_read(tmp_path):
    others = [{"role": "shadow"}, {"has_image": True}, {"has_audio": True}, {"has_text": False}, {"degraded": ["image"]}]
    records = [ranking(f"r{n}", user=f"u{n}", **changes) for n, changes in enumerate(others)]
    assert gains(logged(tmp_path, *records), 1.0) == {}


def test_words_are_compared_without_case_and_spaces_and_languages_apart(tmp_path):
    records = [ranking("a", user="u1", text="Striped  Red mug"), ranking("b", user="u2"), ranking("c", user="u3", locale="zh")]
    log = from_service(logged(tmp_path, *records))
    asked = [Asked.read(log.queries[query]) for query in log.query]
    assert sorted(asked) == sorted([MUG, MUG, Asked(MUG.text, "zh")])


def test_no_log_says_nothing(tmp_path):
    log = from_service(tmp_path / "none")
    assert (log.lists, log.depth) == (0, 0)
    assert list(expected(log, 1.0).by_query(log)) == [] and acts_of(tmp_path / "none") == {}


@pytest.mark.parametrize("asked", [MUG, Asked("", ""), Asked("茶壶", "zh")])
def test_a_key_is_read_back(asked):
    assert Asked.read(asked.key) == asked
