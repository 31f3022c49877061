"""Why a product is shown: facts of its row and of its explanation, each with its evidence. Nothing else is ever said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fuserank.encoders.text_cleaning import has_cjk
from fuserank.messages import ExplainedProduct, ProductDetails
from fuserank.modalities.tokens import tokenize
from fuserank.recipes.shopping_assistant.vocabulary import found, vocabulary
from fuserank.recipes.shopping_assistant.wish import Wish

FIELDS = ("title", "description", "category", "brand")
TOPIC = "topic"
LEAST_SHARE = 0.05  # of what speaks for a product; less is not worth a word
_TEXTS: dict[str, tuple[str, str]] = {  # kind -> English, Chinese
    "word": ("its {field} says “{word}”", "{field}里写着“{word}”"),
    "no_word": ("its text does not say “{value}”", "商品文字里没有“{value}”"),
    "price": ("it costs {price:.2f}: {bounds}", "价格{price:.2f}：{bounds}"),
    "share": ("{share:.0%} of what speaks for it is {family}", "支持它的证据有{share:.0%}来自{family}"),
}
_BOUNDS: dict[tuple[bool, bool], tuple[str, str]] = {  # (has a low, has a high) -> English, Chinese
    (True, True): ("between {low:.2f} and {high:.2f}", "在{low:.2f}到{high:.2f}之间"),
    (True, False): ("at least {low:.2f}", "不低于{low:.2f}"),
    (False, True): ("at most {high:.2f}", "不超过{high:.2f}"),
}
_CHINESE = {"title": "标题", "description": "描述", "category": "类别", "brand": "品牌", "picture": "图片", "text": "文字"} | {
    "sound": "声音",
    "numbers": "数值",
    "behaviour": "购买行为",
}


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes:
        kind: ``word``, ``no_word``, ``price`` or ``share``.
        text: for the shopper.
        evidence: what it rests on: ``word`` field, word as it stands there, part of the wish; ``no_word`` part, value; ``price``
            price, low, high; ``share`` family, share.
    """

    kind: str
    text: str
    evidence: Mapping[str, Any]


def reasons(wish: Wish, row: ProductDetails, explained: ExplainedProduct | None) -> list[Reason]:
    """All that can be said for a product, and what of the wish its text is silent about.

    Args:
        wish: what was asked for.
        row: the product's.
        explained: its shares of the score; None: nothing is said of them.
    """
    found_ = [*_words(wish, row), *_price(wish, row)]
    return [*found_, *(_shares(wish, explained) if explained else ())]


def holds(reason: Reason, row: ProductDetails, explained: ExplainedProduct | None) -> bool:
    """Whether a reason is true of a product's row and explanation, by its evidence alone."""
    evidence = reason.evidence
    if reason.kind == "word":
        return evidence["word"] in getattr(row, evidence["field"]) and evidence["word"] in reason.text
    if reason.kind == "no_word":
        return not any(found(word, getattr(row, field)) for word in evidence["words"] for field in FIELDS)
    if reason.kind == "price":
        low, high = evidence["low"] or 0.0, evidence["high"] if evidence["high"] is not None else float("inf")
        return row.price == evidence["price"] and low <= evidence["price"] <= high
    return explained is not None and abs(positive_shares(explained)[evidence["family"]] - evidence["share"]) < 1e-9


def positive_shares(explained: ExplainedProduct) -> dict[str, float]:
    """family -> its part of all that speaks for the product, 0..1; a family that speaks against it is left out."""
    speaking = {family: share for family, share in explained.families.items() if share > 0}
    total = sum(speaking.values())
    return {family: share / total for family, share in speaking.items()} if total else {}


def _words(wish: Wish, row: ProductDetails) -> Iterator[Reason]:
    topics = [(TOPIC, word, (word,)) for word in _topic_words(wish.topic)]
    wanted = [(facet, value, vocabulary().words_of(facet, value)) for facet, value in wish.wanted]
    for part, value, words in (*topics, *wanted):
        place = next(((field, word) for field in FIELDS for each in words if (word := found(each, getattr(row, field)))), None)
        if place:
            field, word = place
            yield _reason(wish, "word", field=field, word=word, part=part, value=value)
        else:
            said = value if part == TOPIC else vocabulary().asked_as(part, value, wish.chinese)
            yield _reason(wish, "no_word", part=part, value=said, words=words)


def _topic_words(topic: str) -> list[str]:
    """Words of the thing that is looked for; Chinese as the lexical index cuts it."""
    if not has_cjk(topic):
        return list(dict.fromkeys(topic.split()))
    return list(dict.fromkeys(word for word in tokenize(topic) if len(word) > 1)) or [topic]


def _price(wish: Wish, row: ProductDetails) -> Iterator[Reason]:
    texts = _BOUNDS.get((wish.low is not None, wish.high is not None))
    if row.price is not None and texts:
        bounds = texts[wish.chinese].format(low=wish.low, high=wish.high)
        yield _reason(wish, "price", price=row.price, low=wish.low, high=wish.high, bounds=bounds)


def _shares(wish: Wish, explained: ExplainedProduct) -> Iterator[Reason]:
    for family, share in sorted(positive_shares(explained).items(), key=lambda entry: -entry[1]):
        if share >= LEAST_SHARE:
            yield _reason(wish, "share", family=family, share=share)


def _reason(wish: Wish, kind: str, **evidence: Any) -> Reason:
    said = {
        name: _CHINESE.get(str(value), value) if wish.chinese and name in ("field", "family") else value
        for name, value in evidence.items()
    }
    return Reason(kind, _TEXTS[kind][wish.chinese].format(**said), evidence)
