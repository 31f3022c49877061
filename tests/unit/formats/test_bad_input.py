"""Foreign bytes: a clear error with the file's name, or a whole dataset; never a traceback, never half of one."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.data.importers import IMPORTERS
from fuserank.data.importers.esci import EXAMPLES
from fuserank.data.importers.huggingface import file_of
from fuserank.errors import InputError, SchemaError
from tests.unit.formats.laid_shop import JUDGMENTS, PRODUCTS, QUERIES, exported, shop_at

FILES = {
    "trec": "qrels.txt",
    "quepid": "judgments.csv",
    "ubi": "ubi_events.jsonl",
    "metarank": "events.jsonl",
    "letor": "train.txt",
}
WHOLE = {"esci": EXAMPLES, "wands": "label.csv", "huggingface": file_of("products", "train")}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The shop, and a folder of each format with a good file."""
    root = tmp_path_factory.mktemp("good")
    shop = shop_at(root / "shop")
    for name in (*FILES, "esci", "huggingface"):
        if name != "letor":
            exported(shop, name, root / name)
    (root / "letor").mkdir()
    (root / "letor" / "train.txt").write_text("3 qid:q1 1:0.5 # p1\n0 qid:q1 # p2\n")
    grades = [type(j)(j.query_id, j.product_id, min(j.grade, 2), j.source) for j in JUDGMENTS]
    two = write_dataset(root / "two", Manifest(name="t", max_grade=2), products=PRODUCTS, queries=QUERIES, judgments=grades)
    exported(two, "wands", root / "wands")
    return root


def attempt(name, source, target, shop):
    """Import; True when it was refused by an error of ours, and then nothing stands there."""
    options = {"onto": shop} if name in FILES else {}
    try:
        dataset = IMPORTERS[name](source, target, **options)
    except InputError as error:
        assert len(str(error)) < 2500, "values are cut"
        assert not target.exists()
        return True
    assert Dataset.open(dataset.root).products
    return False


def damaged():
    """Functions from good bytes to bad ones."""
    cut = st.integers(0, 400).map(lambda place: lambda data: data[: place % (len(data) + 1)])
    noise = st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=20)).map(
        lambda pair: lambda data: data[: pair[0] % (len(data) + 1)] + pair[1] + data[pair[0] % (len(data) + 1) :]
    )
    swapped = st.sampled_from([(b",", b";"), (b"\t", b","), (b" ", b"|"), (b":", b"="), (b"\n", b"\r\n")])
    return cut | noise | swapped.map(lambda pair: lambda data: data.replace(*pair)) | st.just(lambda data: data * 2)


@pytest.mark.parametrize("name", [*FILES, *WHOLE])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=damaged())
def test_damaged_files_are_refused_or_come_in_whole(good, tmp_path_factory, name, damage):
    import shutil

    root = tmp_path_factory.mktemp("bad")
    shutil.copytree(good / name, root / "in")
    file = root / "in" / (FILES | WHOLE)[name]
    file.write_bytes(damage(file.read_bytes()))
    attempt(name, file if name in FILES else root / "in", root / "out", good / "shop")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gbk"])
@pytest.mark.parametrize("name", [*FILES, "wands"])
def test_other_encodings_are_named_with_file_and_line(good, tmp_path, name, encoding):
    import shutil

    shutil.copytree(good / name, tmp_path / "in")
    file = tmp_path / "in" / FILES.get(name, "product.csv")
    text = file.read_text(encoding="utf-8") + "红色\n"
    file.write_bytes(text.encode(encoding))
    with pytest.raises(SchemaError, match=rf"{file.name} line \d+: (not UTF-8|a NUL byte)"):
        options = {"onto": good / "shop"} if name in FILES else {}
        IMPORTERS[name](file if name in FILES else tmp_path / "in", tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["trec", "letor", "quepid"])
def test_a_huge_field_is_cut_in_the_error(good, tmp_path, name):
    huge = "x" * 5_000_000
    text = {"trec": f"q1 0 {huge} 1\n", "letor": f"1 qid:q1 # {huge}\n", "quepid": f"query,docid,rating\n{huge},p1,1\n"}[name]
    (tmp_path / "f").write_text(text)
    assert attempt(name, tmp_path / "f", tmp_path / "out", good / "shop")


DOUBLE = "q1 0 p1 3\nq3 0 p3 1\nq1 0 p1 0\nq1 0 p1 0\n"


def test_different_grades_of_a_pair_are_an_error_with_both_lines(good, tmp_path):
    (tmp_path / "f").write_text(DOUBLE)
    with pytest.raises(SchemaError, match=r"f line 3: grade 0 for 'q1' / 'p1', which has 3 in line 1"):
        IMPORTERS["trec"](tmp_path / "f", tmp_path / "out", onto=good / "shop")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("how", "grade"), [("first", 3), ("last", 0), ("max", 3), ("mean", 1), ("median", 0)])
def test_a_named_policy_settles_different_grades(good, tmp_path, how, grade):
    (tmp_path / "f").write_text(DOUBLE)
    again = IMPORTERS["trec"](tmp_path / "f", tmp_path / "out", onto=good / "shop", duplicates=how)
    assert again.qrels == {"q1": {"p1": grade}, "q3": {"p3": 1}}


