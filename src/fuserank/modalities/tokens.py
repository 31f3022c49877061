"""Words for the lexical index: English stemmed, Chinese segmented, mixed text run by run of script.

A Chinese run gives its words and its characters. Characters find what segmentation hides (the shoe in 运动鞋, a word cut in two
ways); words say which characters belong together. Both together find more than either alone (Nie, Gao, Zhang and Zhou, 2000, "On
the Use of Words and N-grams for Chinese Information Retrieval").
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from fuserank.encoders.text_cleaning import CJK, clean_text, has_cjk

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# "t-shirt" and "v-neck" are one word for shoppers: T-shirt, Tshirt and t shirt should meet.
_LETTER_HYPHEN = re.compile(r"(?<![\w'])([a-z])[- ](?=[a-z]{3})")
_LETTERS_KEPT = frozenset("ai")
# A run of Chinese with the single letters that touch it: T恤, A字裙 and 维生素C are words.
_CHINESE_RUN = re.compile(rf"((?:(?<![a-z\d'])[a-z])?{CJK}(?:{CJK}|[a-z](?![a-z\d]))*)")
# Function words, as the English list has them; without 不 and 无, which tell 无袖 from 有袖.
_CHINESE_STOP = frozenset("的了着吗呢吧啊和与及或而但在于是这那之为被")


def tokenize(text: str) -> list[str]:
    """Tokens of a text, with repeats; stop words are left out. In order, but a Chinese run's characters follow all its words."""
    text = _LETTER_HYPHEN.sub(_join_letter, clean_text(text).lower())
    if not has_cjk(text):
        return _english(text)
    tokens: list[str] = []
    for index, piece in enumerate(_CHINESE_RUN.split(text)):  # every second piece is a run of Chinese
        tokens += _chinese(piece) if index % 2 else _english(piece)
    return tokens


def _join_letter(match: re.Match[str]) -> str:
    letter = match.group(1)
    return match.group(0) if letter in _LETTERS_KEPT else letter


def _english(text: str) -> list[str]:
    stop, stemmer = _english_tools()
    return list(stemmer.stemWords([word for word in _WORD.findall(text) if word not in stop]))


def _chinese(run: str) -> list[str]:
    """Words of two and more characters, with the shorter words inside them, then every character."""
    import rjieba

    # The dictionary has its letters in upper case.
    words = [word.lower() for word in rjieba.cut_for_search(run.upper()) if len(word) > 1]
    return words + [character for character in run if character.isalnum() and character not in _CHINESE_STOP]


@cache
def _english_tools() -> tuple[frozenset[str], Any]:
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN), Stemmer.Stemmer("english")
