import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.data.importers import import_table
from fuserank.data.importers.cells import parse_cell
from fuserank.data.importers.dealt_splits import deal
from fuserank.data.importers.source_tables import read_rows
from fuserank.data.leakage import leaks
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS

PRODUCTS = [
    {"product_id": "1", "title": "Red mug, 0.3 l", "price": "9.50", "image": "pictures/mug.png"},
    {"product_id": "2", "title": "蓝色盘子", "price": "", "image": ""},
]
QUERIES = [{"query_id": "a", "text": "mug", "split": "train"}, {"query_id": "b", "text": "plate", "split": "test"}]
JUDGMENTS = [{"query_id": "a", "product_id": "1", "grade": "3"}, {"query_id": "b", "product_id": "2", "grade": "2"}]


def write_csv(path, rows, encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path):
    """Writes products, queries and judgments as CSV, with a picture; tables can be replaced, None leaves one out."""

    def write(**tables):
        source = tmp_path / "source"
        (source / "pictures").mkdir(parents=True)
        (source / "pictures/mug.png").write_bytes(b"\x89PNG\r\n\x1a\n not really")
        for name, rows in ({"products": PRODUCTS, "queries": QUERIES, "judgments": JUDGMENTS} | tables).items():
            if rows:
                write_csv(source / f"{name}.csv", rows)
        return source

    return write


def test_canonical_tables_come_in_as_they_stand(folder, tmp_path):
    data = import_table(folder(), tmp_path / "target", name="shop")
    assert data.warnings == ()
    assert [(p.product_id, p.title, p.price) for p in data.products] == [("1", "Red mug, 0.3 l", 9.5), ("2", "蓝色盘子", None)]
    assert data.media.get(data.products[0].image).startswith(b"\x89PNG")
    assert data.products[1].image is None
    assert data.qrels == {"a": {"1": 3}, "b": {"2": 2}}
    assert set(data.table("judgments")["source"].to_pylist()) == {"human"}
    assert leaks(data) == []


def test_a_mapping_renames_columns_and_unused_ones_are_named(folder, tmp_path):
    products = [{"sku": "1", "name": "mug", "shelf": "4"}, {"sku": "2", "name": "plate", "shelf": "5"}]
    judgments = [{"query_id": "a", "sku": "1", "grade": "3"}, {"query_id": "b", "sku": "2", "grade": "2"}]
    data = import_table(
        folder(products=products, judgments=judgments), tmp_path / "t", columns={"product_id": "sku", "products.title": "name"}
    )
    assert [p.title for p in data.products] == ["mug", "plate"]
    assert data.warnings == ("products: column 'shelf' is not used",)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"titel": "name"}, "unknown column 'titel'"),
        ({"judgments.title": "name"}, "unknown column 'judgments.title'"),
        ({"title": "nmae"}, "no table has: title=nmae"),
    ],
)
def test_a_wrong_mapping_is_refused(folder, tmp_path, columns, message):
    with pytest.raises(SchemaError, match=message):
        import_table(folder(), tmp_path / "t", columns=columns)


