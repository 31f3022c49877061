"""The importer of Online Retail on a dozen made-up invoice lines; and, where the real file is, on that."""

from collections import Counter
from decimal import Decimal

import pandas as pd
import pytest

from fuserank.data.importers import import_retail
from fuserank.data.importers.retail import FILE, PERIODS, WEEKS
from fuserank.data.importers.retail_lines import COLUMNS
from fuserank.data.leakage import leaks
from fuserank.errors import SchemaError
from fuserank.features.histories import past_of

LINES = [  # invoice, code, description, quantity, date, price, customer
    ("1", "10001", "CUP", 1, "2011-01-05 10:00:00", 2.0, "7"),
    ("1", "10001", "CUP", 5, "2011-01-05 10:00:00", 1.0, "7"),  # the same product once more on the invoice
    ("2", "10001", "RED  CUP ", 1, "2011-02-05 10:00:00", 3.0, "8"),
    ("3", "10001", "RED CUP", 1, "2011-03-05 10:00:00", 9.0, "9"),
    ("3", "10002a", "LAMP", 1, "2011-03-05 10:00:00", 4.0, "9"),
    ("4", "10002A", "LAMP", 2, "2011-08-01 10:00:00", 4.0, "7"),
    ("5", "10003", "NEW", 1, "2011-08-01 10:00:00", 4.0, "7"),  # no product: sold too late
    ("6", "10002A", "LAMP", 1, "2011-12-01 10:00:00", 4.0, "8"),
    ("6", "10001", "DEAR CUP", 1, "2011-12-01 10:00:00", 99.0, "8"),
    ("7", "10001", "CUP", 1, "2011-12-01 10:00:00", 2.0, "1"),  # a shopper who is not known before
    ("8", "10001", "CUP", 1, "2011-10-20 10:00:00", 2.0, "9"),
    ("9", "10001", "CUP", 1, "2011-12-09 12:50:00", 2.0, "9"),
    ("C9", "10001", "CUP", -1, "2011-12-02 10:00:00", 2.0, "7"),
    ("10", "POST", "POSTAGE", 1, "2011-12-02 10:00:00", 2.0, "7"),
    ("11", "10001", "CUP", 1, "2011-12-02 10:00:00", 2.0, None),
    ("12", "10001", "CUP", 1, "2011-12-02 10:00:00", 0.0, "7"),
    ("13", "10001", None, 1, "2011-12-02 10:00:00", 2.0, "7"),
    ("14", "10001", "CUP", 1, "2011-01-02 10:00:00", float("inf"), "7"),
    ("15", "10001", "CUP", 1, None, 2.0, "7"),
]


def write(folder, lines, columns=COLUMNS):
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    folder.mkdir(exist_ok=True)
    frame[list(columns)].to_parquet(folder / FILE)
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("retail")
    return import_retail(write(root / "source", LINES), root / "data")


def test_products_are_those_sold_before_the_first_period(shop):
    assert [(p.product_id, p.title, p.price) for p in shop.products] == [("10001", "RED CUP", 3.0), ("10002A", "LAMP", 4.0)]
    assert {p.popularity for p in shop.products} == {None}, "a count over the whole year would know the future"


def test_lines_that_are_no_purchases_are_left_out_and_counted(shop):
    assert Counter(e.user_id for e in shop.interactions) == {"7": 2, "8": 3, "9": 4, "1": 1}
    assert {e.action for e in shop.interactions} == {"purchase"} and {e.query_id for e in shop.interactions} == {None}
    said = " ".join(shop.warnings)
    for what in (
        "1 lines of cancelled",
        "1 lines without a customer",
        "1 lines of postage",
        "1 lines without a date",
        "3 lines without a quantity",
        "1 products",
    ):
        assert what in said


def test_a_query_is_a_known_shopper_at_the_start_of_a_period(shop):
    asked = {q.query_id: (q.split, q.user_id, q.text) for q in shop.queries}
    assert asked == {
        "2011-07-23-7": ("train", "7", ""),
        "2011-10-15-9": ("val", "9", ""),
        "2011-11-12-8": ("test", "8", ""),
        "2011-11-12-9": ("test", "9", ""),
    }
    assert shop.qrels == {
        "2011-07-23-7": {"10002A": 1},
        "2011-10-15-9": {"10001": 1},
        "2011-11-12-8": {"10001": 1, "10002A": 1},
        "2011-11-12-9": {"10001": 1},
    }
    assert set(shop.table("judgments")["source"].to_pylist()) == {"purchase"}


