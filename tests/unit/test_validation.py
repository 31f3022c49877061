"""Every kind of bad input gives one clear broken rule or one quarantine entry, and a good dataset gives neither."""

import io
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from PIL import Image

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.data.media import media_hash
from fuserank.errors import InputError, ValidationError
from fuserank.settings import MediaSettings
from fuserank.types import Interaction, Judgment, Product, Query
from fuserank.validation import validate

CONTEXT = Path(__file__).parents[2] / "great_expectations"
CAPS = MediaSettings()


def png(shade):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, 90, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def wav(samples):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples, dtype=np.float32), 16_000, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def bomb():
    """A PNG of a few hundred bytes that says it is 50,000 x 50,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


PICTURES = [png(shade) for shade in (0, 60, 120)]
TONE = wav(0.5 * np.sin(np.arange(8_000) * 2 * np.pi * 440 / 16_000))
PRODUCTS = [
    Product(f"p{i}", f"shoe number {i}", price=9.0 + i, rating=4.0, popularity=3.0, locale="en", image=media_hash(picture))
    for i, picture in enumerate(PICTURES)
]
QUERIES = [
    Query("q-train", "red shoe", locale="en", split="train"),
    Query("q-val", "blue shoe", locale="en", split="val"),
    Query("q-test", locale="zh-CN", audio=media_hash(TONE), audio_source="recorded", split="test"),
]
JUDGMENTS = [
    Judgment(query.query_id, product.product_id, grade, "human") for query in QUERIES for grade, product in enumerate(PRODUCTS)
]
INTERACTIONS = [
    Interaction(1_700_000_000_000, "u1", "s1", "q-train", "p0", "click", 1),
    Interaction(1_700_000_000_001, "u1", "s1", None, "p1", "purchase", None),
]
GOOD = {"products": PRODUCTS, "queries": QUERIES, "judgments": JUDGMENTS, "interactions": INTERACTIONS, "media": [*PICTURES, TONE]}


def made(tmp_path, manifest=None, **changes):
    return write_dataset(tmp_path / "data", manifest or Manifest(name="tiny"), **(GOOD | changes))


def checked(tmp_path, dataset):
    return validate(dataset, context_root=CONTEXT, media=CAPS, out=tmp_path / "report")


def test_a_good_dataset_breaks_no_rule(tmp_path):
    report = checked(tmp_path, made(tmp_path))
    assert [result for result in report.results if not result.ok] == []
    assert report.ok and report.quarantine == {} and report.masked_rows == 0
    assert report.rows == {"products": 3, "queries": 3, "judgments": 9, "interactions": 2, "media": 4}
    report.raise_for_critical()


def with_query(query):
    return {"queries": [*QUERIES, query]}


UNJUDGED = Query("q-new", "green shoe", locale="en", split="test")
Q0 = "q-train · p0"
BROKEN = {
    "duplicate id": ({"products": [*PRODUCTS, PRODUCTS[0]]}, "every product id stands once", "p0"),
    "pair judged twice": (
        {"judgments": [*JUDGMENTS, JUDGMENTS[0]]},
        "every pair of query and product is judged once",
        Q0,
    ),
    "grade too high": (
        {"judgments": [*JUDGMENTS[1:], replace(JUDGMENTS[0], grade=4)]},
        "a grade lies between 0 and the dataset's max_grade",
        Q0,
    ),
    "grade below 0": (
        {"judgments": [*JUDGMENTS[1:], replace(JUDGMENTS[0], grade=-1)]},
        "a grade lies between 0 and the dataset's max_grade",
        Q0,
    ),
    "unknown source": (
        {"judgments": [*JUDGMENTS[1:], replace(JUDGMENTS[0], source="guess")]},
        "a judgment says a known source",
        Q0,
    ),
    "judgment of no query": (
        {"judgments": [*JUDGMENTS, Judgment("q-gone", "p0", 1, "human")]},
        "every judged query is in the table of queries",
        "q-gone · p0",
    ),
    "judgment of no product": (
        {"judgments": [*JUDGMENTS, Judgment("q-val", "p-gone", 1, "human")]},
        "every judged product is in the table of products",
        "q-val · p-gone",
    ),
    "event of no product": (
        {"interactions": [*INTERACTIONS, replace(INTERACTIONS[0], product_id="p-gone")]},
        "every product of an event is in the table of products",
        "row 3",
    ),
    "unknown action": (
        {"interactions": [replace(INTERACTIONS[0], action="stare")]},
        "an action is impression, click, add_to_cart or purchase",
        "row 1",
    ),
    "position 0": ({"interactions": [replace(INTERACTIONS[0], position=0)]}, "a position is 1 or more", "row 1"),
    "query without judged product": (with_query(UNJUDGED), "every val and test query has at least one judged product", "q-new"),
    "query that asks nothing": (
        {"queries": [*QUERIES[1:], replace(QUERIES[0], text=" ")]},
        "every query has something to ask with: text, picture, sound or shopper",
        "q-train",
    ),
    "query before 1970": (
        {"queries": [*QUERIES[1:], replace(QUERIES[0], timestamp=-1)]},
        "a query that says when it is asked says it in milliseconds after 1970 and before the year 10,000",
        "q-train",
    ),
    "negative price": ({"products": [replace(PRODUCTS[0], price=-1.0), *PRODUCTS[1:]]}, "a price lies between 0 and 1e12", "p0"),
    "infinite price": ({"products": [replace(PRODUCTS[0], price=np.inf), *PRODUCTS[1:]]}, "a price lies between 0 and 1e12", "p0"),
    "price that is no number": (
        {"products": [replace(PRODUCTS[0], price=np.nan), *PRODUCTS[1:]]},
        "a price lies between 0 and 1e12",
        "p0",
    ),
    "infinite popularity": (
        {"products": [replace(PRODUCTS[0], popularity=np.inf), *PRODUCTS[1:]]},
        "a popularity lies between 0 and 1e12",
        "p0",
    ),
    "event after the year 9999": (
        {"interactions": [replace(INTERACTIONS[0], timestamp=9 * 10**18)]},
        "a timestamp is in milliseconds after 1970 and before the year 10,000",
        "row 1",
    ),
    "rating of 6": ({"products": [replace(PRODUCTS[0], rating=6.0), *PRODUCTS[1:]]}, "a rating lies between 0 and 5", "p0"),
    "unknown split": ({"products": [replace(PRODUCTS[0], split="dev"), *PRODUCTS[1:]]}, "a split is train, val or test", "p0"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_bad_rows_break_their_rule_and_are_named(tmp_path, case):
    changes, rule, offender = BROKEN[case]
    report = checked(tmp_path, made(tmp_path, **changes))
    broken = {result.rule: result for result in report.broken("critical")}
    assert rule in broken and offender in broken[rule].ids and broken[rule].failed >= 1
    assert len(set(broken[rule].ids)) == len(broken[rule].ids)
    assert not report.ok
    with pytest.raises(ValidationError):
        report.raise_for_critical()


def test_the_error_names_rule_ids_and_how_many_more(tmp_path):
    report = checked(tmp_path, made(tmp_path, **with_query(UNJUDGED)))
    with pytest.raises(ValidationError, match=r"one judged product \(1 of 3 rows do not\): q-new; next: .*validation.html"):
        report.raise_for_critical()


def test_an_empty_slate_is_critical(tmp_path):
    """Products of other splits only: nothing can be ranked for the query of the test split."""
    products = [replace(product, split="train") for product in PRODUCTS[:2]] + [replace(PRODUCTS[2], split="val")]
    judgments = [Judgment("q-train", "p0", 1, "human"), Judgment("q-val", "p2", 1, "human")]
    report = checked(tmp_path, made(tmp_path, products=products, judgments=judgments))
    assert {(result.rule, result.ids) for result in report.broken("critical")} == {
        ("every val and test query has at least one judged product", ("q-test",)),
        ("every val and test query has a candidate in its slate", ("q-test",)),
    }


def test_a_slate_of_one_is_a_warning(tmp_path):
    judgments = [judgment for judgment in JUDGMENTS if judgment.query_id != "q-val"] + [Judgment("q-val", "p0", 1, "human")]
    report = checked(tmp_path, made(tmp_path, Manifest(name="tiny", candidates="judged"), judgments=judgments))
    assert report.ok
    assert [(result.rule, result.ids) for result in report.broken("warning")] == [
        ("every val and test query has at least two candidates to order", ("q-val",))
    ]


def test_a_missing_column_is_named_and_the_other_tables_are_still_checked(tmp_path):
    dataset = made(tmp_path, judgments=[*JUDGMENTS, JUDGMENTS[0]])
    path = dataset.root / "products.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["title"]), path)
    report = checked(tmp_path, Dataset.open(dataset.root))
    first, second = report.broken("critical")
    assert "missing column 'title'" in first.observed
    assert second.rule == "every pair of query and product is judged once"
    with pytest.raises(ValidationError, match="missing column 'title'"):
        report.raise_for_critical()


def test_no_product_at_all_is_critical(tmp_path):
    report = checked(tmp_path, write_dataset(tmp_path / "data", Manifest(name="tiny"), products=[]))
    assert "there is at least one product" in {result.rule for result in report.broken("critical")}


def test_a_leak_between_splits_is_critical(tmp_path):
    queries = [replace(QUERIES[0], group="g"), replace(QUERIES[1], group="g"), QUERIES[2]]
    report = checked(tmp_path, made(tmp_path, queries=queries))
    (leak,) = report.broken("critical")
    assert leak.table == "dataset" and "query group" in leak.ids[0]


def test_a_cut_off_shard_is_critical(tmp_path):
    dataset = made(tmp_path)
    shard = dataset.root / "media-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-20])
    report = checked(tmp_path, Dataset.open(dataset.root))
    assert [result.rule for result in report.broken("critical")] == ["every media shard can be read"]


def test_a_shard_with_damaged_bytes_is_critical(tmp_path):
    dataset = made(tmp_path)
    shard = dataset.root / "media-00000.parquet"
    data = shard.read_bytes()
    place = data.index(PICTURES[0]) - 40  # the header of the page that holds the bytes
    shard.write_bytes(data[:place] + bytes(40) + data[place + 40 :])
    report = checked(tmp_path, Dataset.open(dataset.root))
    assert [result.rule for result in report.broken("critical")] == ["every media shard can be read"]


BAD_PICTURES = {
    "corrupt": (png(7)[:-30], {"corrupt"}),
    "not a picture": (b"GIF89a" + bytes(50), {"unsupported_type"}),
    "bomb": (bomb(), {"too_large"}),
    "sound as a picture": (TONE, {"unsupported_type"}),
}
BAD_SOUNDS = {
    "not finite": (wav(np.full(4_000, np.nan)), {"not_finite"}),
    "no sample": (wav([]), {"empty"}),
    "too long": (wav(np.full(16_000 * 31, 0.1)), {"too_large"}),
    "cut off in its header": (TONE[:20], {"unsupported_type", "corrupt"}),
}


@pytest.mark.parametrize("case", BAD_PICTURES | BAD_SOUNDS)
def test_bad_media_is_quarantined_and_the_chain_goes_on(tmp_path, case):
    data, reasons = (BAD_PICTURES | BAD_SOUNDS)[case]
    column = "image" if case in BAD_PICTURES else "audio"
    products = [replace(PRODUCTS[0], **{column: media_hash(data)}), *PRODUCTS[1:]]
    report = checked(tmp_path, made(tmp_path, products=products, media=[*PICTURES, TONE, data]))
    assert set(report.quarantine) == {media_hash(data)}
    assert set(report.quarantine.values()) <= reasons
    assert report.broken("warning") and report.masked_rows == 1 + (data is TONE)
    report.raise_for_critical()


def test_media_that_no_shard_holds_is_quarantined_as_missing(tmp_path):
    report = checked(tmp_path, made(tmp_path, media=[*PICTURES[1:], TONE]))
    assert report.quarantine == {media_hash(PICTURES[0]): "missing"} and report.masked_rows == 1
    assert [result.ids for result in report.broken("warning")] == [("p0",)]


def test_altered_bytes_are_quarantined(tmp_path):
    dataset = made(tmp_path)
    path = dataset.root / "media-00000.parquet"
    table = pq.read_table(path)
    altered = [png(200), *table["bytes"].to_pylist()[1:]]
    pq.write_table(table.set_column(2, table.schema.field("bytes"), pa.array(altered, pa.binary())), path)
    report = checked(tmp_path, Dataset.open(dataset.root))
    assert report.quarantine == {media_hash(PICTURES[0]): "hash_mismatch"}


def test_reports_say_the_same_in_json_html_and_parquet(tmp_path):
    data = b"RIFF1234WAVE"
    products = [replace(PRODUCTS[0], audio=media_hash(data), title="<script>alert(1)</script>"), *PRODUCTS[1:]]
    report = checked(tmp_path, made(tmp_path, products=[*products, products[0]], media=[*PICTURES, TONE, data]))
    out = tmp_path / "report"
    written = json.loads((out / "validation.json").read_text())
    assert written["ok"] is False and len(written["results"]) == len(report.results)
    assert pq.read_table(out / "quarantine.parquet").to_pylist() == [
        {"hash": digest, "reason": reason} for digest, reason in report.quarantine.items()
    ]
    html = (out / "validation.html").read_text()
    assert "every product id stands once" in html and media_hash(data)[:16] in html
    assert sorted(path.name for path in out.iterdir()) == ["quarantine.parquet", "validation.html", "validation.json"]


def test_progress_counts_every_item(tmp_path):
    seen = []
    validate(made(tmp_path), context_root=CONTEXT, media=CAPS, out=tmp_path / "report", progress=lambda *done: seen.append(done))
    assert seen[-1] == (4, 4)


def test_chunks_of_media_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr("fuserank.validation.media_check.CHUNK_ITEMS", 2)
    bad = [png(9)[:-30], png(11)[:-30], png(13)[:-30]]
    report = checked(tmp_path, made(tmp_path, media=[*PICTURES, TONE, *bad]))
    (rule,) = report.broken("warning")
    assert (rule.checked, rule.failed) == (6, 3) and set(rule.ids) == set(report.quarantine) == {media_hash(data) for data in bad}


def test_a_folder_without_context_is_refused_and_stays_empty(tmp_path):
    with pytest.raises(InputError, match=r"no great_expectations\.yml in"):
        validate(made(tmp_path), context_root=tmp_path / "none", media=CAPS, out=tmp_path / "report")
    assert not (tmp_path / "none").exists()
