"""The words of the domain and the canonical tables.

A dataset is a folder of Parquet tables whose columns stand here once, for importers, validation, features and
documentation alike. Ids are strings; pictures and sounds are named by the sha256 of their bytes (hex, 64 characters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

SPLITS = ("train", "val", "test")
SOURCES = ("human", "label_hierarchy", "attribute_rule", "click_model", "purchase", "synthetic")
AUDIO_SOURCES = ("recorded", "tts", "synthetic")
ACTIONS = ("impression", "click", "add_to_cart", "purchase")
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
AUDIO_TYPES = ("audio/wav", "audio/flac")
QUARANTINE_REASONS = (
    "missing",  # named by a table, but no bytes in the media store
    "unsupported_type",  # not one of IMAGE_TYPES or AUDIO_TYPES
    "too_large",  # more bytes, pixels or seconds than the limits allow
    "corrupt",  # does not decode
    "empty",  # no pixel or no sample
    "not_finite",  # decodes to NaN or infinity
    "hash_mismatch",  # the bytes are not those that the hash names
)


@dataclass(frozen=True, slots=True)
class Product:
    """What is ranked. `image` and `audio` are media hashes; `attributes` is JSON text and is never a feature."""

    product_id: str
    title: str
    description: str = ""
    category: str = ""
    brand: str = ""
    price: float | None = None  # in the shop's currency, >= 0
    rating: float | None = None  # 0..5
    popularity: float | None = None  # count of sales or views, >= 0
    locale: str = ""  # "en", "zh" …; "" when unknown
    attributes: str = "{}"
    image: str | None = None
    audio: str | None = None
    split: str | None = None  # a product of a split is a candidate only there; None: everywhere


@dataclass(frozen=True, slots=True)
class Query:
    """What a shopper asks. At least one of text, image, audio or user_id is given."""

    query_id: str
    text: str = ""
    locale: str = ""
    user_id: str | None = None
    image: str | None = None
    audio: str | None = None
    audio_source: str | None = None  # one of AUDIO_SOURCES when audio is given
    split: str = "test"
    group: str = ""  # queries of one group (a constraint tuple, a photo's class) never stand on two splits
    timestamp: int | None = None  # milliseconds since 1970, UTC: only what happened before is known to it; None: everything is


@dataclass(frozen=True, slots=True)
class Judgment:
    """How well a product answers a query: grade 0 .. the dataset's max_grade."""

    query_id: str
    product_id: str
    grade: int
    source: str  # one of SOURCES


@dataclass(frozen=True, slots=True)
class Interaction:
    """One event of a shopper, in the words of User Behavior Insights."""

    timestamp: int  # milliseconds since 1970, UTC
    user_id: str
    session_id: str
    query_id: str | None
    product_id: str
    action: str  # one of ACTIONS
    position: int | None  # 1 is the top of the slate


@dataclass(frozen=True)
class Run:
    """A scored list per query, as a ranker gives it: products best first.

    Attributes:
        name: the ranker's name.
        rankings: query_id -> (product ids, float32 scores of the same length, descending).
    """

    name: str
    rankings: dict[str, tuple[list[str], np.ndarray]]


_S, _F = pa.string(), pa.float64()


def _schema(required: dict[str, pa.DataType], optional: dict[str, pa.DataType]) -> pa.Schema:
    fields = [pa.field(name, type_, nullable=False) for name, type_ in required.items()]
    return pa.schema(fields + [pa.field(name, type_, nullable=True) for name, type_ in optional.items()])


# Text columns that may be blank are nullable in the file; `Dataset` reads them as "".
SCHEMAS: dict[str, pa.Schema] = {
    "products": _schema(
        {"product_id": _S, "title": _S},
        {
            "description": _S,
            "category": _S,
            "brand": _S,
            "price": _F,
            "rating": _F,
            "popularity": _F,
            "locale": _S,
            "attributes": _S,
            "image": _S,
            "audio": _S,
            "split": _S,
        },
    ),
    "queries": _schema(
        {"query_id": _S, "split": _S},
        {
            "text": _S,
            "locale": _S,
            "user_id": _S,
            "image": _S,
            "audio": _S,
            "audio_source": _S,
            "group": _S,
            "timestamp": pa.int64(),
        },
    ),
    "judgments": _schema({"query_id": _S, "product_id": _S, "grade": pa.int32(), "source": _S}, {}),
    "interactions": _schema(
        {"timestamp": pa.int64(), "user_id": _S, "session_id": _S, "product_id": _S, "action": _S},
        {"query_id": _S, "position": pa.int32()},
    ),
    "media": _schema({"hash": _S, "mime": _S, "bytes": pa.binary()}, {}),
}
HASHES = ("image", "audio", "hash")  # columns that hold the sha256 of media bytes
KEYS: dict[str, tuple[str, ...]] = {
    "products": ("product_id",),
    "queries": ("query_id",),
    "judgments": ("query_id", "product_id"),
    "interactions": (),
    "media": ("hash",),
}