def test_jsonl_and_parquet_tables_give_the_same_dataset(folder, tmp_path):
    expected = import_table(folder(), tmp_path / "csv", name="same")
    other = tmp_path / "other"
    other.mkdir()
    (other / "products.jsonl").write_text("\n".join(json.dumps(row) for row in PRODUCTS) + "\n\n", encoding="utf-8-sig")
    pq.write_table(pa.Table.from_pylist(QUERIES), other / "queries.parquet")
    pq.write_table(pa.Table.from_pylist([row | {"grade": int(row["grade"])} for row in JUDGMENTS]), other / "judgments.parquet")
    data = import_table(other, tmp_path / "mixed", name="same", media=tmp_path / "source")
    assert data.version == expected.version


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder, tmp_path):
    source = folder()
    write_csv(source / "products.csv", PRODUCTS, encoding="utf-8-sig")
    assert import_table(source, tmp_path / "t").warnings == ()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"products": [{"product_id": "1"}]}, "products: no column 'title'"),
        ({"products": [{"product_id": "1", "title": "a", "price": "9,50"}]}, "products row 1, column 'price': '9,50'"),
        ({"products": [{"product_id": "1", "title": "a", "price": "-1"}]}, "products row 1, column 'price': -1"),
        ({"products": [{"product_id": "1", "title": "a", "price": "nan"}]}, "products row 1, column 'price': 'nan'"),
        ({"products": [{"product_id": "1", "title": "a", "rating": "6"}]}, "column 'rating': 6"),
        ({"products": [{"product_id": "1", "title": " "}]}, "products row 1, column 'title': empty"),
        ({"products": [*PRODUCTS, PRODUCTS[0]]}, "products.product_id: 1 given twice: '1'"),
        ({"queries": [*QUERIES, QUERIES[0]]}, "queries.query_id: 1 given twice: 'a'"),
        ({"queries": [*QUERIES, {"query_id": "c", "text": "cup", "split": "test"}]}, "1 without any judged product: 'c'"),
        ({"queries": [QUERIES[0], {"query_id": "b", "text": "", "split": "test"}]}, "without text, image, audio or user_id: 'b'"),
        ({"queries": [QUERIES[0], {"query_id": "b", "text": "plate", "split": "dev"}]}, "queries row 2, column 'split': 'dev'"),
        ({"judgments": [*JUDGMENTS, JUDGMENTS[0]]}, "1 given twice: 'a / 1'"),
        (
            {"judgments": [*JUDGMENTS, {"query_id": "z", "product_id": "1", "grade": "1"}]},
            "judgments.query_id: 1 not in queries: 'z'",
        ),
        (
            {"judgments": [*JUDGMENTS, {"query_id": "a", "product_id": "9", "grade": "1"}]},
            "judgments.product_id: 1 not in products: '9'",
        ),
        ({"judgments": [*JUDGMENTS, {"query_id": "a", "product_id": "2", "grade": "4"}]}, "1 out of range, e.g. 4 for 'a' / '2'"),
        (
            {"judgments": [*JUDGMENTS, {"query_id": "a", "product_id": "2", "grade": "1.5"}]},
            "judgments row 3, column 'grade': '1.5'",
        ),
        (
            {"interactions": [{"timestamp": "5", "user_id": "u", "session_id": "s", "product_id": "9", "action": "click"}]},
            "interactions.product_id: 1 not in products",
        ),
        (
            {"interactions": [{"timestamp": "noon", "user_id": "u", "session_id": "s", "product_id": "1", "action": "click"}]},
            "column 'timestamp': 'noon'",
        ),
        (
            {"interactions": [{"timestamp": "5", "user_id": "u", "session_id": "s", "product_id": "1", "action": "look"}]},
            "column 'action': 'look'",
        ),
        ({"products": None}, "no products table"),
    ],
)
def test_bad_tables_give_one_clear_error_and_leave_nothing(folder, tmp_path, tables, message):
    with pytest.raises(SchemaError) as caught:
        import_table(folder(**tables), tmp_path / "t")
    assert message in str(caught.value)
    assert not (tmp_path / "t").exists()


def test_a_table_given_twice_is_refused(folder, tmp_path):
    source = folder()
    (source / "products.jsonl").write_text("{}\n")
    with pytest.raises(SchemaError, match=r"products is there twice: products.csv, products.jsonl"):
        import_table(source, tmp_path / "t")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "pictures/../../secret.png", "..\\secret.png", "link.png"])
