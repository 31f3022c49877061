"""Text as every encoder sees it: mojibake repaired, one Unicode form, one Chinese script, no control characters, bounded length."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import ftfy

MAX_CHARACTERS = 2000
_SPACE = re.compile(r"\s+")
# Han with its extensions, kana, bopomofo and hangul: scripts written without spaces, or that the English encoder cannot read.
CJK = r"[ᄀ-ᇿ぀-ヿ㄀-ㄯ㐀-䶿一-鿿가-힯豈-﫿\U00020000-\U0003134f]"
_CJK = re.compile(CJK)
_NOT_CHINESE = re.compile(r"[ᄀ-ᇿ぀-ヿ가-힯]")  # kana and hangul: the Han characters beside them are no Chinese
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control, format, surrogate, private use, unassigned
_CONFIG = ftfy.TextFixerConfig(unescape_html=True, normalization="NFKC")


def clean_text(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """`text` repaired (ftfy), in NFKC, without control or format characters, white space folded, at most `max_characters` long.

    Traditional Chinese becomes simplified (OpenCC), so that the two meet; the segmenter and the encoders read simplified better.
    Cleaning twice changes nothing, so a hash of cleaned text is a stable key.
    """
    text = text[: 4 * max_characters]
    if text.isascii() and text.isprintable() and "&" not in text:  # nothing to repair, as in most titles: eight times faster
        return _SPACE.sub(" ", text).strip()[:max_characters].rstrip()
    for _ in range(4):  # a repair may uncover another one (HTML escaped twice): repeat until nothing changes
        fixed = _clean_once(text, max_characters)
        if fixed == text:
            break
        text = fixed
    return text


def has_cjk(text: str) -> bool:
    """True when any character is Chinese, Japanese or Korean."""
    return _CJK.search(text) is not None


def _clean_once(text: str, max_characters: int) -> str:
    text = _simplified(unicodedata.normalize("NFKC", ftfy.fix_text(text, _CONFIG)))
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNPRINTABLE)
    return unicodedata.normalize("NFKC", _SPACE.sub(" ", "".join(kept)).strip()[:max_characters].rstrip())


def _simplified(text: str) -> str:
    """Traditional characters as simplified ones, by phrase; text with kana or hangul as it is."""
    return _traditional_to_simplified().convert(text) if has_cjk(text) and not _NOT_CHINESE.search(text) else text


@cache
def _traditional_to_simplified() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
