"""The words a catalogue is about, for a speech model to listen for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from fuserank.encoders.text_cleaning import clean_text
from fuserank.types import Product

LIMIT = 100  # a speech model's prompt holds little more
_WORD = re.compile(r"[a-z]{3,}")


def spoken_words(products: Sequence[Product], limit: int = LIMIT) -> tuple[str, ...]:
    """The English words that stand in the titles and categories of most products, most frequent first, ties by alphabet."""
    from bm25s.stopwords import STOPWORDS_EN

    counts = Counter(
        word for product in products for word in set(_WORD.findall(clean_text(f"{product.title} {product.category}").lower()))
    )
    words = sorted(counts.keys() - set(STOPWORDS_EN), key=lambda word: (-counts[word], word))
    return tuple(words[:limit])
