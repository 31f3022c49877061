"""The real sets, counted. Figures of the sources stand in their own papers and READMEs; those of the splits were counted when the
importers were written, and the fashion figures agree with the published benchmark (143 test queries, sides 3,149 / 1,027 / 4,201).
"""

import csv
import json
from collections import Counter

import pytest

from fuserank.data.importers import IMPORTERS, import_chorus, import_fashion, import_grocery
from fuserank.data.importers.chorus import query_group
from fuserank.data.leakage import leaks
from fuserank.errors import SchemaError, UnknownNameError


@pytest.fixture(scope="module")
def fashion(real, tmp_path_factory):
    return import_fashion(real("fashion"), tmp_path_factory.mktemp("fashion") / "data")


@pytest.fixture(scope="module")
def grocery(real, tmp_path_factory):
    return import_grocery(real("grocery"), tmp_path_factory.mktemp("grocery") / "data")


@pytest.fixture(scope="module")
def chorus(real, tmp_path_factory):
    return import_chorus(real("chorus"), tmp_path_factory.mktemp("chorus") / "data")


def splits(items):
    return Counter(item.split for item in items)


def test_names():
    assert {"chorus", "fashion", "grocery", "online_retail", "table"} < set(IMPORTERS)
    with pytest.raises(UnknownNameError, match="did you mean 'fashion'"):
        IMPORTERS["fashon"]


def test_fashion_counts(fashion):
    assert splits(fashion.products) == {"train": 3149, "val": 1027, "test": 4201}
    assert splits(fashion.queries) == {"train": 512, "val": 44, "test": 143}
    assert len(fashion.media) == len({p.image for p in fashion.products})
    assert set(fashion.table("judgments")["source"].to_pylist()) == {"attribute_rule"}
    assert set(fashion.table("judgments")["grade"].to_pylist()) == {1, 2, 3}


def test_fashion_has_no_leak(fashion):
    assert leaks(fashion) == []


def test_fashion_attributes_are_in_no_feature_column(fashion):
    assert {(p.category, p.brand, p.description) for p in fashion.products} == {("", "", "")}
    assert set(json.loads(fashion.products[0].attributes)) >= {"articleType", "baseColour", "gender"}


def test_fashion_grades_follow_the_rule_row_by_row(fashion, real):
    """The rule once more in plain Python, on every fortieth query."""
    with (real("fashion") / "benchmark/queries.csv").open() as file:
        asked = {row["query_id"]: row for row in csv.DictReader(file)}
    products = {p.product_id: (p.split, json.loads(p.attributes)) for p in fashion.products}
    sub = {a["articleType"]: a["subCategory"] for _, a in products.values()}
    for query in fashion.queries[::40]:
        want = asked[query.query_id]
        keys = [key for key in ("gender", "baseColour", "usage") if want[key]]
        expected = {}
        for product_id, (split, has) in products.items():
            held = sum(has[key] == want[key] or (key == "gender" and has[key] == "Unisex") for key in keys)
            if has["articleType"] == want["articleType"]:
                grade = 3 if held == len(keys) else 2 if held == len(keys) - 1 and len(keys) > 1 else 1
            else:
                grade = int(has["subCategory"] == sub[want["articleType"]] and held == len(keys))
            if grade and split == query.split:
                expected[product_id] = grade
        assert fashion.qrels[query.query_id] == expected


def test_fashion_regimes_differ_in_titles_only(fashion, real, tmp_path):
    bare = import_fashion(real("fashion"), tmp_path / "bare", regime="no_colour_type")
    assert bare.manifest.regime == "no_colour_type"
    assert [q.query_id for q in bare.queries] == [q.query_id for q in fashion.queries]
    assert bare.qrels == fashion.qrels
    assert sum(a.title != b.title for a, b in zip(bare.products, fashion.products, strict=True)) > 8000
    assert leaks(bare) == []


def test_fashion_late_batch_has_no_queries(real, tmp_path):
    late = import_fashion(real("fashion"), tmp_path / "late", batch="late")
    assert (len(late.products), len(late.queries), late.qrels) == (2023, 0, {})
    with pytest.raises(SchemaError, match="regime 'no_colour'"):
        import_fashion(real("fashion"), tmp_path / "late", batch="late", regime="no_colour")


