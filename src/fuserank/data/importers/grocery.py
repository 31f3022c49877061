"""Groceries: 81 products, asked for by shoppers' photos, by names and descriptions, and by spoken words.

Source folder: `classes.csv`, `iconic-images-and-descriptions/`, `train.txt`, `val.txt`, `test.txt` and the photos they name; spoken
words in another folder, `<word>/<word><take>.wav`. Grades: see `grocery_queries.grade`. Classes are labels and never features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.grocery_queries import Ask, ask_by_photo, ask_by_text, ask_by_voice, grade
from fuserank.data.importers.grocery_shop import as_product, read_shop
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import Judgment

REGIMES = ("picture", "text", "voice", "all")


def import_grocery(
    source: Path, target: Path, *, regime: str = "all", voice: Path | None = None, progress: Progress | None = None
) -> ImportedDataset:
    """Import the products and the queries of a regime.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        regime: one of REGIMES; ids of picture, text and voice queries start with ``p-``, ``t-``, ``v-``.
        voice: folder of spoken words; default ``spoken_fruit`` beside `source`.
        progress: called with (photos read, all photos).

    Raises:
        SchemaError: a file, a column or the voice folder is missing, a line or a file name is not as it must be, or `regime` is not
            allowed.
        MediaError: a photo is missing.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source, voice)
    if regime not in REGIMES:
        raise SchemaError(f"regime {regime!r}", allowed=", ".join(REGIMES), todo="choose another regime")
    media, spoken = MediaFolder(source), MediaFolder(voice or source.resolve().parent / "spoken_fruit")
    shop = list(read_shop(source))
    ways: dict[str, Callable[[], Iterator[Ask]]] = {
        "picture": lambda: ask_by_photo(source, shop, media, progress),
        "text": lambda: ask_by_text(shop),
        "voice": lambda: ask_by_voice(shop, spoken),
    }
    products = [as_product(item, media) for item in shop]
    asks = [ask for name, way in ways.items() if regime in (name, "all") for ask in way()]
    judgments = [
        Judgment(ask.query.query_id, item.product_id, level, "label_hierarchy")
        for ask in asks
        for item in shop
        if (level := grade(ask, item))
    ]
    manifest = Manifest(
        name="grocery",
        regime=regime,
        origin="github.com/marcusklasson/GroceryStoreDataset (WACV 2019); spoken words of hmm-speech-recognition; "
        "grades by class hierarchy",
        licence="MIT (pictures, texts); recordings: not stated",
    )
    dataset = write_dataset(
        target,
        manifest,
        products=products,
        queries=[ask.query for ask in asks],
        judgments=judgments,
        media=chain(media.read(), spoken.read()),
    )
    return ImportedDataset.of(dataset, ["the first sentence of every description is asked as a query, so no product shows it"])
