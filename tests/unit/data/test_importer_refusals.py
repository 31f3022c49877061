"""What an import refuses although a reader could make something of it, and how short it says so."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fuserank.data.importers import import_table
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import read_rows
from fuserank.errors import InputError, SchemaError
from fuserank.import_options import column_map

LONG = "x" * 100_000
PRODUCT = {"product_id": "1", "title": "mug"}
QUERY = {"query_id": "a", "text": "mug", "split": "test"}
JUDGED = {"query_id": "a", "product_id": "1", "grade": 3}


def imported(tmp_path, **tables):
    source = tmp_path / "source"
    source.mkdir()
    for name, rows in ({"products": [PRODUCT], "queries": [QUERY], "judgments": [JUDGED]} | tables).items():
        (source / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return import_table(source, tmp_path / "target")


def test_bytes_are_no_text(tmp_path):
    pq.write_table(pa.table({"product_id": ["1"], "title": pa.array([b"mug"], pa.binary())}), tmp_path / "products.parquet")
    with pytest.raises(SchemaError, match="products row 1, column 'title': b'mug'; allowed: text"):
        import_table(tmp_path, tmp_path / "target")


def test_a_parquet_column_given_twice(tmp_path):
    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["mug"]), pa.array(["cup"])], ["product_id", "title", "title"])
    pq.write_table(table, tmp_path / "products.parquet")
    with pytest.raises(SchemaError, match="column 'title' given twice"):
        read_rows(tmp_path / "products.parquet")


def test_a_key_given_twice_in_a_line(tmp_path):
    (tmp_path / "products.jsonl").write_text(
        '{"product_id": "1", "title": "mug"}\n{"product_id": "2", "title": "a", "title": "b"}\n'
    )
    with pytest.raises(SchemaError, match=r"products.jsonl line 2: key 'title' given twice"):
        read_rows(tmp_path / "products.jsonl")


def test_a_column_mapped_twice():
    assert column_map(["title=name", "product_id=sku", "title=name"]) == {"title": "name", "product_id": "sku"}
    with pytest.raises(InputError, match="--map title=name and --map title=label"):
        column_map(["title=name", "title=label"])
    with pytest.raises(InputError, match="our_column=your_column"):
        column_map(["title"])


@pytest.mark.parametrize(
    "tables",
    [
        {"products": [PRODUCT | {"product_id": LONG}] * 2},
        {"products": [PRODUCT | {"price": LONG}]},
        {"queries": [QUERY | {"split": LONG}]},
        {"judgments": [JUDGED, JUDGED | {"product_id": LONG}]},
        {"products": [PRODUCT, PRODUCT | {"product_id": LONG}], "judgments": [JUDGED | {"product_id": LONG, "grade": 9}]},
        {"products": [PRODUCT | {"image": f"../{LONG}"}]},
    ],
)
def test_an_error_does_not_repeat_a_long_value(tmp_path, tables):
    with pytest.raises(SchemaError) as refused:
        imported(tmp_path, **tables)
    assert len(str(refused.value)) < 700 and "xxx" in str(refused.value)


def test_a_note_does_not_repeat_a_long_name(tmp_path):
    (note,) = imported(tmp_path, products=[PRODUCT | {LONG: 1}]).warnings
    assert "is not used" in note and len(note) < 200


def test_a_file_that_is_too_large_is_named_briefly(tmp_path, monkeypatch):
    monkeypatch.setattr("fuserank.data.importers.media_folder.MAX_BYTES", 3)
    (tmp_path / "picture.png").write_bytes(b"1234")
    with pytest.raises(InputError, match=r"'picture.png' has 4 bytes"):
        MediaFolder(tmp_path).add("picture.png")
