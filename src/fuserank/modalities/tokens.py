"""Words for the lexical index: English stemmed, Chinese segmented, mixed text run by run of script."""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from typing import Any

from fuserank.encoders.text_cleaning import clean_text, has_cjk

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# "t-shirt" and "v-neck" are one word for shoppers: T-shirt, Tshirt and t shirt should meet.
_LETTER_HYPHEN = re.compile(r"(?<![\w'])([a-z])[- ](?=[a-z]{3})")
_LETTERS_KEPT = frozenset("ai")


def tokenize(text: str) -> list[str]:
    """Tokens of a text in order, with repeats; stop words are left out."""
    text = _LETTER_HYPHEN.sub(_join_letter, clean_text(text).lower())
    tokens: list[str] = []
    for cjk, run in groupby(text, key=has_cjk):
        piece = "".join(run)
        tokens += _chinese(piece) if cjk else _english(piece)
    return tokens


def _join_letter(match: re.Match[str]) -> str:
    letter = match.group(1)
    return match.group(0) if letter in _LETTERS_KEPT else letter


def _english(text: str) -> list[str]:
    stop, stemmer = _english_tools()
    return list(stemmer.stemWords([word for word in _WORD.findall(text) if word not in stop]))


def _chinese(text: str) -> list[str]:
    """Words and the shorter words inside them, so that a query for a part finds the whole."""
    import rjieba

    return [word for word in rjieba.cut_for_search(text) if word.strip()]


@cache
def _english_tools() -> tuple[frozenset[str], Any]:
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN), Stemmer.Stemmer("english")
