"""Text as every encoder sees it: mojibake repaired, one Unicode form, no control characters, single spaces, bounded length."""

from __future__ import annotations

import re
import unicodedata

import ftfy

MAX_CHARACTERS = 2000
_SPACE = re.compile(r"\s+")
# Han with its extensions, kana, bopomofo and hangul: scripts written without spaces, or that the English encoder cannot read.
_CJK = re.compile(r"[ᄀ-ᇿ぀-ヿ㄀-ㄯ㐀-䶿一-鿿가-힯豈-﫿\U00020000-\U0003134f]")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control, format, surrogate, private use, unassigned
_CONFIG = ftfy.TextFixerConfig(unescape_html=True, normalization="NFKC")


def clean_text(text: str, max_characters: int = MAX_CHARACTERS) -> str:
    """`text` repaired (ftfy), in NFKC, without control or format characters, white space folded, at most `max_characters` long.

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
    text = unicodedata.normalize("NFKC", ftfy.fix_text(text, _CONFIG))
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNPRINTABLE)
    return unicodedata.normalize("NFKC", _SPACE.sub(" ", "".join(kept)).strip()[:max_characters].rstrip())
