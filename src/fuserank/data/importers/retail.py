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

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.retail_lines import clean, read_lines
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import Interaction, Judgment, Product, Query

if TYPE_CHECKING:
    import pandas as pd

FILE = "online_retail.parquet"
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
        SchemaError: the file or a column is missing or not as it must be (see `retail_lines`), or no purchase is left before the
            first period.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    purchases, warnings = clean(read_lines(source / FILE))
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
