"""A log as rows: what was asked, how it was answered, what candidates had; and which answers of it count."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fuserank.inference_log import InferenceLog
from fuserank.inference_log.columns import to_table
from fuserank.monitoring.traffic import READ, request_rows
from fuserank.pipeline import logged
from fuserank.pipeline.logged import Span, clicked
from tests.unit.logged_records import SALT, TIME, event, ranking

VERSION = ranking().model_version
START = datetime.fromtimestamp(TIME / 1000, UTC)
TEN = [f"p{rank}" for rank in range(10)]


def rows_of(*records):
    table, wrong = to_table("rankings", records, salt=SALT, share=1.0)
    assert wrong is None
    return request_rows(table.select(READ), ["text", "image"])


def written(folder, *records):
    with InferenceLog(folder) as log:
        for record in records:
            log.put(record)
    return Span(folder, VERSION, START, START + timedelta(hours=1))


def test_scores_are_of_the_ten_best_whatever_more_was_shown():
    scores = np.arange(12, 0, -1.0)
    answers = rows_of(ranking(product_ids=[f"p{i}" for i in range(12)], scores=scores.tolist())).tables["answers"]
    assert answers[["best_score", "mean_score", "spread"]].iloc[0].tolist() == pytest.approx([12, 7.5, scores[:10].std()])
    assert answers["candidates"].tolist() == [286.0] and answers["degraded"].tolist() == ["no"]


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, ["best_score"]),  # two of 286: the mean of the ten best is not known
        ({"candidates": 2}, ["best_score", "mean_score", "spread"]),
        ({"degraded": ["deadline: BM25 order"]}, []),
        ({"route": "rank"}, []),
        ({"product_ids": [], "scores": [], "candidates": 0}, []),
    ],
)
def test_scores_that_say_nothing_are_missing(changes, known):
    answers = rows_of(ranking(**changes)).tables["answers"]
    scores = answers[["best_score", "mean_score", "spread"]].iloc[0]
    assert scores.dropna().index.tolist() == known
    assert answers["degraded"].tolist() == ["yes" if "degraded" in changes else "no"]


def test_what_was_asked_with():
    queries = rows_of(ranking(), ranking(has_text=False, has_audio=True, text="what was heard", has_user=False)).tables["queries"]
    assert queries["text"].tolist() == ["striped red mug", ""] and queries["audio"].fillna("no").tolist() == ["no", "yes"]
    assert queries["user_id"].fillna("no").tolist() == ["yes", "no"]


def test_vectors_shares_weights_and_shoppers():
    vector = {"text": np.ones(3), "image": np.zeros(2)}
    rows = rows_of(
        ranking("a"),
        ranking("b", query_vectors=vector, present={"image": 0.5}, candidates=4),
        ranking("c", user=None, session_id="visit", route="rank"),
        ranking("d", user=None, session_id="visit", query_vectors={}),
        ranking("e", user=None, session_id=None),
        ranking("f", user=None, session_id=None, present={}),
    )
    assert rows.vectors["text"][0].shape == (5, 3) and rows.vectors["image"][1].tolist() == [1]
    assert rows.has["image"].tolist() == pytest.approx([0.75, 0.5, 0.75, 0.75, 0.75, 0.0]) and rows.has["text"][1] == 0
    assert rows.weights.tolist() == [286, 4, 0, 286, 286, 0]  # who ranks given candidates chose them; of none nothing is known
    assert rows.units[0] == rows.units[1] and rows.units[2] == rows.units[3] and len(set(rows.units)) == 4


def test_only_answers_of_the_champion_that_shoppers_saw_in_the_span_count(tmp_path):
    others = [{"role": "shadow"}, {"model_version": "late@bbbbbbbbbbbb"}, {"time": TIME - 1}, {"time": TIME + 3_600_000}]
    span = written(tmp_path, ranking("a"), ranking("b", role="challenger"), *(ranking(f"o{i}", **c) for i, c in enumerate(others)))
    table, broken = span.drawn(1000)
    assert sorted(table["request_id"].to_pylist()) == ["a", "b"] and broken == [] and table.column_names == list(READ)


def test_a_large_log_is_drawn_from(tmp_path):
    span = written(tmp_path, *(ranking(f"r{i}") for i in range(400)))
    table, _ = span.drawn(100)
    assert 60 < len(table) < 150 and table["request_id"].to_pylist() == span.drawn(100)[0]["request_id"].to_pylist()


def test_damage_is_named(tmp_path):
    span = written(tmp_path, ranking("a"))
    next(tmp_path.glob("rankings-*")).write_bytes(b"half")
    assert span.drawn(10)[1] == [path.name for path in tmp_path.glob("rankings-*")]


def test_clicks_come_to_their_answers_before_and_in_the_span(tmp_path):
    span = written(
        tmp_path,
        ranking("old", time=TIME - 5, product_ids=TEN, scores=[1.0] * 10),
        ranking("new", user="u2"),
        event("old", product_id="p3"), event("old", product_id="p3", action_name="purchase"), event("new", product_id="p2"),
        event("new", product_id="elsewhere"),
    )  # fmt: skip
    before, now = clicked(span)
    assert before.gains.tolist() == [[0, 0, 0, 3, 0, 0, 0, 0, 0, 0]] and before.products[0].tolist() == TEN
    assert now.gains.tolist() == [[0, 1] + [0] * 8] and now.products[0].tolist() == ["p1", "p2"] + [""] * 8
    assert before.queries[0] == now.queries[0] and before.shoppers[0] != now.shoppers[0]


def test_a_shopper_counts_once_for_a_query_and_answers_to_more_than_words_not(tmp_path):
    others = [{"has_image": True}, {"has_audio": True}, {"has_text": False}]
    span = written(
        tmp_path,
        ranking("a"), ranking("b", text="Striped  red MUG"), ranking("c", text="cup"), ranking("d", user=None, session_id=None),
        ranking("e", user=None, session_id=None), *(ranking(f"o{i}", user=f"o{i}", **c) for i, c in enumerate(others)),
    )  # fmt: skip
    assert len(clicked(span)[1]) == 4


def test_of_many_answers_some_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(logged, "ANSWERS", 50)
    span = written(tmp_path, *(ranking(f"r{i}", user=f"u{i}") for i in range(300)))
    assert 20 < len(clicked(span)[1]) < 90
