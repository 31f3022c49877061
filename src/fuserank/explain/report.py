"""An explanation of one ranking: what every product's score is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fuserank.features.extraction import ReadBytes
from fuserank.types import Product, Query


@dataclass(frozen=True)
class Shop:
    """What explanations need besides features, when they go into words, fields and pictures.

    Attributes:
        product: a product as the catalogue was built from it, by id.
        read_bytes: of pictures and sounds, by hash.
        query: the query that the features were built from; needed for its picture only.
    """

    product: Callable[[str], Product]
    read_bytes: ReadBytes
    query: Query | None = None


@dataclass(frozen=True)
class Word:
    """A word and its share of the score."""

    word: str
    share: float


@dataclass(frozen=True)
class HeatPicture:
    """A picture with its heat map.

    Attributes:
        png: base64 of the PNG, at most 64 KiB before encoding.
        covered: 0..1, how much of the picture's influence the map shows; the rest is colour, which has no place.
        empty: nothing in the picture speaks for the product.
    """

    png: str
    covered: float
    empty: bool


@dataclass(frozen=True)
class ProductExplanation:
    """What the score of a product is made of. Shares are in units of the score (a logit); a negative one lowers it.

    Attributes:
        rank: 1 is the top of the slate.
        score: the ranker's logit; base + the sum of the modalities' shares, and base + that of the families'.
        base: its score without any modality.
        modalities: share of each modality that the product has.
        families: share of each family of modalities (a modality of no family is its own); None when no families were named.
        attention: the fusion's own weights of these modalities; None when it has none. They are no shares.
        query_words, title_words: share of each word; their sum is what all of them together add to the score.
        fields: share of each field that the product has.
        product_heat, query_heat: where in the pictures the score comes from.

    Parts that were not asked for, or that this product or query has nothing for, are None.
    """

    product_id: str
    rank: int
    score: float
    base: float
    modalities: dict[str, float]
    families: dict[str, float] | None = None
    attention: dict[str, float] | None = None
    query_words: tuple[Word, ...] | None = None
    title_words: tuple[Word, ...] | None = None
    fields: dict[str, float] | None = None
    product_heat: HeatPicture | None = None
    query_heat: HeatPicture | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a slate has its order.

    Attributes:
        query_id: of the query.
        words: its text, or what was heard.
        candidates: size of the slate.
        products: the explained ones, best first.
        notes: what could not be explained, and why; what the parts leave out.
        took_ms: milliseconds of each part.
    """

    query_id: str
    words: str
    candidates: int
    products: tuple[ProductExplanation, ...]
    notes: tuple[str, ...]
    took_ms: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)
