"""data.dvc: the small file under git that names the exact bytes of data/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuserank.errors import SchemaError

POINTER, DATA = Path("data.dvc"), Path("data")


@dataclass(frozen=True)
class Pointer:
    """What data.dvc says: the hash of the listing of data/ (32 hex characters and ``.dir``), bytes and files in all."""

    hash: str
    size: int
    files: int


def parse_pointer(text: str, where: str) -> Pointer:
    """Read the text of a data.dvc.

    Args:
        where: it comes from, for the message.

    Raises:
        SchemaError: it is not what DVC writes for the folder data.
    """
    import yaml

    try:
        out: dict[str, Any] = yaml.safe_load(text)["outs"][0]
        pointer = Pointer(str(out["md5"]), int(out["size"]), int(out["nfiles"]))
        if out["path"] != str(DATA) or not re.fullmatch(r"[0-9a-f]{32}\.dir", pointer.hash):
            raise ValueError(f"path {out['path']!r}, md5 {pointer.hash[:40]!r}")
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise SchemaError(
            f"{where} cannot be read: {said}", allowed="what `fuserank data add` writes", todo="restore it from git"
        ) from None
    return pointer


def read_pointer(root: Path) -> Pointer | None:
    """What data.dvc in `root` says; None when there is none.

    Raises:
        SchemaError: as of `parse_pointer`.
    """
    path = root / POINTER
    try:
        return parse_pointer(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else None
    except UnicodeDecodeError:
        raise SchemaError(f"{path} is no text", allowed="what `fuserank data add` writes", todo="restore it from git") from None


def recorded_hash(data: Path) -> str | None:
    """The hash that data.dvc records, when `data` lies in the folder it tracks and that holds as many files and bytes as it says.

    Anything else (another shop beside the sample, say) is a data version that DVC does not know: None.
    """
    if not POINTER.is_file() or not data.resolve().is_relative_to(DATA.resolve()):
        return None
    pointer = read_pointer(Path())
    sizes = [path.stat().st_size for path in DATA.rglob("*") if path.is_file()]
    return pointer.hash if pointer and (len(sizes), sum(sizes)) == (pointer.files, pointer.size) else None
