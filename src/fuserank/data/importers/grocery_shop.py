"""The products of the grocery set and their place in the hierarchy department > coarse class > fine class."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import read_rows
from fuserank.errors import SchemaError
from fuserank.types import Product

_COLUMNS = ("Class Name (str)", "Coarse Class Name (str)", "Iconic Image Path (str)", "Product Description Path (str)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Grocery:
    """One product.

    Attributes:
        product_id: ``"g"`` and the class number.
        fine: class name, which is also the title.
        coarse: coarse class name.
        department: ``"Fruit"``, ``"Packages"`` or ``"Vegetables"``.
        first_sentence: of the description; asked as a query, so no product shows it.
        rest: the other sentences.
        icon: path of the iconic picture.
    """

    product_id: str
    fine: str
    coarse: str
    department: str
    first_sentence: str
    rest: str
    icon: str


def read_shop(source: Path) -> Iterator[Grocery]:
    """Products in the order of their class numbers, which count from 0.

    Raises:
        SchemaError: a file or a column is missing, or a path names no department.
    """
    for number, row in enumerate(read_rows(source / "classes.csv", _COLUMNS)):
        fine, coarse, icon, description = (row[column].lstrip("/") for column in _COLUMNS)
        path, parts = source / description, Path(icon).parts
        if not path.is_file() or len(parts) < 3:
            raise SchemaError(f"no description {description} or no department in {icon}", todo="take the whole download")
        first, *rest = _SENTENCE_END.split(path.read_text(encoding="utf-8-sig").strip(), maxsplit=1)
        yield Grocery(f"g{number:02d}", _words(fine), _words(coarse), parts[1], first, " ".join(rest), icon)


def as_product(item: Grocery, media: MediaFolder) -> Product:
    """The product as shoppers see it: the classes stand in `attributes` only."""
    truth = {"fine": item.fine, "coarse": item.coarse, "department": item.department}
    return Product(
        product_id=item.product_id,
        title=item.fine,
        description=item.rest,
        locale="en",
        attributes=json.dumps(truth, sort_keys=True),
        image=media.add(item.icon),
    )


def _words(name: str) -> str:
    return name.replace("-", " ")
