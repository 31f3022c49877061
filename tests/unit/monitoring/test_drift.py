"""Real changes are found and named; two halves of one batch give no alarm."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest

from fuserank.errors import InputError
from fuserank.monitoring import ColumnDrift, MissingChange, ModalityDrift, Rows, Side, judge, monitor
from fuserank.monitoring.columns import FREQUENT, OTHER, comparable
from fuserank.monitoring.comparing import FEWEST
from fuserank.monitoring.evidently_report import column_distances, write_report
from fuserank.monitoring.verdict import conclude
from tests.unit.monitoring.sides import ROWS, products, side


def compared(tmp_path, reference, current, **settings):
    return monitor(reference, current, out=tmp_path, **({"dealings": 199} | settings))


def drifting(verdict):
    return {column.column for column in verdict.columns if column.drift}


@pytest.mark.parametrize("seed", range(3))
def test_two_halves_of_one_batch_give_no_alarm(tmp_path, seed):
    whole = side("core", seed).kinds["products"]
    order = np.random.default_rng(seed + 50).permutation(ROWS)
    halves = [Side("half", {"products": whole.taken(rows)}) for rows in (order[: ROWS // 2], order[ROWS // 2 :])]
    verdict = compared(tmp_path, *halves, seed=seed)
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
    assert verdict.drift and "image embeddings of products can be told apart" in verdict.reason
    assert {m.modality: m.drift for m in verdict.modalities} == {"image": True, "audio": False}


def test_a_modality_that_is_gone_is_named(tmp_path):
    verdict = compared(tmp_path, side("core", 1), side("late", 2, audio=0.0))
    assert verdict.drift and "no products have audio now" in verdict.reason
    (audio,) = [m for m in verdict.modalities if m.modality == "audio"]
    assert audio.score is None and not audio.drift and "0 in current" in audio.note


def test_too_few_products_are_refused_with_both_numbers(tmp_path):
    with pytest.raises(InputError, match=rf"products: 300 in core, 9 in few; {FEWEST} are needed on each side; allowed: at least"):
        monitor(side("core", 1), side("few", 2, rows=9), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_kind_with_too_few_rows_is_a_note_and_others_are_judged():
    sides = side("core", 1), side("late", 2, price=5.0)
    queries = [Rows({"queries": products(np.random.default_rng(0), rows).assign(text="", user_id=None)}) for rows in (50, 5)]
    both = [Side(s.name, {**s.kinds, "queries": q}, {"log": "none is kept"}) for s, q in zip(sides, queries, strict=True)]
    verdict = judge(*both)
    assert "queries: 50 in core, 5 in late; 30 are needed on each side" in verdict.notes and "log: none is kept" in verdict.notes
    assert drifting(verdict) == {"price_log"}


def test_rows_of_one_shopper_are_one_chance():
    """A few shoppers with many rows differ by chance; as many rows of as many shoppers do not."""

    def few(seed, units):
        whole = side("x", seed, rows=6, audio=0.0).kinds["products"]
        repeated = Rows(
            {"products": whole.tables["products"].loc[np.repeat(np.arange(6), 50)].reset_index(drop=True)},
            units=np.repeat(np.arange(6), 50) if units else None,
        )
        return Side("x", {"products": repeated})

    assert judge(few(1, False), few(2, False)).drift
    assert not judge(few(1, True), few(2, True)).drift


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
    frames = [frames["products"] for frames in comparable(*(side("x", seed).kinds["products"].tables for seed in (1, 2)))]
    kinds = {"price_log": "number", "rating": "number", "category": "category", "brand": "category"}
    distances = column_distances(*frames, kinds)
    assert all(np.isfinite(list(distances.values())))
    write_report(*frames, kinds, dict.fromkeys(kinds, 0.1), tmp_path / "evidently.html")
    shown = re.findall(r"Drift score: ([0-9.]+)", (tmp_path / "evidently.html").read_text())
    assert shown[:4] == [f"{distance:.3f}".rstrip("0") for distance in distances.values()]


def test_a_side_holds_only_vectors_that_exist():
    table = pa.table({"product_id": ["a", "b"], "title": ["x", "y"]})
    vectors = {"image": np.arange(6, dtype=np.float16).reshape(2, 3)}
    present = {"image": np.array([False, True]), "lexical": np.array([True, True])}
    made = Side.of("core", table, table.slice(0, 0), vectors, present).kinds["products"]
    image, rows = made.vectors["image"]
    assert image.tolist() == [[3.0, 4.0, 5.0]] and image.dtype == np.float32 and rows.tolist() == [1]
    assert {m: has.tolist() for m, has in made.has.items()} == {"image": [0.0, 1.0], "lexical": [1.0, 1.0]}


def test_rows_are_taken_with_their_vectors():
    whole = side("x", 1, rows=40, units=np.arange(40) // 2).kinds["products"]
    taken = whole.taken(np.array([30, 3, 7]))
    assert taken.tables["products"]["product_id"].tolist() == ["p30", "p3", "p7"] and taken.units.tolist() == [15, 1, 3]
    image, rows = taken.vectors["image"]
    assert {int(r): v.tolist() for r, v in zip(rows, image, strict=True)} == {
        place: whole.vectors["image"][0][row].tolist() for place, row in enumerate((30, 3, 7))
    }
    assert sorted(taken.vectors["audio"][1].tolist()) == [1, 2] and taken.has["audio"].tolist() == [0.0, 1.0, 1.0]


def test_ids_hashes_and_free_text_are_no_columns_and_rare_categories_are_one():
    table = products(np.random.default_rng(0))
    frame = comparable({"products": table}, {"products": table})[0]["products"]
    assert not {"product_id", "title", "image", "audio", "split"} & set(frame.columns)
    assert frame["brand"].nunique() == FREQUENT + 1 and OTHER in set(frame["brand"])
    assert set(frame["script"]) == {"latin"} and set(frame["has_audio"]) == {"no"}


def test_scripts_of_titles():
    table = products(np.random.default_rng(0), rows=4).assign(title=["shoe", "鞋", "鞋 shoe", "42"])
    assert comparable({"products": table}, {"products": table})[0]["products"]["script"].tolist() == [
        "latin",
        "han",
        "both",
        "(none)",
    ]


def test_rare_categories_are_chosen_by_both_sides_alike():
    """The reference's own favourites would stand out on its side, and every long tail would drift."""
    rng = np.random.default_rng(0)
    alarms = 0
    for seed in range(20):
        tables = [products(rng).assign(brand=rng.choice([f"b{i}" for i in range(150)], ROWS)) for _ in range(2)]
        verdict = judge(*(Side(str(i), {"products": Rows({"products": t})}) for i, t in enumerate(tables)), seed=seed)
        alarms += "brand" in drifting(verdict)
    assert alarms <= 1


def test_conclusions_say_shares_in_words():
    column = ColumnDrift("products", "price_log", "wasserstein", 0.5, 0.1, drift=True, p=0.001)
    modality = ModalityDrift("products", "image", 0.9, 0.6, True, 0.001, (100, 100))
    change = MissingChange("candidates", "audio", 0.1, 0.4, 0.05, drift=True, p=0.001)
    assert conclude([column], [modality], [change], column_share=0.3) == (
        True,
        "products: 1 of 1 columns drift (price_log); image embeddings of products can be told apart (AUC 0.90 > 0.60); "
        "audio is missing in 40% of the candidates instead of 10%",
    )
