"""What a shopper took before: the mean of the text vectors of past products stands for the query."""

from __future__ import annotations

from fuserank.modalities.base import Content, Resources
from fuserank.modalities.text import SentenceModality, minilm
from fuserank.types import Query


class History(SentenceModality):
    """Cosine of a product with the mean of the shopper's past products; products are encoded as for text, and shared with it."""

    query_from_history = True
    query_is_term = True
    pair_only = False

    def query_content(self, query: Query) -> Content | None:  # noqa: ARG002
        """None: the vector comes from past products."""
        return None


def history(resources: Resources) -> History:
    """Histories read through MiniLM."""
    return History("history", minilm(resources.cache, resources.threads, resources.rounded))