def test_the_same_grade_twice_is_one_judgment(good, tmp_path):
    (tmp_path / "f").write_text("q1 0 p1 2\n\nq1 0 p1 2\n")
    assert IMPORTERS["trec"](tmp_path / "f", tmp_path / "out", onto=good / "shop").qrels == {"q1": {"p1": 2}}


def test_the_dataset_below_is_never_the_target(good, tmp_path):
    (tmp_path / "f").write_text("q1 0 p1 2\n")
    before = Dataset.open(good / "shop").version
    with pytest.raises(InputError, match="name another target"):
        IMPORTERS["trec"](tmp_path / "f", good / "shop", onto=good / "shop")
    assert Dataset.open(good / "shop").version == before


def event(**changed):
    row = {"action_name": "click", "timestamp": "2025-01-01T10:00:00", "user_id": "u", "color": 1}
    return row | {"event_attributes": {"object": {"object_id": "p1"}, "position": {"ordinal": 2}}} | changed


def test_times_without_zone_are_utc_with_a_note_or_refused(good, tmp_path):
    (tmp_path / "e.jsonl").write_text(json.dumps(event()) + "\n" + json.dumps(event(timestamp="2025-01-01T12:00:00+02:00")))
    again = IMPORTERS["ubi"](tmp_path / "e.jsonl", tmp_path / "out", onto=good / "shop")
    assert {e.timestamp for e in again.interactions} == {1_735_725_600_000}
    assert any("1 times have no zone" in note for note in again.warnings)
    assert any("'color' is not used" in note for note in again.warnings)
    with pytest.raises(SchemaError, match=r"e.jsonl line 1: time '2025-01-01T10:00:00' has no zone"):
        IMPORTERS["ubi"](tmp_path / "e.jsonl", tmp_path / "other", onto=good / "shop", zone="error")
    assert not (tmp_path / "other").exists()


def test_an_error_in_the_middle_of_a_log_leaves_nothing(good, tmp_path):
    lines = [json.dumps(event())] * 70_000 + [json.dumps(event(timestamp="soon"))]
    (tmp_path / "e.jsonl").write_text("\n".join(lines))
    with pytest.raises(SchemaError, match=r"e\.jsonl line 70001"):
        IMPORTERS["ubi"](tmp_path / "e.jsonl", tmp_path / "out", onto=good / "shop")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.jsonl"]


STREAM = """
import resource, sys
from pathlib import Path
from fuserank.data.importers import IMPORTERS
name, source, target, onto = sys.argv[1], *map(Path, sys.argv[2:])
IMPORTERS[name](source, target, onto=onto)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(name, source, target, shop):
    said = subprocess.run([sys.executable, "-c", STREAM, name, source, target, shop], capture_output=True, text=True, check=True)
    return int(said.stdout)


def test_200_000_events_take_no_more_memory_than_a_few(good, tmp_path):
    line = json.dumps(event(timestamp="2025-01-01T10:00:00Z", session_id="s" * 400)) + "\n"
    (tmp_path / "few.jsonl").write_text(line)
    (tmp_path / "many.jsonl").write_text(line * 200_000)
    few = peak("ubi", tmp_path / "few.jsonl", tmp_path / "a", good / "shop")
    many = peak("ubi", tmp_path / "many.jsonl", tmp_path / "b", good / "shop")
    assert Dataset.open(tmp_path / "b").count("interactions") == 200_000
    assert many - few < 180, "MiB: two batches of 65,536 rows, where all of them would take some 400"


@pytest.fixture
def tables(tmp_path):
    def write(**columns):
        pq.write_table(pa.table(columns), tmp_path / "products.parquet")
        return tmp_path

    return write


def test_binary_is_no_text(tables, tmp_path):
    with pytest.raises(SchemaError, match=r"products row 1, column 'title': b'mug'; allowed: text"):
        IMPORTERS["table"](tables(product_id=["1"], title=[b"mug"]), tmp_path / "out")


def test_a_parquet_column_twice_is_an_error(tmp_path):
    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["a"]), pa.array(["b"])], names=["product_id", "title", "title"])
    pq.write_table(table, tmp_path / "products.parquet")
    with pytest.raises(SchemaError, match=r"products.parquet: column 'title' given twice"):
        IMPORTERS["table"](tmp_path, tmp_path / "out")


def test_a_json_key_twice_is_an_error(tmp_path):
    (tmp_path / "products.jsonl").write_text('{"product_id": "1", "title": "a", "title": "b"}\n')
    with pytest.raises(SchemaError, match=r"products.jsonl line 1: key 'title' given twice"):
        IMPORTERS["table"](tmp_path, tmp_path / "out")


@pytest.mark.parametrize("column", ["product_id", "image", "surplus"])
def test_long_values_are_cut_everywhere(tables, tmp_path, column):
    huge = "x" * 1_000_000
    columns = {"product_id": ["1", "1"], "title": ["a", "b"]}
    columns |= {huge: ["a", "b"]} if column == "surplus" else {column: [huge, huge]}
    try:
        said = " ".join(IMPORTERS["table"](tables(**columns), tmp_path / "out").warnings)
    except InputError as error:
        said = str(error)
    assert len(said) < 3000
