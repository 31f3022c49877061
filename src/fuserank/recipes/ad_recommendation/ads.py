"""Bids and budgets of ads: a table `ads.csv` beside the dataset's own."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fuserank.errors import SchemaError
from fuserank.files import write_file

FILE = "ads.csv"
COLUMNS = ("product_id", "bid", "budget")


@dataclass(frozen=True)
class Ad:
    """What an advertiser pays at most: `bid` for a click and `budget` in all, both > 0, in one currency."""

    product_id: str
    bid: float
    budget: float


def write_ads(file: Path, ads: Iterable[Ad]) -> None:
    """Write the table."""
    write_file(file, "\n".join([",".join(COLUMNS), *(f"{ad.product_id},{ad.bid:.2f},{ad.budget:.2f}" for ad in ads)]) + "\n")


def read_ads(file: Path, products: Iterable[str]) -> dict[str, Ad]:
    """product id -> ad.

    Args:
        products: ids of the dataset's products; each needs exactly one ad.

    Raises:
        SchemaError: the table is missing, cannot be read, or a row is not as it must be; the message says which line.
    """
    ads: dict[str, Ad] = {}
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = csv.DictReader(opened, strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise SchemaError(
                    f"{file.name}: columns {str(rows.fieldnames)[:80]}", allowed=", ".join(COLUMNS), todo="correct it"
                )
            for row in rows:
                ad = Ad(row["product_id"], _amount(row["bid"], rows.line_num), _amount(row["budget"], rows.line_num))
                if ad.product_id in ads:
                    raise SchemaError(f"{file.name}, line {rows.line_num}: {ad.product_id[:80]!r} a second time", todo="leave one")
                ads[ad.product_id] = ad
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(
            f"{file.name} cannot be read: {str(error)[:80]}", allowed="CSV in UTF-8", todo="put it into the dataset's folder"
        ) from None
    wanted = set(products)
    if odd := sorted(wanted ^ set(ads)):
        raise SchemaError(
            f"{file.name}: {odd[0][:80]!r} is {'no product' if odd[0] in ads else 'without a row'} ({len(odd)} such)",
            allowed="one row for each product",
            todo="complete the table",
        )
    return ads


def _amount(text: str | None, line: int) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise SchemaError(f"{FILE}, line {line}: {str(text)[:80]!r}", allowed="a number above 0", todo="correct it")
    return value
