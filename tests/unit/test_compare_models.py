"""Two models side by side: what differs, and a test only where both were measured on the same queries of the same data."""

import os

import pytest
from registered_shop import DATA, registered_shop

from fuserank.errors import InputError
from fuserank.metrics.significance import paired_p
from fuserank.modalities.base import EncoderInfo
from fuserank.pipeline.compare_models import compare_models

FIRST = {f"q{i}": 0.2 for i in range(6)}
SECOND = {f"q{i}": value for i, value in enumerate((0.9, 0.8, 0.7, 0.6, 0.2, 0.1))}
NEWER = "cd" * 32


@pytest.fixture
def shop(tmp_path):
    shop = registered_shop(tmp_path)
    shop.register("sum", settings={"loss": "softmax", "deep": {"a": 1, "b": 2}}, seed=1)
    shop.register(
        "concat",
        settings={"loss": "listnet", "deep": {"a": 1, "b": 3}, "extra": True},
        seed=1,
        encoders={"text": EncoderInfo("words", "2", 3, "MIT", "cd" * 32)},
        metrics={"val nDCG@10": 0.7, "nDCG@10": 0.6},
    )
    return shop


def compared(shop, **options):
    return compare_models(shop.home, "shop", *shop.versions, **options)


def test_metrics_stand_beside_each_other_and_only_what_differs_is_named(shop):
    found = compared(shop)
    assert found.metrics == {"nDCG@10": (0.5, 0.6), "val nDCG@10": (None, 0.7)}
    assert found.differing == {
        "ranker.fusion": ("sum", "concat"),
        "encoder.text": (f"words@1 {'ab' * 6}", f"words@2 {'cd' * 6}"),
        "setting.loss": ("softmax", "listnet"),
        "setting.deep.b": (2, 3),
        "setting.extra": (None, True),
    }


def test_the_second_is_tested_against_the_first_query_by_query(shop):
    shop.measure(shop.versions[0], FIRST, slices={"English": ["q0", "q1"]}, latency_ms_per_1000=1.0)
    shop.measure(shop.versions[1], SECOND, slices={"English": ["q0", "q1"], "Chinese": ["q5"]}, latency_ms_per_1000=4.0)
    test = compared(shop).paired
    assert (test.data, test.queries, test.better, test.worse, test.same) == (DATA[:16], 6, 4, 1, 1)
    assert test.difference == pytest.approx((0.7 + 0.6 + 0.5 + 0.4 + 0 - 0.1) / 6)
    assert test.p == paired_p([*SECOND.values()], [*FIRST.values()])
    expected = {
        "test nDCG@10": (0.2, 0.55),
        "test nDCG@10, English": (0.2, 0.85),
        "ms per 1,000 candidates": (1.0, 4.0),
    }
    assert {name: pytest.approx(pair) for name, pair in test.measured.items()} == expected


def test_it_is_tested_on_the_data_that_is_asked_for_else_on_the_latest_that_both_saw(shop):
    for age, data in enumerate((NEWER, DATA)):
        for version, ndcg in zip(shop.versions, (FIRST, SECOND), strict=True):
            os.utime(shop.measure(version, ndcg, data), (age + 1, age + 1))
    os.utime(shop.measure(shop.versions[1], SECOND, "ef" * 32), (9, 9))
    assert compared(shop).paired.data == compared(shop, data="ef" * 32).paired.data == DATA[:16]
    assert compared(shop, data=NEWER).paired.data == NEWER[:16]


def test_without_evidence_of_both_it_says_whose_is_missing(shop):
    assert compared(shop).why_not == f"the gate has measured nothing of {shop.versions[0]} and of {shop.versions[1]}"
    shop.measure(shop.versions[0], FIRST)
    found = compared(shop)
    assert (found.paired, found.why_not) == (None, f"the gate has measured nothing of {shop.versions[1]}")


def test_different_data_or_queries_are_not_tested(shop):
    shop.measure(shop.versions[0], FIRST)
    shop.measure(shop.versions[1], SECOND, NEWER)
    found = compared(shop)
    assert found.paired is None
    assert found.why_not.startswith("measured on different data: ")
    assert DATA[:16] in found.why_not and NEWER[:16] in found.why_not
    shop.measure(shop.versions[1], {"q0": 1.0})
    assert compared(shop).why_not == f"measured on different queries of data {DATA[:16]}: 6 and 1"


def test_other_data_of_training_is_a_difference(shop):
    changed = shop.register(data=compared(shop).metas[0].data.model_copy(update={"version": NEWER}))
    found = compare_models(shop.home, "shop", shop.versions[0], changed)
    assert found.differing["data"] == (f"shop {DATA}", f"shop {NEWER}")


def test_a_model_against_itself_or_an_unknown_one_is_refused(shop):
    first = shop.versions[0]
    with pytest.raises(InputError, match="against itself"):
        compare_models(shop.home, "shop", first, first)
    with pytest.raises(InputError, match="no model 'x'"):
        compare_models(shop.home, "shop", first, "x")
