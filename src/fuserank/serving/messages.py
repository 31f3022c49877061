"""What is asked and what is answered, as JSON. Pictures and sounds come as bytes; no address is ever fetched."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

MAX_TEXT, MAX_CANDIDATES, MAX_K, MAX_DEPTH = 512, 1000, 100, 1000


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64 (RFC 4648, without line breaks)") from None


MediaBytes = Annotated[bytes, BeforeValidator(_decode), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
ProductId = Annotated[str, Field(min_length=1, max_length=256)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ShopperQuery(_Message):
    """What a shopper asks: at least one of text, image, audio, user_id."""

    text: str = Field("", max_length=MAX_TEXT)
    image: MediaBytes | None = Field(None, description="JPEG, PNG or WebP, base64")
    audio: MediaBytes | None = Field(None, description="WAV or FLAC, base64")
    user_id: str | None = Field(None, min_length=1, max_length=256, description="whose history counts")
    locale: str = Field("", max_length=35)

    @model_validator(mode="after")
    def _asks_something(self) -> ShopperQuery:
        if not (self.text.strip() or self.image or self.audio or self.user_id):
            raise ValueError("an empty query; give at least one of text, image, audio, user_id")
        return self


class _Request(_Message):
    query: ShopperQuery
    k: int = Field(10, ge=1, le=MAX_K, description="products in the answer")
    deadline_ms: float | None = Field(None, gt=0, le=60_000, description="after it the BM25 order comes back, named in `degraded`")


class RankRequest(_Request):
    """Order the given candidates: the second phase behind a search engine."""

    candidates: list[ProductId] = Field(min_length=1, max_length=MAX_CANDIDATES, description="in the order of the first phase")


class SearchRequest(_Request):
    """Find candidates in the whole catalogue, then order them."""

    depth: int = Field(200, ge=1, le=MAX_DEPTH, description="candidates that each retriever finds")


class RankedProduct(_Message):
    """One product of an answer. Scores order one answer; probabilities also compare across answers."""

    product_id: str
    rank: int = Field(ge=1)
    score: float
    probability: float | None = Field(None, ge=0, le=1, description="that the product is relevant; null where the model cannot say")
    title: str
    price: float | None


class RankResponse(_Message):
    """An answer, best product first.

    `degraded` names what was left out, because it failed or took too long; empty for a full answer.
    """

    model_version: str
    words: str = Field(description="what was looked up: the query's text cleaned, or what was heard in its sound")
    results: list[RankedProduct]
    candidates: int = Field(description="how many products were ordered")
    unknown_ids: list[str] = Field(description="candidates that the catalogue does not hold")
    degraded: list[str]
    notes: list[str]
    took_ms: float
