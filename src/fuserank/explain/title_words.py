"""What each word of a product's title gave to its score: the product is built anew without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.explain.changed_products import scores_changed
from fuserank.explain.probe import Probe
from fuserank.explain.shapley import Shares, divide
from fuserank.explain.words import EXACT_WORDS, orders_for, texts_of, words_of
from fuserank.features.extraction import ReadBytes
from fuserank.types import Product


def title_word_shares(probe: Probe, position: int, product: Product, read_bytes: ReadBytes) -> tuple[list[str], Shares]:
    """Shapley shares of the words of a title in the product's score; exact up to EXACT_WORDS words, sampled beyond.

    The value of a coalition is the candidate's logit when its title has only those words; all other fields stay.

    Returns:
        the P words, and shares (1, P); P = 0 for a product without a title.
    """
    words = words_of(clean_text(product.title))

    def game(coalitions: np.ndarray) -> np.ndarray:
        changed = [replace(product, title=text) for text in texts_of(words, coalitions)]
        return scores_changed(probe, position, product, changed, read_bytes)[:, None]

    shares = divide(game, len(words), exact_up_to=EXACT_WORDS, orders=orders_for(words))
    return [word.strip() for word in words], shares
