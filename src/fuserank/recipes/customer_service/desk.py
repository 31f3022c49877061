"""Answers to questions, typed or spoken, by a served model; silent where the best answer is too weak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.encoders.text_cleaning import clean_text, has_cjk
from fuserank.errors import RequestError
from fuserank.messages import Filters, SearchRequest, ShopperQuery
from fuserank.messages.base import MAX_TEXT
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.answering.shops import Shop

LOOKED_AT = 3  # entries of a search: the best, and two to choose from where it is too weak


@dataclass(frozen=True)
class HelpReply:
    """What a customer is told.

    Attributes:
        question: as typed or as heard.
        answer: of the knowledge base, word for word; "" where none is good enough.
        entry_id: whose it is; "" for none.
        probability: that the best entry is right; 0.0 where nothing was found.
        titles: of the best entries, best first.
    """

    question: str
    answer: str
    entry_id: str
    probability: float
    titles: tuple[str, ...]


class HelpDesk:
    """A desk over a served knowledge base.

    Args:
        shop: who ranks.
        confidence: when the best entry is good enough.
    """

    def __init__(self, shop: Shop, confidence: Confidence) -> None:
        self._shop, self._confidence = shop, confidence

    def hear(self, audio: bytes) -> HelpReply:
        """A spoken question, transcribed as a voice query is.

        Args:
            audio: WAV or FLAC.

        Raises:
            MediaError: the recording cannot be used.
        """
        heard = self._shop.search(SearchRequest(query=ShopperQuery(audio=audio), k=1, depth=1)).words
        return self.ask(heard) if heard else HelpReply("", "", "", 0.0, ())

    def ask(self, question: str) -> HelpReply:
        """A typed question; entries in its language are looked at.

        Raises:
            RequestError: it is empty.
        """
        text = clean_text(question)[:MAX_TEXT]
        if not text:
            raise RequestError("an empty question", allowed="a question in words", todo="type it, or say it again")
        locale = "zh" if has_cjk(text) else "en"
        query, filters = ShopperQuery(text=text, locale=locale), Filters(locales=[locale])
        found = self._shop.search(SearchRequest(query=query, k=LOOKED_AT, filters=filters)).results
        if not found:
            return HelpReply(text, "", "", 0.0, ())
        sure = float(self._confidence.probability(np.array([found[0].score]))[0])
        titles = tuple(entry.title for entry in found)
        if sure < self._confidence.threshold:
            return HelpReply(text, "", "", sure, titles)
        best = self._shop.product(found[0].product_id)
        return HelpReply(text, best.description, best.product_id, sure, titles)
