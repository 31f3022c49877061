"""Why products stand where they stand."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fuserank.messages.base import Message, ProductId, ShopperQuery

MAX_EXPLAINED, MAX_RIVALS = 20, 1000

ExplainedPart = Literal["query_words", "product_heat", "query_heat"]


class ExplainRequest(Message):
    """Explain the scores of products among their rivals."""

    query: ShopperQuery
    product_ids: list[ProductId] = Field(min_length=1, max_length=MAX_EXPLAINED, description="whose scores are explained")
    rivals: list[ProductId] = Field([], max_length=MAX_RIVALS, description="further products of the answer they stood in")
    parts: list[ExplainedPart] = Field([], max_length=3, description="more than shares of modalities; tens of milliseconds each")
    model: Literal["champion", "challenger"] | None = None


class WordShare(Message):
    """A word of the query and its share of the score."""

    word: str
    share: float


class HeatMap(Message):
    """A picture with what in it speaks for the product."""

    png: str = Field(description="base64")
    covered: float = Field(ge=0, le=1, description="how much of the picture's influence the map shows; the rest is colour")
    empty: bool = Field(description="nothing in the picture speaks for the product")


class ExplainedProduct(Message):
    """What a score is made of: base plus the sum of the shares, in units of the score (Shapley values; negative ones lower it)."""

    product_id: str
    rank: int
    score: float
    base: float = Field(description="its score without any modality")
    modalities: dict[str, float]
    families: dict[str, float] = Field(description="the same, in families such as text and picture")
    attention: dict[str, float] | None = Field(description="the fusion's own weights, where it has any; they are no shares")
    query_words: list[WordShare] | None
    product_heat: HeatMap | None
    query_heat: HeatMap | None
    rules: list[str] = Field([], description="merchandising rules that hold for the query and concern the product, by name")


class ExplainResponse(Message):
    """Explanations, best product first."""

    model_version: str
    words: str
    products: list[ExplainedProduct]
    unknown_ids: list[str]
    degraded: list[str]
    notes: list[str]
    rules_version: str | None = Field(None, description="of the merchandising rules that were asked; null: there are none")
    took_ms: float
