"""Groceries: 81 products, asked for by shoppers' photos, by names and descriptions, and by spoken words.

Source folder: `classes.csv`, `iconic-images-and-descriptions/`, `train.txt`, `val.txt`, `test.txt` and the photos they name; spoken
words in another folder, `<word>/<word><take>.wav`.

Grades come from the hierarchy department > coarse class > fine class. A query for a fine class (photo, fine name, description):
3 same fine class, 2 same coarse class, 1 same department. A query for a coarse class (coarse name, spoken word): 3 same coarse
class, 1 same department or a product with the word in its name. Classes are labels and never features.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.dealt_splits import deal
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import read_rows
from fuserank.errors import SchemaError
from fuserank.types import SPLITS, Judgment, Product, Query

REGIMES = ("picture", "text", "voice", "all")
_LAST_TAKE = (("train", 9), ("val", 12), ("test", 15))


@dataclass(frozen=True)
class Grocery:
    """One of the shop's products with its place in the hierarchy."""

    product_id: str
    fine: str
    coarse: str
    department: str
    first_sentence: str
    rest: str
    icon: str


@dataclass(frozen=True)
class _Ask:
    """A query and what it asks for; `fine` is "" when any of the coarse class will do."""

    query: Query
    coarse: str
    department: str
    fine: str = ""


def import_grocery(
    source: Path, target: Path, *, regime: str = "all", voice: Path | None = None, progress: Progress | None = None
) -> ImportedDataset:
    """Import the products and the queries of a regime.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        regime: one of REGIMES; ids of picture, text and voice queries start with ``p-``, ``t-``, ``v-``.
        voice: folder of spoken words; default ``spoken_fruit`` beside `source`.
        progress: called with (queries read, all queries), once at the end of each kind of query.

    Raises:
        SchemaError: a file, a column or the voice folder is missing, or `regime` is not allowed.
    """
    if regime not in REGIMES:
        raise SchemaError(f"regime {regime!r}", allowed=", ".join(REGIMES), todo="choose another regime")
    media, spoken = MediaFolder(source), MediaFolder(voice or source.resolve().parent / "spoken_fruit")
    shop = list(_shop(source))
    kinds = {"picture": lambda: _photos(source, shop, media), "text": lambda: _texts(shop), "voice": lambda: _voices(shop, spoken)}
    wanted = [kind for kind in kinds if regime in (kind, "all")]
    products = [_product(item, media) for item in shop]
    asks: list[_Ask] = []
    for done, kind in enumerate(wanted, 1):
        asks += kinds[kind]()
        if progress:
            progress(done, len(wanted))
    judgments = [
        Judgment(ask.query.query_id, item.product_id, grade, "label_hierarchy")
        for ask in asks
        for item in shop
        if (grade := _grade(ask, item))
    ]
    manifest = Manifest(
        name="grocery",
        regime=regime,
        licence="MIT (pictures, texts); recordings: not stated",
        origin="github.com/marcusklasson/GroceryStoreDataset (WACV 2019); spoken words of hmm-speech-recognition; "
        "grades by class hierarchy",
    )
    dataset = write_dataset(
        target, manifest, products=products, queries=[ask.query for ask in asks], judgments=judgments, media=_both(media, spoken)
    )
    return ImportedDataset.of(dataset, ["the first sentence of every description is asked as a query, so no product shows it"])


def _both(*folders: MediaFolder) -> Iterator[bytes]:
    for folder in folders:
        yield from folder.read()


def _shop(source: Path) -> Iterator[Grocery]:
    names = (
        "Class Name (str)",
        "Class ID (int)",
        "Coarse Class Name (str)",
        "Iconic Image Path (str)",
        "Product Description Path (str)",
    )
    for row in read_rows(source / "classes.csv", names):
        fine, number, coarse, icon, description = (row[name] for name in names)
        path = source / description.lstrip("/")
        if not path.is_file():
            raise SchemaError(f"no description {description} in {source}", todo="take the whole download")
        first, *rest = re.split(r"(?<=[.!?])\s+", path.read_text(encoding="utf-8-sig").strip(), maxsplit=1)
        yield Grocery(
            f"g{int(number):02d}",
            _words(fine),
            _words(coarse),
            icon.lstrip("/").split("/")[1],
            first,
            " ".join(rest),
            icon.lstrip("/"),
        )


def _words(name: str) -> str:
    return name.replace("-", " ")


def _product(item: Grocery, media: MediaFolder) -> Product:
    truth = {"fine": item.fine, "coarse": item.coarse, "department": item.department}
    return Product(
        product_id=item.product_id,
        title=item.fine,
        description=item.rest,
        locale="en",
        attributes=json.dumps(truth, sort_keys=True),
        image=media.add(item.icon),
    )


def _photos(source: Path, shop: list[Grocery], media: MediaFolder) -> Iterator[_Ask]:
    """One query a photo, in the authors' splits."""
    number = 0
    for split in SPLITS:
        path = source / f"{split}.txt"
        if not path.is_file():
            raise SchemaError(f"no {path.name} in {source}", todo="take the whole download")
        for line in path.read_text().splitlines():
            name, fine, _ = line.split(",")
            item = shop[int(fine)]
            query = Query(query_id=f"p-{number:04d}", image=media.add(name.strip()), split=split, group=f"photo:{name.strip()}")
            yield _Ask(query, item.coarse, item.department, item.fine)
            number += 1


def _texts(shop: list[Grocery]) -> Iterator[_Ask]:
    """Fine names, coarse names that are no fine name, first sentences; all of one coarse class on one side."""
    splits = deal(item.coarse for item in shop)
    fine_names = {item.fine for item in shop}
    coarse = {item.coarse: item for item in shop}
    asked = [(item.fine, item, item.fine) for item in shop]
    asked += [(name, item, "") for name, item in coarse.items() if name not in fine_names]
    asked += [(item.first_sentence, item, item.fine) for item in shop]
    for number, (text, item, fine) in enumerate(asked):
        query = Query(query_id=f"t-{number:03d}", text=text, locale="en", split=splits[item.coarse], group=f"text:{item.coarse}")
        yield _Ask(query, item.coarse, item.department, fine)


def _voices(shop: list[Grocery], spoken: MediaFolder) -> Iterator[_Ask]:
    """Recordings of coarse class names; the number of the take decides the split."""
    coarse = {item.coarse.casefold(): item for item in shop}
    paths = sorted(spoken.root.glob("*/*.wav"))
    if not paths:
        raise SchemaError(
            f"no recordings <word>/<word><take>.wav in {spoken.root}", todo="give the folder of spoken words: voice=DIR"
        )
    for path in paths:
        item = coarse[path.parent.name]
        take = int(path.stem.removeprefix(path.parent.name))
        split = next(name for name, last in _LAST_TAKE if take <= last)
        query = Query(
            query_id=f"v-{path.stem}",
            audio=spoken.add(str(path.relative_to(spoken.root))),
            audio_source="recorded",
            split=split,
            group=f"voice:{path.stem}",
        )
        yield _Ask(query, item.coarse, item.department)


def _grade(ask: _Ask, item: Grocery) -> int:
    if ask.fine:
        return 3 if item.fine == ask.fine else 2 if item.coarse == ask.coarse else int(item.department == ask.department)
    if item.coarse == ask.coarse:
        return 3
    return int(item.department == ask.department or f" {ask.coarse} ".casefold() in f" {item.fine} ".casefold())
