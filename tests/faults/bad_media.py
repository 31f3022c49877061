"""A catalogue with 1,000 bad pictures and 1,000 bad sounds: all in quarantine with a reason, and the chain ends with a champion."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from fuserank.data.dataset import Dataset, write_dataset
from fuserank.data.media import media_hash
from fuserank.pipeline.job import Job
from fuserank.pipeline.validate import inspect
from fuserank.types import QUARANTINE_REASONS, Judgment
from tests.faults.mutants import PICTURES, SOUNDS, seeds
from tests.faults.row import Row, main
from tests.faults.small_chain import Shop
from tests.faults.stand import Stand

COUNT, SEED, SECONDS = 1000, 0, 900


def ruined(kinds: tuple[str, ...], count: int, seed: int) -> list[bytes]:
    """Different files that begin as their kind does and hold nothing of it, or half: noise, or a picture cut short."""
    dice, good = random.Random(seed), seeds()
    head = {"JPEG": 20, "PNG": 16, "WEBP": 16, "WAV": 36, "FLAC": 8}
    found = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        noise = dice.randbytes(dice.randrange(8, 400))
        cut = kind == "JPEG" and number % 2  # what follows a cut would be read as more of the picture
        found.append(good[kind][: len(good[kind]) // 3 + number // 6] if cut else good[kind][: head[kind]] + noise)
    return found


def with_bad_media(data: Dataset, root: Path, count: int, seed: int) -> Dataset:
    """The dataset with `count` more products that have a bad picture and a bad sound each."""
    pictures, sounds = ruined(PICTURES, count, seed), ruined(SOUNDS, count, seed + 1)
    first = next(product for product in data.products if product.split == "train")
    more = [
        replace(first, product_id=f"bad{n}", title=f"{first.title} {n}", image=media_hash(picture), audio=media_hash(sound))
        for n, (picture, sound) in enumerate(zip(pictures, sounds, strict=True))
    ]
    named = dict.fromkeys(digest for row in (*data.products, *data.queries) for digest in (row.image, row.audio) if digest)
    return write_dataset(
        root,
        data.manifest,
        products=[*data.products, *more],
        queries=data.queries,
        judgments=[Judgment(q, p, grade, "synthetic") for q, grades in data.qrels.items() for p, grade in grades.items()],
        interactions=data.interactions,
        media=[*map(data.media.get, named), *pictures, *sounds],
    )


def tries(folder: Path, count: int) -> tuple[dict[str, str], str | None]:
    """Quarantine (hash -> reason) of what is bad, and the champion that the chain ended with."""
    shop = Shop(folder)
    bad = with_bad_media(Dataset.open(shop.data), folder / "bad", count, SEED)
    job = Job(bad.root, shop.settings(folder / "home", 0))
    quarantine = inspect(job).quarantine
    (folder / "data").rename(folder / "good")
    bad.root.rename(folder / "data")
    shop.run(folder / "home", 0)
    return quarantine, shop.registry(folder / "home").champion()


def measure(_: Stand) -> list[Row]:
    """2,000 files."""
    with tempfile.TemporaryDirectory(prefix="fuserank-media-") as name:
        quarantine, champion = tries(Path(name), COUNT)
    missed = 2 * COUNT - len(quarantine)
    unknown = [reason for reason in quarantine.values() if reason not in QUARANTINE_REASONS]
    seen = f"{dict(Counter(quarantine.values()))}; champion {'made' if champion else 'missing'}"
    failed = missed + len(unknown) + (champion is None)
    return [
        Row("bad_media: pictures and sounds", 2 * COUNT, failed, "all quarantined with a reason, the chain ends", seen, not failed)
    ]


if __name__ == "__main__":
    main(measure, SECONDS)
