"""The fashion benchmark in Chinese, by rule: queries worded from their tuple, titles translated word by word.

What a shopper asks for is worded from the tuple, as the English texts are. A title is translated from its own words only, the
longest known phrase first; a word that the glossary lacks (brands, model names) stays in Latin letters, as in Chinese shops. The
rule folds singular and plural, so different English titles may become one Chinese title.
"""

from __future__ import annotations

import re
import zlib
from functools import cache

from fuserank.data.importers import fashion_glossary as glossary
from fuserank.data.importers.source_tables import Row
from fuserank.errors import SchemaError

# Word orders of Chinese shoppers; the query's id chooses one.
_ORDERS = (
    "{gender}{usage}{colour}{type}",
    "{usage}{colour}{type} {short}",
    "{usage}{type} {colour} {gender}",
    "{short}{colour}{usage}{type}",
)
_SHORT_GENDERS = {"Men": "男款", "Women": "女款", "Boys": "男童款", "Girls": "女童款", "Unisex": "中性"}
_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_SPACE_BETWEEN_CHINESE = re.compile(r"(?<=[一-鿿]) +(?=[一-鿿]|T恤)")


def chinese_query(query: Row) -> str:
    """A query tuple as a Chinese shopper would type it, for example ``男士海军蓝衬衫`` or ``红色运动鞋 女款``.

    Args:
        query: query_id, gender, baseColour, usage, articleType; "" asks for nothing.

    Raises:
        SchemaError: a value that the glossary lacks.
    """
    kind = _word(glossary.TYPES, "articleType", query)
    usage = _word(glossary.USAGES, "usage", query)
    order = _ORDERS[zlib.crc32(query["query_id"].encode()) % len(_ORDERS)]
    worded = order.format(
        gender=_word(glossary.GENDERS, "gender", query),
        short=_word(_SHORT_GENDERS, "gender", query),
        colour=_word(glossary.COLOURS, "baseColour", query),
        usage="" if kind.startswith(usage) else usage,  # nobody says casual casual shoes
        type=kind,
    )
    return " ".join(worded.split())


def chinese_title(title: str) -> tuple[str, int, int]:
    """A title with its known words in Chinese.

    Returns:
        The title, how many of its words were translated, how many it has.
    """
    translated = 0

    def translate(match: re.Match[str]) -> str:
        nonlocal translated
        phrase = match.group("phrase")
        chinese = _phrases().get(_key(phrase))
        if chinese is None:  # a name
            return match.group(0)
        translated += len(_WORD.findall(phrase.replace("-", " ")))
        return chinese

    text = _phrase_pattern().sub(translate, title)
    return _SPACE_BETWEEN_CHINESE.sub("", text), translated, len(_WORD.findall(title.replace("-", " ")))


def _word(table: dict[str, str], column: str, query: Row) -> str:
    value = query[column]
    if value and value not in table:
        raise SchemaError(
            f"query {query['query_id']!r}: {column} {value!r} has no Chinese word",
            allowed=", ".join(sorted(table)),
            todo="add the word to fashion_glossary.py, or import with --locale en",
        )
    return table[value] if value else ""


def _key(phrase: str) -> str:
    return " ".join(phrase.lower().replace("-", " ").split())


@cache
def _phrases() -> dict[str, str]:
    """Phrase in lower case -> Chinese."""
    named = (glossary.COLOURS, glossary.GENDERS, glossary.USAGES, glossary.TYPES)
    of_titles = (glossary.TITLE_COLOURS, glossary.TITLE_GENDERS, glossary.TITLE_TYPES, glossary.TITLE_LOOKS)
    return {key.lower(): chinese for table in (*named, *of_titles) for key, chinese in table.items()}


@cache
def _phrase_pattern() -> re.Pattern[str]:
    """Every phrase and every name, the longest first, as whole words with or without a possessive s."""
    longest_first = sorted({*_phrases(), *glossary.NAMES}, key=lambda phrase: (-len(phrase), phrase))
    alternatives = "|".join(re.escape(phrase).replace(r"\ ", r"[\s-]+") for phrase in longest_first)
    return re.compile(rf"(?<!\w)(?P<phrase>{alternatives})(?:['’]s)?(?!\w)", re.IGNORECASE)
