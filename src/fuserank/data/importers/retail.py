"""Online Retail: a year of invoices of a British gift shop (UCI, 2010-12 to 2011-12); what will a known shopper buy next?

Source folder: `online_retail.parquet` (InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID).

    2010-12          2011-07-23        09-17         10-15         11-12         12-10
    | known before … | train | train | train       | val         | test        |         periods of four weeks

Products are those sold before the first period, with the title and the price of that time: were a product of the catalogue
because it is bought later, being there would tell what is bought. A query is a shopper who bought before, asked at the start of
a period; what the shopper buys in it is judged 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.errors import SchemaError
from fuserank.types import Interaction, Judgment, Product, Query

if TYPE_CHECKING:
    import pandas as pd

FILE = "online_retail.parquet"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
WEEKS = 4  # of a period
# Periods in their order, and how many shoppers of each are asked about at most.
PERIODS = (("train", 400), ("train", 400), ("train", 400), ("val", 300), ("test", 1000))


def import_retail(source: Path, target: Path, *, progress: Progress | None = None) -> ImportedDataset:
    """Import the purchases with their time split.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        progress: called with (periods done, periods in all).

    Raises:
        SchemaError: the file or a column is missing, a date cannot be read, or no invoice is left before the first period.
    """
    purchases, warnings = _clean(_read(source / FILE))
    starts = _starts(purchases["time"].max())
    products = _products(purchases[purchases["time"] < starts[0]])
    if not products:
        raise SchemaError(
            f"{FILE}: no purchase before {starts[0]:%Y-%m-%d}, where the first period starts",
            allowed=f"more than {WEEKS * len(PERIODS)} weeks of invoices",
            todo="give the whole file",
        )
    listed = {product.product_id for product in products}
    later = purchases.loc[~purchases["product"].isin(listed), "product"].nunique()
    warnings.append(f"{later} products first sold after {starts[0]:%Y-%m-%d} are left out, with their purchases")
    purchases = purchases[purchases["product"].isin(listed)]
    queries, judgments = [], []
    for number, (start, (split, limit)) in enumerate(zip(starts, PERIODS, strict=True), 1):
        asked, found = _period(purchases, start, split, limit)
        queries += asked
        judgments += found
        if progress:
            progress(number, len(PERIODS))
    interactions = list(_interactions(purchases))
    check_joins(products, queries, judgments, interactions, max_grade=1)
    manifest = Manifest(
        name="online_retail",
        max_grade=1,
        relevant_grade=1,
        origin="UCI Machine Learning Repository, Online Retail (Chen 2015, doi:10.24432/C5BW33)",
        licence="CC BY 4.0",
    )
    return ImportedDataset.of(
        write_dataset(target, manifest, products=products, queries=queries, judgments=judgments, interactions=interactions),
        warnings,
    )


def _read(path: Path) -> pd.DataFrame:
    """The invoice lines, dates as UTC."""
    import pandas as pd

    if not path.is_file():
        raise SchemaError(f"no {path.name} in {path.parent}", todo="point at the folder that holds it")
    try:
        names = pq.read_schema(path).names
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise SchemaError(
                f"{path.name}: no column {', '.join(missing)}", allowed=", ".join(COLUMNS), todo="is this the right file?"
            )
        lines = pq.read_table(path, columns=list(COLUMNS)).to_pandas()
        lines["time"] = pd.to_datetime(lines["InvoiceDate"], utc=True)
    except (pa.ArrowInvalid, ValueError) as error:
        raise SchemaError(
            f"{path.name} cannot be read: {error}", allowed="Parquet, dates in ISO 8601", todo="export it again"
        ) from None
    return lines


def _clean(lines: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Purchases (time, shopper, invoice, product, title, price), one for each product of an invoice, and what was left out."""
    product = lines["StockCode"].astype(str).str.strip().str.upper()
    title = lines["Description"].fillna("").astype(str).str.split().str.join(" ")
    invoice, shopper = lines["InvoiceNo"].astype(str), lines["CustomerID"].fillna("").astype(str).str.removesuffix(".0")
    rules = {
        "lines of cancelled or corrected invoices": ~invoice.str.fullmatch(r"\d+"),
        "lines without a customer": shopper == "",
        "lines of postage, fees, vouchers and samples": ~product.str.fullmatch(r"\d{5}[A-Z]{0,2}"),
        "lines without a quantity, a price or a description": ~((lines["Quantity"] > 0) & (lines["UnitPrice"] > 0) & (title != "")),
    }
    kept, warnings = invoice != "", []
    for what, broken in rules.items():
        warnings.append(f"{int((kept & broken).sum()):,} {what} are left out")
        kept &= ~broken
    columns = {"time": lines["time"], "shopper": shopper, "invoice": invoice, "product": product, "title": title}
    table = lines[[]].assign(**columns, price=lines["UnitPrice"].astype(float))[kept]
    return table.sort_values(["time", "invoice", "product"], kind="stable").drop_duplicates(["invoice", "product"]), warnings


def _starts(last: pd.Timestamp) -> list[pd.Timestamp]:
    """Starts of the periods; the last period ends with the day of the last invoice."""
    import pandas as pd

    end = last.normalize() + pd.Timedelta(days=1)
    return [end - pd.Timedelta(weeks=WEEKS * back) for back in range(len(PERIODS), 0, -1)]


def _products(purchases: pd.DataFrame) -> list[Product]:
    """Products by id: the most frequent title (the first by alphabet of equals), the median price."""
    titles = purchases.groupby("product")["title"].agg(lambda names: names.value_counts().sort_index(kind="stable").idxmax())
    prices = purchases.groupby("product")["price"].median()
    return [Product(product_id=key, title=title, price=prices[key], locale="en") for key, title in titles.items()]


def _period(purchases: pd.DataFrame, start: pd.Timestamp, split: str, limit: int) -> tuple[list[Query], list[Judgment]]:
    """Queries of the shoppers known before `start` who buy within the period, at most `limit`, and what they buy."""
    import pandas as pd

    known = purchases.loc[purchases["time"] < start, "shopper"].unique()
    within = purchases[(purchases["time"] >= start) & (purchases["time"] < start + pd.Timedelta(weeks=WEEKS))]
    bought = within[within["shopper"].isin(known)].groupby("shopper")["product"].unique()
    ids = {shopper: f"{start:%Y-%m-%d}-{shopper}" for shopper in bought.index}
    drawn = sorted(ids, key=lambda shopper: hashlib.sha256(ids[shopper].encode()).hexdigest())[:limit]
    moment = start.value // 10**6
    queries = [Query(query_id=ids[shopper], user_id=shopper, split=split, timestamp=moment) for shopper in sorted(drawn)]
    return queries, [
        Judgment(ids[shopper], product, 1, "purchase") for shopper in sorted(drawn) for product in sorted(bought[shopper])
    ]


def _interactions(purchases: pd.DataFrame) -> Iterator[Interaction]:
    """All purchases, those of the periods too: a query sees only those before its time."""
    moments = purchases["time"].astype("datetime64[ms, UTC]").astype("int64")
    for moment, shopper, invoice, product in zip(
        moments, purchases["shopper"], purchases["invoice"], purchases["product"], strict=True
    ):
        yield Interaction(moment, shopper, invoice, None, product, "purchase", None)
