"""Lines of a foreign text file, one at a time: UTF-8, bounded, and every error with file and line."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from fuserank.data.importers.cells import shown
from fuserank.errors import SchemaError

LIMIT = 16 * 2**20  # bytes of a line; a longer one is no table
Numbered = tuple[int, str]


def read_lines(path: Path) -> Iterator[Numbered]:
    """(number from 1, line without its end) of a text file or a gzipped one; blank lines are left out.

    Raises:
        SchemaError: no such file, not UTF-8, a NUL byte, a line above 16 MiB, or a damaged archive.
    """
    if not path.is_file():
        raise SchemaError(f"no file {shown(str(path))}", allowed="a file", todo="correct --from")
    number = 0
    try:
        with _opened(path) as file:
            while line := file.readline(LIMIT + 1):
                number += 1
                if len(line) > LIMIT:
                    raise SchemaError(f"{path.name} line {number}: longer than {LIMIT} bytes", todo="is this a text file?")
                if b"\0" in line:
                    raise SchemaError(f"{path.name} line {number}: a NUL byte", allowed="UTF-8 text", todo="export it as UTF-8")
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                if text.strip():
                    yield number, text
    except UnicodeDecodeError as error:
        raise SchemaError(
            f"{path.name} line {number}: not UTF-8 ({error.reason})", allowed="UTF-8 text", todo="export it as UTF-8"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise SchemaError(f"{path.name} after line {number}: {str(error)[:80]}", todo="export the file again") from None


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of a file of JSON Lines.

    Raises:
        SchemaError: as `read_lines`, or a line that is not one JSON object, or has a key twice.
    """
    for number, line in read_lines(path):
        try:
            row = parse_json(line)
        except (ValueError, RecursionError) as error:
            said = getattr(error, "msg", str(error))[:160]
            raise SchemaError(f"{path.name} line {number}: {said}", allowed="one JSON object a line", todo="correct it") from None
        if not isinstance(row, dict):
            raise SchemaError(f"{path.name} line {number}: {type(row).__name__}", allowed="one JSON object a line")
        yield number, row


def parse_json(line: str) -> Any:
    """JSON text as a value; a ValueError for a key given twice, and for half of a surrogate pair, which no file can hold."""
    row = json.loads(line, object_pairs_hook=_once)
    if "\\ud" in line.lower():
        json.dumps(row, ensure_ascii=False).encode()
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {shown(next(key for key in keys if keys.count(key) > 1))} given twice")
    return found


def read_csv(path: Path, required: Sequence[str], *, separator: str = ",") -> Iterator[tuple[int, dict[str, str]]]:
    """(line where the row ends, row by column) of a CSV file with a header.

    Raises:
        SchemaError: as `read_lines`; a column is missing or given twice; a row has another number of fields than the header.
    """
    reader = csv.reader((f"{line}\n" for _, line in read_lines(path)), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        check_columns(f"{path.name} line 1", header, required)
        for row in reader:
            if len(row) != len(header):
                raise SchemaError(
                    f"{path.name} row {reader.line_num}: {len(row)} fields",
                    allowed=f"{len(header)} fields in every row, separated by {separator!r}",
                    todo="quote fields that hold separators or line breaks",
                )
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise SchemaError(f"{path.name} line {reader.line_num}: {str(error)[:80]}", todo="correct the quotes") from None


def check_columns(where: str, names: Sequence[str], required: Sequence[str]) -> None:
    """Check the columns of a table.

    Raises:
        SchemaError: one is given twice, or one that is required is missing.
    """
    twice = sorted({name for name in names if list(names).count(name) > 1})
    missing = [name for name in required if name not in names]
    if twice or missing:
        what = f"given twice: {', '.join(map(shown, twice[:5]))}" if twice else f"missing: {', '.join(missing)}"
        raise SchemaError(
            f"{where}: columns {what}; there are {shown(list(names))}",
            allowed=", ".join(required),
            todo="is this the right file, with the right separator?",
        )


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
