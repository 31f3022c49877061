import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fuserank.data.conforming import conform
from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Product

MANIFEST = Manifest(name="tiny")
PRODUCTS = [Product("1", "mug", price=2.5), Product("2", "plate")]


@pytest.fixture
def tiny(tmp_path):
    return write_dataset(tmp_path / "data", MANIFEST, products=PRODUCTS, media=[b"one", b"two", b"one"])


def test_rows_come_back_as_they_were_written(tiny):
    assert Dataset.open(tiny.root).products == PRODUCTS
    assert (tiny.queries, tiny.interactions, tiny.qrels) == ([], [], {})


def test_the_same_input_gives_the_same_version(tiny, tmp_path):
    assert write_dataset(tmp_path / "b", MANIFEST, products=PRODUCTS, media=[b"one", b"two"]).version == tiny.version
    assert write_dataset(tmp_path / "c", MANIFEST, products=PRODUCTS[::-1], media=[b"one", b"two"]).version != tiny.version


def test_replacing_a_dataset_leaves_nothing_of_the_old_one(tiny):
    new = write_dataset(tiny.root, MANIFEST, products=[replace(PRODUCTS[0], title="cup")])
    assert [p.title for p in new.products] == ["cup"]
    assert sorted(path.name for path in tiny.root.iterdir()) == ["dataset.json", "products.parquet"]
    assert [path.name for path in tiny.root.parent.iterdir()] == ["data"]


def test_a_failed_write_leaves_the_old_dataset(tiny):
    def broken():
        yield b"three"
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="fire"):
        write_dataset(tiny.root, MANIFEST, products=PRODUCTS[:1], media=broken())
    assert Dataset.open(tiny.root).version == tiny.version
    assert [path.name for path in tiny.root.parent.iterdir()] == ["data"]


def test_no_folder(tmp_path):
    with pytest.raises(SchemaError, match=r"no dataset\.json"):
        Dataset.open(tmp_path / "none")


@pytest.mark.parametrize(
    "change",
    [
        {"nmae": "x"},
        {"max_grade": 0},
        {"relevant_grade": 4},
        {"name": "Not A Name"},
        {"regime": "../../elsewhere"},
        {"regime": "[red]"},
        {"candidates": "all"},
    ],
)
def test_a_wrong_manifest(tiny, change):
    path = tiny.root / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SchemaError, match=next(iter(change))):
        Dataset.open(tiny.root)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"product_id": ["1"]}, "missing column 'title'"),
        ({"product_id": ["1"], "title": ["a"], "colour": ["red"]}, "unknown column 'colour'"),
        ({"product_id": ["1"], "title": ["a"], "price": ["cheap"]}, "products.price"),
        ({"product_id": ["1", "2"], "title": ["a", None]}, "products.title: 1 empty values"),
    ],
)
def test_conform_refuses(columns, message):
    with pytest.raises(SchemaError, match=message):
        conform(pa.table(columns), "products")


def test_conform_orders_fills_and_casts():
    table = conform(pa.table({"title": ["a"], "price": [3], "product_id": ["1"]}), "products")
    assert table.schema == SCHEMAS["products"]
    assert table["price"].to_pylist() == [3.0]


def test_a_table_that_is_no_parquet(tiny):
    (tiny.root / "products.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(SchemaError, match=r"products\.parquet cannot be read"):
        tiny.table("products")


@pytest.mark.parametrize("wrong", ["zz", "A" * 64, "a" * 64 + "\n", "../" * 21 + "a"])
@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("products", {"product_id": ["1", "2"], "title": ["a", "b"]}),
        ("queries", {"query_id": ["1", "2"], "split": ["test", "test"]}),
    ],
)
def test_a_media_name_that_is_no_hash(tiny, wrong, table, row):
    for column in ("image", "audio"):
        pq.write_table(pa.table({**row, column: [None, wrong]}), tiny.root / f"{table}.parquet")
        with pytest.raises(SchemaError, match=rf"{table}\.{column}: 1 values are no media hash.*64 hex"):
            getattr(Dataset.open(tiny.root), table)


def test_no_product_at_all(tiny):
    pq.write_table(SCHEMAS["products"].empty_table(), tiny.root / "products.parquet")
    with pytest.raises(SchemaError, match=r"products\.parquet holds no row"):
        _ = Dataset.open(tiny.root).products


def test_text_that_is_no_utf8(tiny):
    title = pa.Array.from_buffers(pa.string(), 1, pa.array([b"Gr\xfcn"]).buffers())
    pq.write_table(pa.table({"product_id": ["1"], "title": title}), tiny.root / "products.parquet")
    with pytest.raises(SchemaError, match=r"products\.parquet cannot be read: .*UTF8"):
        tiny.table("products")


def test_a_null_text_reads_as_its_default(tiny):
    pq.write_table(pa.table({"product_id": ["1"], "title": ["a"]}), tiny.root / "products.parquet")
    assert Dataset.open(tiny.root).products == [Product("1", "a")]


def test_a_manifest_that_is_no_json_names_the_file_once(tmp_path):
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(SchemaError, match=r"dataset\.json: Invalid JSON"):
        Dataset.open(tmp_path)
