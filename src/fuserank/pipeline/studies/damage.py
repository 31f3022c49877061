"""Kinds of damage to products and queries, and the features of a shop that was damaged.

Damage is done to bytes and texts (`fuserank.data.corruption`), and everything behind them runs again: encoders, word index,
transcription.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from fuserank.data import corruption
from fuserank.data.media import media_hash
from fuserank.pipeline.extract import features_of
from fuserank.pipeline.studies.bench import Bench
from fuserank.slates import Features
from fuserank.types import Product, Query

MEDIA_FIELDS = ("image", "audio")


@dataclass(frozen=True)
class Noise:
    """One kind of damage.

    Attributes:
        name: what is damaged, and how.
        field: of a product or a query: ``title``, ``text``, ``image`` or ``audio``; media fields hold hashes of bytes.
        damage: (text or bytes, strength, seed) -> the same, damaged.
        strengths: 0 and then ascending.
        unit: what the strength is, on the axis.
    """

    name: str
    field: str
    damage: Callable[[Any, float, int], Any]
    strengths: tuple[float, ...]
    unit: str


PICTURES = (
    Noise("colours turned", "image", corruption.turn_colours, (0, 0.05, 0.15, 0.4, 1), "hue turned, share of 180°"),
    Noise("cropped", "image", corruption.crop, (0, 0.2, 0.4, 0.6, 0.8), "share of the area lost"),
    Noise("blurred", "image", corruption.blur, (0, 0.01, 0.02, 0.04, 0.08), "deviation, share of the longer side"),
    Noise("compressed", "image", corruption.squeeze, (0, 0.5, 0.8, 0.9, 1), "JPEG, 1 is quality 1"),
)
QUERY_WORDS = Noise("typos in queries", "text", corruption.typos, (0, 0.03, 0.06, 0.12, 0.25), "share of letters")
TITLES = (
    Noise("typos in titles", "title", corruption.typos, (0, 0.03, 0.06, 0.12, 0.25), "share of letters"),
    Noise("missing titles", "title", corruption.lose, (0, 0.1, 0.25, 0.5, 1), "share of products"),
)
VOICE = Noise(
    "background noise",
    "audio",
    corruption.background_noise,
    (0, 0.1, 0.316, 0.562, 1, 1.78),  # 20, 10, 5, 0 and -5 dB
    "noise to signal (0.1: 20 dB, 1: 0 dB)",
)


def damaged(bench: Bench, side: str, kind: Noise, strength: float, ids: Collection[str], seed: int = 0) -> Features:
    """Features of the bench's products and queries, of which those in `ids` on one side are damaged.

    Args:
        side: ``products`` or ``queries``.
        seed: of the damage; each item has its own draw, the same at every strength.
    """
    data, made = bench.job.dataset, dict[str, bytes]()

    def read(digest: str) -> bytes:
        return made[digest] if digest in made else data.media.get(digest)

    def spoil(item: Any, item_id: str) -> Any:
        value = getattr(item, kind.field)
        if item_id not in ids or not value:
            return item
        draw = int.from_bytes(hashlib.sha256(f"{seed} {item_id}".encode()).digest()[:8])
        if kind.field not in MEDIA_FIELDS:
            return replace(item, **{kind.field: kind.damage(value, strength, draw)})
        spoilt = kind.damage(data.media.get(value), strength, draw)
        made[media_hash(spoilt)] = spoilt
        return replace(item, **{kind.field: media_hash(spoilt)})

    products: list[Product] = data.products
    queries: list[Query] = data.queries
    if side == "products":
        products = [spoil(product, product.product_id) for product in products]
    else:
        queries = [spoil(query, query.query_id) for query in queries]
    return features_of(bench.job, products, queries, read)[0]
