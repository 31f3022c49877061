"""What rules may say. A file holds a list `rules`; each has a name, a kind, when it holds, and what its kind does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from fuserank.merchandising.words import tokens

MAX_RULES, MAX_PLACE, MAX_BY, MAX_NAMES = 10_000, 100, 1000, 1000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def _has_words(text: str) -> str:
    if not tokens(text):
        raise ValueError("a text with at least one word")
    return text


Words = Annotated[str, Field(max_length=512), AfterValidator(_has_words)]
Line = Annotated[str, Field(min_length=1, max_length=1024)]


class QueryIs(_Part):
    """Which queries: those that are one of these texts, or contain one of these as whole words. Neither: any query."""

    exact: tuple[Words, ...] = Field((), max_length=MAX_NAMES)
    contains: tuple[Words, ...] = Field((), max_length=MAX_NAMES)


class Selector(_Part):
    """Which products: those for which all that is said holds."""

    ids: tuple[Line, ...] | None = Field(None, min_length=1, max_length=MAX_NAMES)
    categories: tuple[Line, ...] | None = Field(None, min_length=1, max_length=MAX_NAMES, description="one of these, or below one")
    brands: tuple[Line, ...] | None = Field(None, min_length=1, max_length=MAX_NAMES, description="one of these, in any case")
    min_price: float | None = Field(None, ge=0)
    max_price: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> Selector:
        if self == Selector.model_construct():
            raise ValueError("say at least one of ids, categories, brands, min_price, max_price")
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError("min_price is above max_price")
        return self


class _Rule(_Part):
    """What all kinds share: a name, and when the rule holds.

    Attributes:
        query, locale, category: of a request; the category is one that its filters ask for, or one above it.
        since, until: in the file `from` and `until`: from the first moment up to, not with, the second.
    """

    name: str = Field(min_length=1, max_length=120)
    query: QueryIs = QueryIs()
    locale: str | None = Field(None, min_length=1, max_length=35)
    category: Line | None = None
    since: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Rule:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("until is not after from")
        return self

    @property
    def span(self) -> tuple[float, float]:
        """Seconds since 1970 of its first moment and of the first after it; infinite where nothing is said."""
        first = float("-inf") if self.since is None else self.since.astimezone(UTC).timestamp()
        return first, float("inf") if self.until is None else self.until.astimezone(UTC).timestamp()

    def holds_at(self, now: datetime) -> bool:
        """Whether a moment lies within its dates."""
        first, end = self.span
        return first <= now.timestamp() < end


class Pin(_Rule):
    """A product at a place, 1 at the top; at the end of a shorter list."""

    kind: Literal["pin"]
    product: Line
    place: int = Field(ge=1, le=MAX_PLACE)


class Boost(_Rule):
    """Products some places up; the top is the end of it."""

    kind: Literal["boost"]
    products: Selector
    by: int = Field(ge=1, le=MAX_BY)


class Bury(_Rule):
    """Products some places down; without `by` to the end."""

    kind: Literal["bury"]
    products: Selector
    by: int | None = Field(None, ge=1, le=MAX_BY)


class Hide(_Rule):
    """Products that are not shown."""

    kind: Literal["hide"]
    products: Selector


class Only(_Rule):
    """No other products are shown."""

    kind: Literal["only"]
    products: Selector


class Synonym(_Rule):
    """Words that are looked up beside those of the query (`add`), or in place of the phrase that was found (`replace`)."""

    kind: Literal["synonym"]
    add: Words | None = None
    replace: Words | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Synonym:
        if (self.add is None) == (self.replace is None):
            raise ValueError("say add or replace, one of them")
        if not (self.query.exact or self.query.contains):
            raise ValueError("a synonym needs query.exact or query.contains")
        return self


Rule = Annotated[Pin | Boost | Bury | Hide | Only | Synonym, Field(discriminator="kind")]


class RuleFile(_Part):
    """All rules of a shop, in the order in which they win over each other: the first before the next."""

    rules: tuple[Rule, ...] = Field((), max_length=MAX_RULES)
