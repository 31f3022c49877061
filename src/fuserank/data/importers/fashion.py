"""Fashion catalogue photos with titles; grades by an attribute rule over fixed query tuples (`fashion_queries`).

Source folder: `products.csv` (id, attributes, productDisplayName, batch), `images/<id>.webp`, and `benchmark/` with the fixed
query tuples (`queries.csv`) and the sides and shortened titles of the core products (`products.csv`). Attributes are labels and
never features.

In Chinese (`locale`) the same queries, titles and grades are worded by the rules of `fashion_chinese`.
"""

from __future__ import annotations

import json
from pathlib import Path

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.fashion_chinese import chinese_title
from fuserank.data.importers.fashion_queries import judge
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import Row, read_rows
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Product, Query

REGIMES = ("full", "no_colour", "no_colour_type")
BATCHES = ("core", "late")
LOCALES = ("en", "zh", "cross")  # cross: Chinese queries, English titles
ATTRIBUTES = ("gender", "masterCategory", "subCategory", "articleType", "baseColour", "season", "year", "usage")
SIDES = {"fit": "train", "val": "val", "test": "test"}


def import_fashion(
    source: Path,
    target: Path,
    *,
    regime: str = "full",
    batch: str = "core",
    locale: str = "en",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Import one title regime of the core batch with its queries, or the products of the late batch.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        regime: one of REGIMES; titles in full, without colour words, or without colour and type words.
        batch: one of BATCHES; "late" has full titles only and no queries.
        locale: one of LOCALES; "zh" has queries and titles in Chinese, "cross" Chinese queries and the English titles.
        progress: called with (products read, all products).

    Raises:
        SchemaError: a file or a column is missing, a side or part is unknown, or an option is not allowed.
        MediaError: a picture is missing.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    _check("batch", batch, BATCHES)
    _check("regime", regime, REGIMES if batch == "core" else REGIMES[:1])
    _check("locale", locale, LOCALES if batch == "core" else LOCALES[:2])
    rows = read_rows(source / "products.csv", ("id", "productDisplayName", "batch", *ATTRIBUTES))
    rows = [row for row in rows if row["batch"] == batch]
    if batch == "core":
        rows = _sided(source, rows, regime)
    warnings: list[str] = []
    if locale == "zh":
        rows, share = _in_chinese(rows)
        warnings.append(f"{share:.0%} of the words of titles were translated by rule; the others stay in Latin letters")
    media = MediaFolder(source / "images")
    products = []
    for row in rows:
        products.append(_product(row, media, "zh" if locale == "zh" else "en"))
        if progress:
            progress(len(products), len(rows))
    queries: list[Query] = []
    judgments = SCHEMAS["judgments"].empty_table()
    if batch == "core":
        queries, judgments, left_out = judge(source / "benchmark/queries.csv", rows, chinese=locale != "en")
        warnings += left_out
    manifest = Manifest(
        name="fashion" if batch == "core" else "fashion-late",
        regime=regime if locale == "en" else f"{regime}_{locale}",
        origin="Kaggle 'fashion-product-images' (Myntra); grades by the attribute rule of fuserank.data.importers.fashion_queries",
        licence="unverified: development use only",
    )
    dataset = write_dataset(target, manifest, products=products, queries=queries, judgments=judgments, media=media.read())
    return ImportedDataset.of(dataset, warnings)


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SchemaError(f"{name} {value!r}", allowed=", ".join(allowed), todo=f"choose another {name}")


def _sided(source: Path, rows: list[Row], regime: str) -> list[Row]:
    """The rows that the benchmark gives a side, with `split` and the regime's title added."""
    title = f"title_{regime}"
    sides = {row["product_id"]: row for row in read_rows(source / "benchmark/products.csv", ("product_id", "side", title))}
    unknown = {row["side"] for row in sides.values()} - SIDES.keys()
    absent = sides.keys() - {row["id"] for row in rows}
    if unknown or absent:
        raise SchemaError(
            f"benchmark/products.csv: sides {sorted(unknown)}; {len(absent)} products that products.csv lacks",
            allowed=f"sides {', '.join(SIDES)}; core products",
            todo="take both files from the same download",
        )
    return [
        row | {"productDisplayName": sides[row["id"]][title], "split": SIDES[sides[row["id"]]["side"]]}
        for row in rows
        if row["id"] in sides
    ]


def _in_chinese(rows: list[Row]) -> tuple[list[Row], float]:
    """The rows with translated titles, and the share of words that were translated."""
    titles = [chinese_title(row["productDisplayName"]) for row in rows]
    share = sum(translated for _, translated, _ in titles) / max(1, sum(words for *_, words in titles))
    return [row | {"productDisplayName": title} for row, (title, _, _) in zip(rows, titles, strict=True)], share


def _product(row: Row, media: MediaFolder, locale: str) -> Product:
    return Product(
        product_id=row["id"],
        title=row["productDisplayName"],
        locale=locale,
        attributes=json.dumps({key: row[key] for key in ATTRIBUTES}, sort_keys=True),
        image=media.add(f"{row['id']}.webp"),
        split=row.get("split"),
    )
