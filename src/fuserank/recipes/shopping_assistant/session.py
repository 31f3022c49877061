"""A session of turns with the served champion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fuserank.messages import (
    ExplainedProduct,
    ExplainRequest,
    ProductDetails,
    RankedProduct,
    SearchRequest,
    ShopperQuery,
)
from fuserank.recipes.answering.shops import Shop
from fuserank.recipes.shopping_assistant.asking import request_of
from fuserank.recipes.shopping_assistant.fitting import contradicts, has_unwanted
from fuserank.recipes.shopping_assistant.reading import read
from fuserank.recipes.shopping_assistant.reasons import Reason, reasons
from fuserank.recipes.shopping_assistant.wish import Change, Wish, changed

SHOWN = 3  # products of a reply


@dataclass(frozen=True)
class Offer:
    """A product of a reply with the reasons for it."""

    product: RankedProduct
    row: ProductDetails
    reasons: tuple[Reason, ...]
    explained: ExplainedProduct | None


@dataclass(frozen=True)
class Reply:
    """What comes of a turn.

    Attributes:
        heard: the turn in words.
        asked: what was looked up; "" when nothing was.
        wish: what is wanted after the turn.
        changes: what the turn did to the wish.
        offers: best first.
        notes: what could not be done, in words.
    """

    heard: str
    asked: str
    wish: Wish
    changes: tuple[Change, ...]
    offers: tuple[Offer, ...]
    notes: tuple[str, ...]


class Assistant:
    """Carries a wish from turn to turn.

    Args:
        shop: who ranks.
        shown: products of a reply.
    """

    def __init__(self, shop: Shop, shown: int = SHOWN) -> None:
        self._shop, self._count = shop, shown
        self.wish = Wish()
        self._earlier: list[Wish] = []
        self._shown: tuple[tuple[str, float | None], ...] = ()

    def hear(self, audio: bytes) -> Reply:
        """A spoken turn, transcribed as a voice query is.

        Args:
            audio: WAV or FLAC.

        Raises:
            MediaError: the recording cannot be used.
        """
        heard = self._shop.search(SearchRequest(query=ShopperQuery(audio=audio), k=1, depth=1)).words
        if not heard:
            return self._reply("", (), ("nothing was understood in the recording; say it again, or type it",))
        return self.say(heard)

    def say(self, text: str) -> Reply:
        """A typed turn."""
        said = read(text)
        if said.empty:
            return self._reply(said.text, (), ("that was not understood; name a thing, a colour, a price, or say “start again”",))
        going_back = said.command == "back"
        result = changed(self.wish, said, self._shown, self._earlier[-1] if self._earlier else None)
        if going_back and self._earlier:
            self._earlier.pop()
        elif result.wish != self.wish and not going_back:
            self._earlier.append(self.wish)
        self.wish = result.wish
        if self.wish.empty:
            return self._reply(said.text, result.changes, (*result.notes, "say what you are looking for"))
        return self._answer(said.text, result.changes, result.notes)

    def _answer(self, heard: str, changes: tuple[Change, ...], notes: tuple[str, ...]) -> Reply:
        request = request_of(self.wish)
        answer = self._shop.search(request)
        best = self._fitting(answer.results)
        explained: dict[str, ExplainedProduct] = {}
        if best:
            asked = ExplainRequest(
                query=request.query,
                product_ids=[product.product_id for product, _ in best],
                rivals=[product.product_id for product in answer.results],
            )
            explained = {product.product_id: product for product in self._shop.explain(asked).products}
            self._shown = tuple((product.product_id, row.price) for product, row in best)
        else:
            notes = (*notes, "nothing fits all of that; say “go back”, or leave something out")
        offers = tuple(
            Offer(product, row, tuple(reasons(self.wish, row, why)), why)
            for product, row in best
            for why in [explained.get(product.product_id)]
        )
        return Reply(heard, request.query.text, self.wish, changes, offers, (*notes, *answer.degraded))

    def _fitting(self, ranked: Sequence[RankedProduct]) -> list[tuple[RankedProduct, ProductDetails]]:
        """The best that were not seen, and whose text neither has what is not wanted nor contradicts what is."""
        fitting: list[tuple[RankedProduct, ProductDetails]] = []
        for product in ranked:
            if len(fitting) == self._count:
                break
            if product.product_id in self.wish.seen:
                continue
            row = self._shop.product(product.product_id)
            if not (has_unwanted(row, self.wish) or contradicts(row, self.wish)):
                fitting.append((product, row))
        return fitting

    def _reply(self, heard: str, changes: tuple[Change, ...], notes: tuple[str, ...]) -> Reply:
        return Reply(heard, "", self.wish, changes, (), notes)
