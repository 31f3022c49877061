"""Cells of a foreign table as canonical values, or an error that names the row and the column."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fuserank.errors import SchemaError
from fuserank.types import ACTIONS, AUDIO_SOURCES, SOURCES, SPLITS

CHOICES: dict[str, tuple[str, ...]] = {"split": SPLITS, "source": SOURCES, "action": ACTIONS, "audio_source": AUDIO_SOURCES}
RANGES: dict[str, tuple[float, float]] = {
    "price": (0, 10**12),
    "rating": (0, 5),
    "popularity": (0, 10**12),
    "position": (1, 2**31 - 1),
    "timestamp": (0, 253_402_300_799_999),  # the end of the year 9999
}
_SHOWN = reprlib.Repr()  # a wrong value may be long, or nested too deeply to be printed
_SHOWN.maxstring = _SHOWN.maxother = 80


def shown(value: Any) -> str:
    """A value out of foreign tables as an error says it: short, on one line."""
    return _SHOWN.repr(value)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        raise TypeError
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else str(value)


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError
    return number


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    number = _number(value)
    if not number.is_integer():
        raise ValueError
    return int(number)


def _moment(value: Any) -> int:
    """Milliseconds since 1970: a whole number as it stands, ISO 8601 text or a datetime (UTC where no zone is given)."""
    if isinstance(value, str) and "-" in value[1:]:
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return round((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)
    return _whole(value)


_PARSERS: dict[pa.DataType, tuple[Callable[[Any], Any], str]] = {
    pa.string(): (_text, "text"),
    pa.float64(): (_number, "a finite number, with a point as decimal mark"),
    pa.int32(): (_whole, "a whole number"),
    pa.int64(): (_moment, "milliseconds since 1970 or ISO 8601"),
}


def parse_cell(value: Any, field: pa.Field, where: str) -> Any:
    """One value.

    Args:
        value: as the table gave it; None and blank text are missing.
        field: the canonical column.
        where: names the table, row and column in an error.

    Returns:
        The value in the column's type, or None when it is missing.

    Raises:
        SchemaError: missing where it must not be, not of the column's type, or out of its range.
    """
    if value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and math.isnan(value)):
        if field.nullable:
            return None
        raise SchemaError(f"{where}: empty", allowed="a value in every row", todo="fill or drop the row")
    parse, kind = _PARSERS[field.type]
    try:
        parsed = parse(value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise SchemaError(f"{where}: {shown(value)}", allowed=kind, todo="correct the value") from None
    if field.name in CHOICES and parsed not in CHOICES[field.name]:
        raise SchemaError(f"{where}: {shown(parsed)}", allowed=", ".join(CHOICES[field.name]), todo="correct the value")
    low, high = RANGES.get(field.name, (-math.inf, math.inf))
    if not isinstance(parsed, str) and not low <= parsed <= high:
        raise SchemaError(f"{where}: {parsed}", allowed=f"{low:,} .. {high:,}", todo="correct the value")
    return parsed
