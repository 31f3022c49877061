"""Ranking given candidates, and searching the whole catalogue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fuserank.messages.base import Message, OpaqueId, ProductId, ShopperQuery
from fuserank.messages.products import GivenProduct

MAX_CANDIDATES, MAX_K, MAX_DEPTH, MAX_NAMES = 1000, 100, 1000, 100
MAX_GIVEN_MEDIA = 16  # candidates of one request that bring a picture or a sound: each costs tens of milliseconds

Role = Literal["champion", "challenger", "interleaved"]
Names = Annotated[list[Annotated[str, Field(max_length=1024)]], Field(max_length=MAX_NAMES)]


class _Request(Message):
    query: ShopperQuery
    k: int = Field(10, ge=1, le=MAX_K, description="products in the answer")
    deadline_ms: float | None = Field(None, gt=0, le=60_000, description="after it what is ready comes back, named in `degraded`")
    session_id: OpaqueId | None = Field(None, description="of a shopper without user_id, so that one model answers all of a visit")
    model: Literal["champion", "challenger"] | None = Field(None, description="who answers; null: as the release says")


class RankRequest(_Request):
    """Order the given candidates: the second phase behind a search engine."""

    candidates: list[ProductId | GivenProduct] = Field(
        min_length=1,
        max_length=MAX_CANDIDATES,
        description="ids of the catalogue's products, or products with their content, in the order of the first phase",
    )

    @model_validator(mode="after")
    def _few_media(self) -> RankRequest:
        given = [candidate for candidate in self.candidates if not isinstance(candidate, str)]
        media = sum(bool(candidate.image or candidate.audio) for candidate in given)
        if media > MAX_GIVEN_MEDIA:
            raise ValueError(f"{media} candidates bring a picture or a sound, at most {MAX_GIVEN_MEDIA} may")
        return self


class Filters(Message):
    """What a product must be to be found; a product without a price fails a limit of price."""

    min_price: float | None = Field(None, ge=0)
    max_price: float | None = Field(None, ge=0)
    categories: Names | None = Field(None, description="one of these, or a path below one: `Home` finds `Home > Kitchen`")
    brands: Names | None = Field(None, description="one of these, in any case")
    locales: Names | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Filters:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError("min_price is above max_price")
        return self


class SearchRequest(_Request):
    """Find candidates in the whole catalogue, then order them."""

    depth: int = Field(200, ge=1, le=MAX_DEPTH, description="candidates that each retriever finds")
    filters: Filters | None = None


class RankedProduct(Message):
    """One product of an answer. Scores order one answer; probabilities also compare across answers."""

    product_id: str
    rank: int = Field(ge=1)
    score: float
    probability: float | None = Field(None, ge=0, le=1, description="that the product is relevant; null where the model cannot say")
    title: str
    brand: str
    category: str
    price: float | None
    has_picture: bool = Field(description="GET /v1/picture?product_id=… gives it")
    model_rank: int | None = Field(None, ge=1, description="its place by the model's score alone, before rules and diversity")
    moved_by: list[str] = Field([], description="rules that moved it, by name")


class RankResponse(Message):
    """An answer, best product first.

    `degraded` names what was left out, because it failed or took too long; empty for a full answer.
    """

    request_id: str = Field(description="names this answer in feedback")
    model_version: str
    role: Role
    words: str = Field(description="what was looked up: the query's text cleaned, or what was heard in its sound")
    results: list[RankedProduct]
    candidates: int = Field(description="how many products were ordered")
    unknown_ids: list[str] = Field(description="candidates that the catalogue does not hold")
    degraded: list[str]
    notes: list[str]
    rules_version: str | None = Field(None, description="of the merchandising rules that were asked; null: there are none")
    rules: list[str] = Field([], description="rules that did something to this answer, by name")
    took_ms: float
