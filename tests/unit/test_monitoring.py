"""Real changes are found and named; two halves of one batch give no alarm."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import InputError
from fuserank.monitoring import ModalityDrift, Side, monitor
from fuserank.monitoring.calibration import halves, threshold
from fuserank.monitoring.columns import FREQUENT, OTHER, comparable
from fuserank.monitoring.evidently_report import column_distances, write_report
from fuserank.monitoring.verdict import ColumnDrift, MissingChange, conclude

ROWS, DIM = 300, 24


def products(rng, rows=ROWS, *, price=3.0, category=("shirts", "shoes", "bags"), title="blue shirt"):
    return pd.DataFrame({
        "product_id": [f"p{i}" for i in range(rows)],
        "title": [title + "x" * int(extra) for extra in rng.integers(0, 20, rows)],
        "category": rng.choice(category, rows),
        "brand": rng.choice([f"brand {i}" for i in range(100)], rows),
        "locale": "en",
        "price": np.exp(rng.normal(price, 0.5, rows)),
        "rating": np.where(rng.random(rows) < 0.2, np.nan, 5 * rng.random(rows)),
        "popularity": np.nan,
        "image": "a" * 64,
        "audio": None,
    })  # fmt: skip


def side(name, seed, *, shift=0.0, audio=0.5, **changes):
    rng = np.random.default_rng(seed)
    image = (rng.normal(size=(ROWS, DIM)) + shift).astype(np.float32)
    sound = rng.normal(size=(int(ROWS * audio), DIM)).astype(np.float32)
    missing = {"image": 0.0, "audio": 1 - audio}
    return Side(name, {"products": products(rng, **changes)}, {"image": image, "audio": sound}, missing)


def compared(tmp_path, reference, current, **settings):
    return monitor(reference, current, out=tmp_path, **({"resamples": 8} | settings))


def drifting(verdict):
    return {column.column for column in verdict.columns if column.drift}


@pytest.mark.parametrize("seed", range(3))
def test_two_halves_of_one_batch_give_no_alarm(tmp_path, seed):
    whole = side("core", seed)
    order = np.random.default_rng(seed + 50).permutation(ROWS)

    def half(rows):
        table = whole.tables["products"].iloc[rows]
        return Side("half", {"products": table}, {"image": whole.embeddings["image"][rows]}, {"image": 0.0})

    verdict = compared(tmp_path, half(order[: ROWS // 2]), half(order[ROWS // 2 :]), seed=seed)
    assert not verdict.drift and verdict.reason.startswith("reference and current differ no more than")


def test_an_identical_batch_gives_no_alarm_and_the_same_verdict_twice(tmp_path):
    verdict = compared(tmp_path, side("core", 1), side("core", 1))
    assert not verdict.drift and drifting(verdict) == set()
    assert compared(tmp_path, side("core", 1), side("core", 1)) == verdict


def test_shifted_prices_are_named_and_alone_are_below_the_share_that_counts(tmp_path):
    reference, current = side("core", 1), side("late", 2, price=5.0)
    verdict = compared(tmp_path, reference, current, column_share=0.5)
    assert drifting(verdict) == {"price_log"}
    assert not verdict.drift and "price_log" in verdict.reason
    assert compared(tmp_path, reference, current, column_share=0.1).drift


def test_a_new_category_and_other_titles_make_the_table_drift(tmp_path):
    current = side("late", 2, category=("shirts", "watches"), title="手表 红色 防水 不锈钢 夜光 男士 运动 手表")
    verdict = compared(tmp_path, side("core", 1), current, column_share=0.3)
    assert {"category", "script"} <= drifting(verdict)
    assert verdict.drift and "category" in verdict.reason


def test_shifted_embeddings_are_named(tmp_path):
    verdict = compared(tmp_path, side("core", 1), side("late", 2, shift=0.7))
    assert verdict.drift and "image embeddings can be told apart" in verdict.reason
    assert {m.modality: m.drift for m in verdict.modalities} == {"image": True, "audio": False}


def test_a_modality_that_is_gone_is_named(tmp_path):
    verdict = compared(tmp_path, side("core", 1), side("late", 2, audio=0.0))
    assert verdict.drift and "audio is missing entirely in the current batch" in verdict.reason
    (audio,) = [m for m in verdict.modalities if m.modality == "audio"]
    assert audio.score is None and not audio.drift and "0 in current" in audio.note


def test_too_few_products_are_refused_with_both_numbers(tmp_path):
    few = Side("few", {"products": products(np.random.default_rng(0), rows=9)}, {}, {})
    with pytest.raises(InputError, match=r"9 products in 'few'; allowed: at least 50"):
        monitor(side("core", 1), few, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_reports_are_written_and_load_nothing(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *host, **_: asked.append(host))
    monkeypatch.setattr("socket.socket.connect", lambda _, address: asked.append(address))
    verdict = compared(tmp_path, side("core", 1), side("late <b>", 2, price=5.0))
    assert asked == []
    written = json.loads((tmp_path / "drift.json").read_text())
    assert written["drift"] == verdict.drift and len(written["columns"]) == len(verdict.columns) and written["sizes"]["reference"]
    page = (tmp_path / "drift.html").read_text()
    assert "price_log" in page and "late &lt;b&gt;" in page
    evidently = (tmp_path / "evidently.html").read_text()
    assert "price_log" in evidently and '<script src="http' not in evidently and 'href="http' not in evidently.split("<body")[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drift.html", "drift.json", "evidently.html"]


def test_the_distances_are_those_that_the_report_shows(tmp_path):
    frames = [comparable({"products": side("x", seed).tables["products"]}, side("x", 1).tables)["products"] for seed in (1, 2)]
    kinds = {"price_log": "number", "rating": "number", "category": "category", "brand": "category"}
    distances = column_distances(*frames, kinds)
    assert all(np.isfinite(list(distances.values())))
    write_report(*frames, kinds, dict.fromkeys(kinds, 0.1), tmp_path / "evidently.html")
    shown = re.findall(r"Drift score: ([0-9.]+)", (tmp_path / "evidently.html").read_text())
    assert shown[:4] == [f"{distance:.3f}".rstrip("0") for distance in distances.values()]


def test_a_side_holds_only_vectors_that_exist():
    table = pa.table({"product_id": ["a", "b"], "title": ["x", "y"]})
    vectors = {"image": np.arange(6, dtype=np.float16).reshape(2, 3)}
    made = Side.of("core", table, table.slice(0, 0), vectors, {"image": np.array([False, True]), "lexical": np.array([True, True])})
    assert made.embeddings["image"].tolist() == [[3.0, 4.0, 5.0]] and made.embeddings["image"].dtype == np.float32
    assert made.missing == {"image": 0.5, "lexical": 0.0} and set(made.tables) == {"products"}


def test_ids_hashes_and_free_text_are_no_columns_and_rare_categories_are_one():
    table = products(np.random.default_rng(0))
    frame = comparable({"products": table}, {"products": table})["products"]
    assert not {"product_id", "title", "image", "audio", "split"} & set(frame.columns)
    assert frame["brand"].nunique() == FREQUENT + 1 and OTHER in set(frame["brand"])
    assert set(frame["script"]) == {"latin"} and set(frame["has_audio"]) == {"no"}


def test_scripts_of_titles():
    table = products(np.random.default_rng(0), rows=4).assign(title=["shoe", "鞋", "鞋 shoe", "42"])
    assert comparable({"products": table}, {"products": table})["products"]["script"].tolist() == ["latin", "han", "both", "(none)"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.001, 0.2), st.floats(0, 1))
def test_a_threshold_is_never_below_its_floor_or_the_mean_and_falls_with_alpha(known, alpha, floor):
    found = threshold(known, alpha=alpha, floor=floor)
    assert np.isfinite(found) and found >= floor and found >= np.mean(known) - 1e-9
    assert threshold(known, alpha=alpha / 2, floor=floor) >= found


def test_a_threshold_is_exceeded_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4_000, 9))
    exceeded = [last > threshold(known, alpha=0.1, floor=-9.0) for *known, last in draws]
    assert np.mean(exceeded) == pytest.approx(0.1, abs=0.015)


def test_halves_are_disjoint_and_of_equal_size():
    for one, other in halves(21, 10, resamples=5, rng=np.random.default_rng(0)):
        assert len(one) == len(other) == 10 and not set(one) & set(other)


def test_conclusions_say_shares_in_words():
    column = ColumnDrift("products", "price_log", "wasserstein", 0.5, 0.1, drift=True)
    modality = ModalityDrift("image", 0.9, 0.6, True, 100)
    change = MissingChange("audio", 0.1, 0.4, 0.05, drift=True)
    assert conclude([column], [modality], [change], column_share=0.3) == (
        True,
        "products: 1 of 1 columns drift (price_log); image embeddings can be told apart (AUC 0.90 > 0.60); "
        "audio is missing in 40% of the products instead of 10%",
    )
