"""The card says what a model is made of, what it was trained with and how good it is, and calls each measure what it is."""

import pytest
from test_model_folder import make

from fuserank.gate import Evidence, Without
from fuserank.model_card import render_card, render_measured


def card(ranker=None, **changes):
    meta = make()[1].model_copy(update=changes).model_dump(mode="json")
    return render_card(meta | {"ranker": meta["ranker"] | (ranker or {})})


@pytest.mark.parametrize(
    ("ranker", "words"),
    [
        ({}, "search: fusion `sum`, scorer `sequence`, width 4, rank 2. Made"),
        ({"late": 192}, "search: late interaction of width 192 with fusion `sum`, scorer `sequence`, width 4, rank 2. Made"),
        ({"late": 192, "fusion": "", "scorer": ""}, "search: late interaction of width 192. Made"),
    ],
)
def test_it_says_what_the_ranker_is_made_of(ranker, words):
    assert words in card(ranker)


def test_it_says_the_settings_of_the_training():
    assert '| loss | `"softmax"` |\n| seeds | `[0, 1]` |' in card(settings={"loss": "softmax", "seeds": [0, 1]})
    assert "| setting | value |\n|---|---|\n| none recorded | |" in card(settings={})


def test_a_measure_of_validation_queries_is_not_called_one_of_test_queries():
    text = card(metrics={"val nDCG@10": 0.75})
    assert "| val nDCG@10 | 0.7500 |" in text
    assert "Metrics on the test queries" not in text and "it flatters" in text


def test_what_the_gate_measured_is_told_by_data_slice_and_missing_family():
    said = Evidence(
        ranker="sum",
        per_query={"a": 1.0, "b": 0.5, "c": 0.0},
        slices={"English": ["a", "b"]},
        latency_ms_per_1000=1.0,
        missing={"picture": Without(ndcg=0.25, rest=0.5)},
    )
    rows = render_measured({"d1": said.model_dump(), "d2": said.model_copy(update={"missing": None}).model_dump()}).splitlines()
    assert [row for row in rows if row.startswith("| d")][1:] == [
        "| d1 | all | 3 | 0.5000 |",
        "| d1 | English | 2 | 0.7500 |",
        "| d1 | all, no product has picture | 3 | 0.2500 |",
        "| d2 | all | 3 | 0.5000 |",
        "| d2 | English | 2 | 0.7500 |",
    ]
    assert "| none | | | |" in render_measured({})
