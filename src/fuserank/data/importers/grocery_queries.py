"""Three ways to ask for groceries: a photo from a shop, words, a spoken word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuserank.data.dataset import Progress
from fuserank.data.importers.dealt_splits import deal
from fuserank.data.importers.grocery_shop import Grocery
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.errors import SchemaError
from fuserank.types import SPLITS, Query

LAST_TAKE = (("train", 9), ("val", 12), ("test", 15))


@dataclass(frozen=True)
class Ask:
    """A query and what it asks for; `fine` is "" when anything of the coarse class will do."""

    query: Query
    coarse: str
    department: str
    fine: str = ""


def grade(ask: Ask, item: Grocery) -> int:
    """How well a product answers, 0..3.

    For a fine class (photo, fine name, description): 3 same fine class, 2 same coarse class, 1 same department. For a coarse class
    (coarse name, spoken word): 3 same coarse class, 1 same department or a product with the word in its name.
    """
    if ask.fine:
        return 3 if item.fine == ask.fine else 2 if item.coarse == ask.coarse else int(item.department == ask.department)
    if item.coarse == ask.coarse:
        return 3
    return int(item.department == ask.department or f" {ask.coarse} ".casefold() in f" {item.fine} ".casefold())


def ask_by_photo(source: Path, shop: list[Grocery], media: MediaFolder, progress: Progress | None) -> Iterator[Ask]:
    """One query a photo, in the authors' splits.

    Raises:
        SchemaError: a list is missing, or a line is not ``path, fine class, coarse class``.
        MediaError: a photo is missing.
    """
    lines = [(split, line) for split in SPLITS for line in _lines(source / f"{split}.txt")]
    for number, (split, line) in enumerate(lines):
        name, fine, *_ = (*(part.strip() for part in line.split(",")), "")
        if not (fine.isdecimal() and int(fine) < len(shop)):
            raise SchemaError(f"{split}.txt: {line!r}", allowed="path, fine class, coarse class", todo="take the whole download")
        item = shop[int(fine)]
        query = Query(query_id=f"p-{number:04d}", image=media.add(name), split=split, group=f"photo:{name}")
        yield Ask(query, item.coarse, item.department, item.fine)
        if progress:
            progress(number + 1, len(lines))


def ask_by_text(shop: list[Grocery]) -> Iterator[Ask]:
    """Fine names, coarse names that are no fine name, first sentences; all of one coarse class on one side, 70 / 10 / 20."""
    splits = deal(item.coarse for item in shop)
    fine_names = {item.fine for item in shop}
    coarse = {item.coarse: item for item in shop}
    asked = [(item.fine, item, item.fine) for item in shop]
    asked += [(name, item, "") for name, item in coarse.items() if name not in fine_names]
    asked += [(item.first_sentence, item, item.fine) for item in shop]
    for number, (text, item, fine) in enumerate(asked):
        query = Query(query_id=f"t-{number:03d}", text=text, locale="en", split=splits[item.coarse], group=f"text:{item.coarse}")
        yield Ask(query, item.coarse, item.department, fine)


def ask_by_voice(shop: list[Grocery], spoken: MediaFolder) -> Iterator[Ask]:
    """Recordings of coarse class names; the number of the take decides the split (LAST_TAKE).

    Raises:
        SchemaError: no recording, or one whose name is not a coarse class and a take of 1..15.
    """
    coarse = {item.coarse.casefold(): item for item in shop}
    paths = sorted(spoken.root.glob("*/*.wav"))
    if not paths:
        todo = "give the folder of spoken words: voice=DIR"
        raise SchemaError(f"no recordings in {spoken.root}", allowed="<word>/<word><take>.wav", todo=todo)
    for path in paths:
        word = path.parent.name
        take = re.fullmatch(rf"{re.escape(word)}(\d{{2}})", path.stem)
        split = next((name for name, last in LAST_TAKE if take and 1 <= int(take[1]) <= last), None)
        if word not in coarse or split is None:
            raise SchemaError(
                f"recording {word}/{path.name}", allowed=f"words {', '.join(coarse)}; takes 01 .. 15", todo="rename it"
            )
        query = Query(
            query_id=f"v-{path.stem}",
            audio=spoken.add(f"{word}/{path.name}"),
            audio_source="recorded",
            split=split,
            group=f"voice:{path.stem}",
        )
        yield Ask(query, coarse[word].coarse, coarse[word].department)


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise SchemaError(f"no {path.name} in {path.parent}", todo="take the whole download")
    return path.read_text(encoding="utf-8").splitlines()
