"""The importers of public sets on made-up folders of a few rows: their rules are tested even where the real sets are not there."""

import csv
import gzip
import json

import pytest

from fuserank.data.importers import import_chorus, import_fashion, import_grocery
from fuserank.errors import MediaError, SchemaError

CLASSES = [  # fine, coarse, department, description
    ("Pink-Lady", "Apple", "Fruit", "Red and crisp. Eat it raw."),
    ("Royal-Gala", "Apple", "Fruit", "Sweet! Store it cold."),
    ("Kiwi", "Kiwi", "Fruit", "Green inside."),
    ("Brand-Apple-Juice", "Juice", "Packages", "Pressed apples. One litre."),
    ("Brand-Pineapple-Juice", "Juice", "Packages", "Pressed pineapples. One litre."),
]


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def grocery(tmp_path):
    source = tmp_path / "grocery"
    rows = []
    for number, (fine, coarse, department, description) in enumerate(CLASSES):
        stem = f"icons/{department}/{coarse}/{fine}"
        for path, data in (
            (f"{stem}.webp", f"icon {fine}"),
            (f"{stem}.txt", description),
            (f"photos/{fine}.webp", f"photo {fine}"),
        ):
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(data)
        rows.append(
            {
                "Class Name (str)": fine,
                "Class ID (int)": number,
                "Coarse Class Name (str)": coarse,
                "Iconic Image Path (str)": f"/{stem}.webp",
                "Product Description Path (str)": f"/{stem}.txt",
            }
        )
    write_csv(source / "classes.csv", rows)
    (source / "train.txt").write_text("photos/Pink-Lady.webp, 0, 0\nphotos/Kiwi.webp, 2, 1\n")
    (source / "val.txt").write_text("photos/Royal-Gala.webp, 1, 0\n")
    (source / "test.txt").write_text("photos/Brand-Apple-Juice.webp, 3, 2\n")
    for take in ("09", "10", "13"):
        (tmp_path / "spoken_fruit/apple").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"spoken_fruit/apple/apple{take}.wav").write_text(f"apple {take}")
    return source


def test_grocery(grocery, tmp_path):
    data = import_grocery(grocery, tmp_path / "data")
    by_text = {q.text: data.qrels[q.query_id] for q in data.queries if q.text}
    assert by_text["Pink Lady"] == by_text["Red and crisp."] == data.qrels["p-0000"] == {"g00": 3, "g01": 2, "g02": 1}
    assert by_text["Apple"] == data.qrels["v-apple09"] == {"g00": 3, "g01": 3, "g02": 1, "g03": 1}
    assert by_text["Juice"] == {"g03": 3, "g04": 3}
    assert [q.split for q in data.queries if q.audio] == ["train", "val", "test"]
    assert [q.split for q in data.queries if q.image] == ["train", "train", "val", "test"]
    assert [p.description for p in data.products] == ["Eat it raw.", "Store it cold.", "", "One litre.", "One litre."]
    assert [p.title for p in data.products][:2] == ["Pink Lady", "Royal Gala"]
    texts = [q.text for q in data.queries if q.text]
    assert len(texts) == len(set(texts)) == 5 + 2 + 5


@pytest.mark.parametrize(
    ("gone", "error"),
    [("test.txt", "no test.txt"), ("icons/Fruit/Kiwi/Kiwi.txt", "no description"), ("photos/Kiwi.webp", "photos/Kiwi.webp")],
)
def test_grocery_with_a_hole(grocery, tmp_path, gone, error):
    (grocery / gone).unlink()
    with pytest.raises((SchemaError, MediaError), match=error):
        import_grocery(grocery, tmp_path / "data")


SHIRTS = [  # id, gender, articleType, subCategory, baseColour, usage, batch, side
    ("1", "Men", "Shirts", "Topwear", "Red", "Casual", "core", "fit"),
    ("2", "Unisex", "Shirts", "Topwear", "Red", "Casual", "core", "fit"),
    ("3", "Women", "Shirts", "Topwear", "Red", "Casual", "core", "fit"),
    ("4", "Men", "Tops", "Topwear", "Red", "Casual", "core", "fit"),
    ("5", "Men", "Shirts", "Topwear", "Red", "Casual", "core", "test"),
    ("6", "Men", "Watches", "Watches", "Red", "Casual", "core", "fit"),
    ("7", "Women", "Shirts", "Topwear", "Blue", "Casual", "core", "fit"),
    ("8", "Men", "Shirts", "Topwear", "Red", "Casual", "late", ""),
]