def test_time_goes_on_from_split_to_split(shop):
    when = {split: {q.timestamp for q in shop.queries if q.split == split} for split in ("train", "val", "test")}
    assert max(when["train"]) < min(when["val"]) <= max(when["val"]) < min(when["test"])
    assert pd.Timestamp(min(when["test"]), unit="ms") == pd.Timestamp("2011-11-12")


def test_no_purchase_that_is_judged_lies_before_its_query(shop):
    moments = {q.query_id: q for q in shop.queries}
    bought = {(e.user_id, e.product_id, e.timestamp) for e in shop.interactions}
    for query_id, grades in shop.qrels.items():
        query = moments[query_id]
        end = query.timestamp + WEEKS * 7 * 86_400_000
        for product in grades:
            assert any(u == query.user_id and p == product and query.timestamp <= t < end for u, p, t in bought)


@pytest.mark.parametrize("column", ["InvoiceDate", "CustomerID"])
def test_a_missing_column_is_named(tmp_path, column):
    with pytest.raises(SchemaError, match=f"^{FILE}: no column {column}; allowed"):
        import_retail(write(tmp_path / "s", LINES, [c for c in COLUMNS if c != column]), tmp_path / "data")


def test_a_missing_file_a_wrong_date_and_too_short_a_time_are_errors(tmp_path):
    with pytest.raises(SchemaError, match=f"no {FILE}"):
        import_retail(tmp_path, tmp_path / "data")
    with pytest.raises(SchemaError, match=r"cannot be read: [^\n]*last week[^\n]*\Z"):
        import_retail(write(tmp_path / "s", [LINES[0], (*LINES[0][:4], "last week", *LINES[0][5:])]), tmp_path / "data")
    with pytest.raises(SchemaError, match="a line of 1969-12-31; allowed: dates from 1970 on"):
        import_retail(write(tmp_path / "s", [*LINES, (*LINES[0][:4], "1969-12-31 23:00:00", *LINES[0][5:])]), tmp_path / "data")
    with pytest.raises(SchemaError, match="no purchase before"):
        import_retail(write(tmp_path / "s", [line for line in LINES if str(line[4]) > "2011-08"]), tmp_path / "data")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Quantity", "3"),
        ("Quantity", True),
        ("Quantity", None),
        ("UnitPrice", "2.5"),
        ("UnitPrice", {"a": 1}),
        ("UnitPrice", pd.Timestamp("2011-01-01")),
        ("InvoiceDate", True),
        ("InvoiceDate", 3),
        ("InvoiceDate", [1]),
    ],
)
def test_a_column_of_another_kind_is_named(tmp_path, column, value):
    place = COLUMNS.index(column)
    source = write(tmp_path / "s", [(*line[:place], value, *line[place + 1 :]) for line in LINES])
    with pytest.raises(SchemaError, match=f"^{FILE}: {column} holds .*; allowed: .*; next: export"):
        import_retail(source, tmp_path / "data")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([(*LINES[0][:3], -1, *LINES[0][4:])] * 2, "; 2 lines without a quantity"),
        ([(*LINES[0][:-1], None)], "; 1 lines without a customer"),
        ([(*LINES[0][:4], pd.NaT, *LINES[0][5:])], "; 1 lines without a date"),
    ],
)
def test_a_file_without_a_purchase(tmp_path, lines, said):
    with pytest.raises(SchemaError, match=rf"^none of {len(lines)} lines is a purchase{said}[^;]*; allowed"):
        import_retail(write(tmp_path / "s", lines), tmp_path / "data")


def test_customers_may_be_numbers_and_prices_decimals(tmp_path):
    lines = [(*line[:5], Decimal(str(line[5])), line[6] and float(line[6])) for line in LINES if line[5] != float("inf")]
    data = import_retail(write(tmp_path / "s", lines), tmp_path / "data")
    assert {event.user_id for event in data.interactions} == {"1", "7", "8", "9"} and data.products[0].price == 3.0


def test_the_real_file(real, tmp_path):
    """Counted when the importer was written."""
    data = import_retail(real("online_retail"), tmp_path / "data")
    assert (len(data.products), len(data.interactions)) == (3325, 364_937)
    assert Counter(q.split for q in data.queries) == {"train": 1200, "val": 300, "test": 1000}
    assert len({q.timestamp for q in data.queries}) == len(PERIODS)
    assert leaks(data) == []
    query = next(q for q in data.queries if q.split == "test")
    events = {query.user_id: [(e.timestamp, e.product_id) for e in data.interactions if e.user_id == query.user_id]}
    past = past_of(query, events, {p.product_id: row for row, p in enumerate(data.products)})
    assert 0 < len(past.rows) < len(events[query.user_id]) and past.times.max() < query.timestamp