def test_a_media_name_cannot_leave_its_folder(folder, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(b"secret")
    source = folder(products=[PRODUCTS[0] | {"image": name}, PRODUCTS[1]])
    (source / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(SchemaError, match="outside the media folder"):
        import_table(source, tmp_path / "t")


def test_a_link_within_the_media_folder_is_followed(folder, tmp_path):
    source = folder(products=[PRODUCTS[0] | {"image": "link.png"}, PRODUCTS[1]])
    (source / "link.png").symlink_to(source / "pictures/mug.png")
    assert import_table(source, tmp_path / "t").products[0].image


def test_a_missing_picture_is_named_and_its_product_kept(folder, tmp_path):
    data = import_table(folder(products=[PRODUCTS[0] | {"image": "gone.png"}, PRODUCTS[1]]), tmp_path / "t")
    assert data.products[0].image is None
    assert "image of '1': missing: no file 'gone.png'" in data.warnings[0]


@pytest.mark.parametrize("name", ["a" * 5000 + ".png", "a/" * 3000, "loop.png", "."])
def test_a_picture_that_cannot_be_opened_is_named_in_short(folder, tmp_path, name):
    source = folder(products=[PRODUCTS[0] | {"image": name}, PRODUCTS[1]])
    (source / "loop.png").symlink_to("loop.png")
    data = import_table(source, tmp_path / "t")
    assert data.products[0].image is None
    assert f"image of '1': missing: no file {name[:80]!r}" in data.warnings[0] and len(data.warnings[0]) < 300


def test_a_picture_that_may_not_be_read(folder, tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    source = folder()
    monkeypatch.setattr("fuserank.data.importers.media_folder.sha256_file", refuse)
    assert "(Permission denied)" in import_table(source, tmp_path / "t").warnings[0]


def test_a_media_folder_that_is_not_there(folder, tmp_path):
    with pytest.raises(SchemaError, match="no media folder"):
        import_table(folder(), tmp_path / "t", media=tmp_path / "nope")


def test_queries_without_a_split_are_dealt_by_group(folder, tmp_path):
    queries = [{"query_id": str(n), "text": f"mug {n // 2}", "split": ""} for n in range(40)]
    judgments = [{"query_id": q["query_id"], "product_id": "1", "grade": "3"} for q in queries]
    data = import_table(folder(queries=queries, judgments=judgments), tmp_path / "t")
    assert "40 queries have no split" in data.warnings[0]
    assert leaks(data) == []
    assert [sum(q.split == s for q in data.queries) for s in ("train", "val", "test")] == [28, 4, 8]


def test_interactions_take_iso_times(folder, tmp_path):
    event = {
        "timestamp": "2025-01-01T00:00:01",
        "user_id": "u",
        "session_id": "s",
        "product_id": "1",
        "action": "click",
        "position": "2",
    }
    (read,) = import_table(folder(interactions=[event]), tmp_path / "t").interactions
    assert (read.timestamp, read.position, read.query_id) == (1_735_689_601_000, 2, None)


def test_progress_counts_rows_with_media(folder, tmp_path):
    seen = []
    import_table(folder(), tmp_path / "t", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "a,b\n1\n", "t.csv line 2: another number of fields"),
        ("t.csv", "a,b\n1,2,3\n", "t.csv line 2: another number of fields"),
        ("t.csv", "a,b,a\n1,2,3\n", "t.csv: column 'a' given twice"),
        ("t.jsonl", '{"a": 1}\n{"a"\n', "t.jsonl line 2"),
        ("t.jsonl", "[1]\n", "t.jsonl line 1: list"),
        ("t.parquet", "not parquet", "t.parquet cannot be read"),
        ("t.jsonl.gz", "not gzip", "t.jsonl.gz cannot be read"),
        ("t.jsonl", '{"a": 1}\n{"a": ' + "9" * 5000 + "}\n", "t.jsonl line 2: Exceeds the limit"),
        ("t.jsonl", "[" * 100_000 + "\n", "t.jsonl line 1: maximum recursion depth"),
        ("t.jsonl", '{"a": "x\\ud800"}\n', "t.jsonl line 1: 'utf-8' codec can't encode"),
        ("t.jsonl", '{"x\\uDFFF": 1}\n', "t.jsonl line 1: 'utf-8' codec can't encode"),
    ],
)
def test_unreadable_tables(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(SchemaError) as caught:
        read_rows(tmp_path / name)
    assert message in str(caught.value)


def test_a_pair_of_surrogates_is_text(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": "\\ud83d\\ude00"}\n')
    assert read_rows(tmp_path / "t.jsonl") == [{"a": "😀"}]


def compressed():
    return gzip.compress("".join(json.dumps({"a": n, "b": str(n)}) + "\n" for n in range(100)).encode())


def columnar():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": ["text"] * 5 + [str(n) for n in range(100)]}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "made", "change"),
    [
        ("t.jsonl.gz", compressed, lambda data: data[:-40]),
        ("t.jsonl.gz", compressed, lambda data: data[:60] + bytes(30) + data[90:]),
        ("t.parquet", columnar, lambda data: data[:4] + bytes(16) + data[20:]),
        ("t.parquet", columnar, lambda data: data[:-30]),
    ],
)
def test_damaged_tables(tmp_path, name, made, change):
    (tmp_path / name).write_bytes(change(made()))
    with pytest.raises(SchemaError, match=rf"{name} cannot be read: .*; allowed: .*; next: export the table again"):
        read_rows(tmp_path / name)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("interactions", "timestamp", "99999999999999999999"),
        ("interactions", "timestamp", 253_402_300_800_000),
        ("queries", "timestamp", "9e18"),
        ("interactions", "position", "3000000000"),
        ("products", "popularity", 1e300),
        ("products", "price", "1e13"),
    ],
)
def test_a_number_that_no_column_could_hold(table, column, value):
    with pytest.raises(SchemaError, match=r"here: \d.*; allowed: [01] \.\. [\d,]+;"):
        parse_cell(value, SCHEMAS[table].field(column), "here")