@pytest.fixture
def fashion(tmp_path):
    source = tmp_path / "fashion"
    keys = ("id", "gender", "articleType", "subCategory", "baseColour", "usage", "batch")
    filler = {"masterCategory": "Apparel", "season": "Fall", "year": "2010"}
    write_csv(
        source / "products.csv",
        [dict(zip(keys, row[:7], strict=True)) | filler | {"productDisplayName": f"Full {row[0]}"} for row in SHIRTS],
    )
    core = [row for row in SHIRTS if row[7]]
    write_csv(
        source / "benchmark/products.csv",
        [
            {
                "product_id": row[0],
                "side": row[7],
                "title_full": f"Full {row[0]}",
                "title_no_colour": "bare",
                "title_no_colour_type": "",
            }
            for row in core
        ],
    )
    query = {"gender": "Men", "baseColour": "Red", "usage": "", "articleType": "Shirts"}
    write_csv(
        source / "benchmark/queries.csv",
        [
            query | {"query_id": "f0", "text": "red shirts for men", "part": "train"},
            query | {"query_id": "f1", "text": "men's red shirts", "part": "test", "usage": "Casual"},
        ],
    )
    (source / "images").mkdir()
    for row in SHIRTS:
        (source / f"images/{row[0]}.webp").write_text(f"picture {row[0]}")
    return source


def test_fashion(fashion, tmp_path):
    data = import_fashion(fashion, tmp_path / "data", regime="no_colour")
    assert data.qrels == {"f0": {"1": 3, "2": 3, "3": 2, "4": 1, "7": 1}}
    assert [q.query_id for q in data.queries] == ["f0"]  # f1 has one product of grade 3 on its side and needs two
    assert data.warnings[0].startswith("1 queries have too few")
    assert {p.title for p in data.products} == {"bare"}
    assert json.loads(data.products[0].attributes)["baseColour"] == "Red"
    assert [p.split for p in data.products] == ["train"] * 4 + ["test"] + ["train"] * 2


def test_fashion_in_chinese(fashion, tmp_path):
    zh = import_fashion(fashion, tmp_path / "zh", locale="zh")
    cross = import_fashion(fashion, tmp_path / "cross", locale="cross")
    assert {(q.text, q.locale) for data in (zh, cross) for q in data.queries} == {(zh.queries[0].text, "zh")}
    assert "红色" in zh.queries[0].text
    assert [(data.manifest.regime, data.products[0].locale) for data in (zh, cross)] == [("full_zh", "zh"), ("full_cross", "en")]
    assert zh.warnings[0].startswith("0% of the words of titles were translated")
    assert cross.warnings[0].startswith("1 queries")


def test_fashion_late(fashion, tmp_path):
    late = import_fashion(fashion, tmp_path / "data", batch="late")
    assert [(p.product_id, p.title, p.split) for p in late.products] == [("8", "Full 8", None)]


@pytest.mark.parametrize(
    "options", [{"regime": "fool"}, {"batch": "early"}, {"batch": "late", "regime": "no_colour"}, {"locale": "fr"}]
)
def test_fashion_options(fashion, tmp_path, options):
    with pytest.raises(SchemaError, match="choose another"):
        import_fashion(fashion, tmp_path / "data", **options)


@pytest.fixture
def chorus(tmp_path):
    source = tmp_path / "chorus"
    queries = ["laptop", "laptops", "tv", "mouse", "desk", "fan", "radio"]
    write_csv(source / "Broad_Query_Set_rated.csv", [{"query": q, "docid": "7", "rating": n % 4} for n, q in enumerate(queries)])
    with gzip.open(source / "products.jsonl.gz", "wt") as file:
        for number in ("7", "8"):
            row = {"id": number, "title": f"Thing {number}", "supplier": "Maker", "price": 12595, "short_description": None}
            file.write(json.dumps(row) + "\n")
    return source


def test_chorus(chorus, tmp_path):
    data = import_chorus(chorus, tmp_path / "data")
    assert [(p.product_id, p.price, p.brand, p.description) for p in data.products] == [("7", 125.95, "Maker", "")]
    assert {q.text: data.qrels[q.query_id] for q in data.queries}["desk"] == {"7": 0}
    splits = {q.text: q.split for q in data.queries}
    assert splits["laptop"] == splits["laptops"]
    assert set(splits.values()) == {"train", "val", "test"}
    assert len(import_chorus(chorus, tmp_path / "data", all_products=True).products) == 2


@pytest.mark.parametrize(
    ("old", "new", "error"), [("laptop,7,0", "laptop,7,5", "line 2: rating '5'"), ("tv,7", "tv,9", "1 not in products: '9'")]
)
def test_chorus_ratings(chorus, tmp_path, old, new, error):
    path = chorus / "Broad_Query_Set_rated.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SchemaError, match=error):
        import_chorus(chorus, tmp_path / "data")
