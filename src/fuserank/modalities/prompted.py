"""Texts with the words before them that a sentence encoder of your own was trained to see ("query: ", "passage: ")."""

from __future__ import annotations

from fuserank.encoders.hub_text import HubText, Prompts
from fuserank.modalities.base import Content, text_content
from fuserank.modalities.history import History
from fuserank.modalities.text import SentenceModality
from fuserank.types import Product, Query


class PromptedSentence(SentenceModality):
    """Cosine of sentence vectors, each text behind the prompt of its kind; without prompts the texts are as they are elsewhere."""

    def __init__(self, name: str, encoder: HubText) -> None:
        super().__init__(name, encoder)
        self._prompts: Prompts = encoder.prompts

    def product_content(self, product: Product) -> Content | None:
        """Title and description, cleaned, behind the prompt."""
        return _behind(self._prompts.product, super().product_content(product))

    def query_content(self, query: Query) -> Content | None:
        """The words of the query, cleaned, behind the prompt."""
        return _behind(self._prompts.query, super().query_content(query))


class PromptedHistory(PromptedSentence, History):
    """The same for what a shopper took before; products are encoded as for text, and shared with it."""


def _behind(prompt: str, content: Content | None) -> Content | None:
    return content if content is None else text_content(prompt + content.value)
