"""A wish as a search request."""

from __future__ import annotations

from fuserank.messages import Filters, SearchRequest, ShopperQuery
from fuserank.messages.base import MAX_TEXT
from fuserank.messages.ranking import MAX_K
from fuserank.recipes.shopping_assistant.vocabulary import vocabulary
from fuserank.recipes.shopping_assistant.wish import Wish


def words_of(wish: Wish) -> str:
    """The wish in words, in the language of the last turn: ``"blue floral dress"``, ``"蓝色碎花连衣裙"``; at most MAX_TEXT long."""
    asked = [(facet, vocabulary().asked_as(facet, value, wish.chinese)) for facet, value in wish.wanted]
    in_tables = [word for facet, word in asked if facet in vocabulary().facets]
    details = [word for facet, word in asked if facet not in vocabulary().facets]
    if wish.chinese:
        return "".join([*in_tables, *details, wish.topic])[:MAX_TEXT]
    return " ".join(filter(None, [*in_tables, wish.topic, *(f"with {detail}" for detail in details)]))[:MAX_TEXT]


def request_of(wish: Wish) -> SearchRequest:
    """As many products as one answer holds, since those that were seen, or have what is not wanted, go after ranking.

    Raises:
        ValueError: the wish is empty.
    """
    bounds = Filters(min_price=wish.low, max_price=wish.high) if (wish.low, wish.high) != (None, None) else None
    query = ShopperQuery(text=words_of(wish), locale="zh" if wish.chinese else "en")
    return SearchRequest(query=query, k=MAX_K, filters=bounds)
