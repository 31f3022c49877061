"""The invoice lines of Online Retail: read, checked, and cleaned to purchases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.importers.cells import RANGES
from fuserank.errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _is_date(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)


_KINDS: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "Quantity": (_is_number, "numbers"),
    "UnitPrice": (_is_number, "numbers"),
    "InvoiceDate": (_is_date, "timestamps, dates or ISO 8601 text"),
}


def read_lines(path: Path) -> pd.DataFrame:
    """The invoice lines, and their moments as UTC in `time`.

    Raises:
        SchemaError: the file or a column is missing, a column holds another kind of value, or a date cannot be read or lies before
            1970.
    """
    import pandas as pd

    if not path.is_file():
        raise SchemaError(f"no {path.name} in {path.parent}", todo="point at the folder that holds it")
    try:
        _check_columns(pq.read_schema(path), path.name)
        lines = pq.read_table(path, columns=list(COLUMNS)).to_pandas()
        lines["time"] = pd.to_datetime(lines["InvoiceDate"], utc=True)
    except SchemaError:
        raise
    except (OSError, pa.ArrowException, ValueError) as error:
        first = str(error).strip().partition("\n")[0].partition(" You might")[0]  # pandas goes on with advice to programmers
        raise SchemaError(
            f"{path.name} cannot be read: {first}", allowed="Parquet, dates in ISO 8601", todo="export it again"
        ) from None
    if (early := lines["time"].min()) < pd.Timestamp(0, tz="UTC"):
        raise SchemaError(f"{path.name}: a line of {early:%Y-%m-%d}", allowed="dates from 1970 on", todo="correct the dates")
    return lines


def _check_columns(schema: pa.Schema, file: str) -> None:
    if missing := [name for name in COLUMNS if name not in schema.names]:
        raise SchemaError(f"{file}: no column {', '.join(missing)}", allowed=", ".join(COLUMNS), todo="is this the right file?")
    for name, (fits, allowed) in _KINDS.items():
        if not fits(schema.field(name).type):
            raise SchemaError(f"{file}: {name} holds {schema.field(name).type}", allowed=allowed, todo="export the table again")


def clean(lines: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """What was bought, and what was left out.

    Args:
        lines: as `read_lines` gives them.

    Returns:
        Purchases (time, shopper, invoice, product, title, price), one for each product of an invoice; and a sentence for each rule.

    Raises:
        SchemaError: no line is a purchase.
    """
    product = lines["StockCode"].astype(str).str.strip().str.upper()
    title = lines["Description"].astype(object).fillna("").astype(str).str.split().str.join(" ")
    shopper = lines["CustomerID"].astype(object).fillna("").astype(str).str.removesuffix(".0")
    invoice, price = lines["InvoiceNo"].astype(str), lines["UnitPrice"].astype(float)
    sold = (lines["Quantity"] > 0) & (price > 0) & (price <= RANGES["price"][1])
    rules = {
        "lines of cancelled or corrected invoices": ~invoice.str.fullmatch(r"\d+"),
        "lines without a customer": shopper == "",
        "lines without a date": lines["time"].isna(),
        "lines of postage, fees, vouchers and samples": ~product.str.fullmatch(r"\d{5}[A-Z]{0,2}"),
        "lines without a quantity, a price or a description": ~(sold & (title != "")),
    }
    kept, warnings = invoice != "", []
    for what, broken in rules.items():
        warnings.append(f"{int((kept & broken).sum()):,} {what} are left out")
        kept &= ~broken
    if not kept.any():
        raise SchemaError(
            "; ".join([f"none of {len(lines):,} lines is a purchase", *(said for said in warnings if said[:2] != "0 ")]),
            allowed="invoices of customers with a date, a quantity, a price and a description",
            todo="is this the right file?",
        )
    columns = {"time": lines["time"], "shopper": shopper, "invoice": invoice, "product": product, "title": title}
    table = lines[[]].assign(**columns, price=price)[kept]
    return table.sort_values(["time", "invoice", "product"], kind="stable").drop_duplicates(["invoice", "product"]), warnings
