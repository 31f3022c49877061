"""A text as a game of its words: each can be left out, and what is left keeps its order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from fuserank.encoders.text_cleaning import clean_text, has_cjk

EXACT_WORDS = 6  # 64 texts; beyond it orders are sampled
ORDERS, FEWEST_ORDERS = 12, 4
MOST_WORDS = 12  # each costs a text to encode in every order; a longer text is taken in runs of words
CHARACTERS = 12_000  # that are encoded for one text: some seconds of one core, whatever its language
_SPACED = re.compile(r"\s+|\S+\s*")
_SAYS_SOMETHING = re.compile(r"\w")


def words_of(text: str) -> list[str]:
    """Words with the space behind them, so that joined they are the text: split at spaces, Chinese segmented (rjieba).

    What has no letter or digit belongs to the word before it. Of more than MOST_WORDS, neighbours go together, as evenly as can be.
    """
    pieces: list[str] = []
    for cjk, run in groupby(text, key=has_cjk):
        piece = "".join(run)
        pieces += _chinese(piece) if cjk else _SPACED.findall(piece)
    words: list[str] = []
    for piece in pieces:
        if words and not _SAYS_SOMETHING.search(piece):
            words[-1] += piece
        else:
            words.append(piece)
    if len(words) <= MOST_WORDS:
        return words
    return ["".join(run) for run in np.array_split(np.array(words, object), MOST_WORDS)]


def orders_for(words: Sequence[str]) -> int:
    """How many orders are sampled: fewer of long texts, since each word of an order is a text of half the length on average."""
    return max(FEWEST_ORDERS, min(ORDERS, 2 * CHARACTERS // max(1, len(words) * sum(map(len, words)))))


def texts_of(words: Sequence[str], coalitions: np.ndarray) -> list[str]:
    """The cleaned text that is left of each coalition (K, P) of words; "" of the empty one."""
    return [clean_text("".join(word for word, kept in zip(words, row, strict=True) if kept)) for row in coalitions]


def _chinese(text: str) -> list[str]:
    import rjieba

    return list(rjieba.cut(text))