def test_grocery_counts(grocery):
    kinds = Counter((q.query_id[0], q.split) for q in grocery.queries)
    assert len(grocery.products) == 81
    assert [kinds["p", s] for s in ("train", "val", "test")] == [2640, 296, 1258]
    assert [kinds["v", s] for s in ("train", "val", "test")] == [63, 21, 21]
    assert sum(kinds["t", s] for s in ("train", "val", "test")) == 179
    assert leaks(grocery) == []


def test_grocery_grades(grocery):
    of = {p.title: p.product_id for p in grocery.products}
    query = {q.text: q.query_id for q in grocery.queries if q.text}
    apple = grocery.qrels[query["Granny Smith"]]
    assert [apple.get(of[t], 0) for t in ("Granny Smith", "Pink Lady", "Banana", "Leek")] == [3, 2, 1, 0]
    assert apple.get(of["Bravo Apple Juice"], 0) == 0
    coarse = grocery.qrels[query["Apple"]]
    assert [coarse.get(of[t], 0) for t in ("Granny Smith", "Pink Lady", "Banana", "Bravo Apple Juice", "Leek")] == [3, 3, 1, 1, 0]
    spoken = grocery.qrels["v-apple13"]
    assert spoken == coarse
    assert grocery.qrels["v-pineapple01"].get(of["Bravo Apple Juice"], 0) == 0


def test_grocery_products_do_not_show_the_sentence_that_is_asked(grocery):
    asked = {q.text for q in grocery.queries if q.text.endswith((".", "!"))}
    assert len(asked) == 81
    assert not [p.title for p in grocery.products if any(sentence in p.description for sentence in asked)]
    assert {p.category for p in grocery.products} == {""}


def test_grocery_regimes(real, tmp_path):
    voice = import_grocery(real("grocery"), tmp_path / "v", regime="voice", voice=real("spoken_fruit"))
    assert {(q.query_id[:2], q.audio_source, q.text) for q in voice.queries} == {("v-", "recorded", "")}
    with pytest.raises(SchemaError, match="no recordings"):
        import_grocery(real("grocery"), tmp_path / "v", regime="voice", voice=tmp_path / "nowhere")
    with pytest.raises(SchemaError, match="regime 'smell'"):
        import_grocery(real("grocery"), tmp_path / "v", regime="smell")


def test_chorus_counts(chorus):
    assert Counter(chorus.table("judgments")["grade"].to_pylist()) == {0: 1853, 1: 238, 2: 105, 3: 1472}
    assert len(chorus.queries) == 135
    assert sum(len(set(grades.values())) > 1 for grades in chorus.qrels.values()) == 99
    assert {p.product_id for p in chorus.products} == {p for grades in chorus.qrels.values() for p in grades}
    assert chorus.manifest.candidates == "judged"
    assert leaks(chorus) == []


def test_chorus_folds_test_every_query_once(chorus, real, tmp_path):
    tested = []
    for fold in range(5):
        data = chorus if fold == 0 else import_chorus(real("chorus"), tmp_path / "fold", fold=fold)
        tested += [q.query_id for q in data.queries if q.split == "test"]
        assert leaks(data) == []
    assert sorted(tested) == sorted(q.query_id for q in chorus.queries)
    with pytest.raises(SchemaError, match="fold 5"):
        import_chorus(real("chorus"), tmp_path / "fold", fold=5)


@pytest.mark.parametrize(("one", "other"), [("Head set", "headsets"), ("laptop", "laptops"), ("smart watch", "smartwatch")])
def test_spellings_of_one_chorus_query_share_a_group(one, other):
    assert query_group(one) == query_group(other)


@pytest.mark.parametrize("name", ["fashion", "grocery", "chorus", "table"])
def test_an_empty_folder_is_refused(name, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SchemaError, match=r"no .* in "):
        IMPORTERS[name](tmp_path / "empty", tmp_path / "target")
    assert not (tmp_path / "target").exists()