def test_the_last_moment_of_the_year_9999_is_a_timestamp():
    field = SCHEMAS["interactions"].field("timestamp")
    assert parse_cell("9999-12-31T23:59:59", field, "here") == 253_402_300_799_000


def test_a_value_that_is_too_deep_to_be_printed_is_refused():
    deep = []
    for _ in range(5000):
        deep = [deep]
    for column in ("price", "attributes"):
        with pytest.raises(SchemaError, match=r"here: \[\[\["):
            parse_cell(deep, SCHEMAS["products"].field(column), "here")


def test_text_that_is_not_utf8(tmp_path):
    (tmp_path / "t.csv").write_bytes("a\nGrün\n".encode("latin-1"))
    with pytest.raises(SchemaError, match="UTF-8"):
        read_rows(tmp_path / "t.csv")


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none()), st.sampled_from(["price", "rating", "title"]))
def test_a_cell_is_a_value_in_range_or_an_error(value, column):
    field = SCHEMAS["products"].field(column)
    try:
        parsed = parse_cell(value, field, "here")
    except SchemaError as error:
        assert "here" in str(error)
        return
    if column == "title":
        assert parsed.strip()
    elif parsed is not None:
        assert 0 <= parsed < float("inf")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1, max_size=8))
def test_any_text_survives_a_csv(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerows([["id", "text"], *([n, text] for n, text in enumerate(texts))])
    path.write_bytes(buffer.getvalue().encode())
    assert [row["text"] for row in read_rows(path)] == texts


@given(st.sets(st.text(max_size=6), min_size=10, max_size=60))
def test_dealt_shares_are_exact_and_stable(groups):
    splits = deal(groups)
    assert deal(sorted(groups, reverse=True)) == splits
    for split, share in (("train", 0.7), ("val", 0.1), ("test", 0.2)):
        assert abs(sum(s == split for s in splits.values()) - share * len(groups)) <= 1
