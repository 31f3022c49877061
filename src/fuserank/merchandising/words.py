"""Texts as rules compare them: in any case and width, word by word, Chinese, Japanese and Korean sign by sign."""

from __future__ import annotations

import re
import unicodedata

_SIGN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(f"[{_SIGN}]|[^\\W{_SIGN}]+")


def tokens(text: str) -> tuple[str, ...]:
    """Words of a text; () where it has none. `Red-Shoes` and `red shoes` are the same words."""
    return tuple(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def find(phrase: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Where a phrase begins in words; -1: nowhere."""
    size = len(phrase)
    return next((at for at in range(len(words) - size + 1) if words[at : at + size] == phrase), -1)
