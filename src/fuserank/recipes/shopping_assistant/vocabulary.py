"""The words that an assistant understands (words.toml), and where a text has one of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fuserank.encoders.text_cleaning import has_cjk


@dataclass(frozen=True)
class Vocabulary:
    """What words.toml holds.

    Attributes:
        facets: facet -> value -> its words, the first of each language being the one that is asked for.
        names: what a facet, or the price, is called.
        commands: command -> its phrases.
        prices: comparative -> its phrases.
        fillers: words that say nothing of a product, English and Chinese.
    """

    facets: Mapping[str, Mapping[str, Sequence[str]]]
    names: Mapping[str, Sequence[str]]
    commands: Mapping[str, Sequence[str]]
    prices: Mapping[str, Sequence[str]]
    fillers: Sequence[str]

    def values(self) -> Iterator[tuple[str, str, str]]:
        """(word, facet, value) of all facets, the longest word first, so that "polka dot" is not read as "dot"."""
        found = [(word, facet, value) for facet, values in self.facets.items() for value, words in values.items() for word in words]
        return iter(sorted(found, key=lambda entry: -len(entry[0])))

    def words_of(self, facet: str, value: str) -> tuple[str, ...]:
        """All words of a value; a word that is in no table is its own only word (`facet` is then ``word``)."""
        return tuple(self.facets.get(facet, {}).get(value, (value,)))

    def asked_as(self, facet: str, value: str, chinese: bool) -> str:
        """The word that a value is asked for with; of a language without one, the other's."""
        words = self.words_of(facet, value)
        return next((word for word in words if has_cjk(word) == chinese), words[0])


@cache
def vocabulary() -> Vocabulary:
    """words.toml, read once."""
    read = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    fillers = [word for words in read["fillers"].values() for word in sorted(words, key=len, reverse=True)]
    return Vocabulary(read["facets"], read["names"], read["commands"], read["prices"], fillers)


def found(word: str, text: str) -> str | None:
    """The word as it stands in a text, in any case and as a plural; None when it is not in it.

    English words stand between other characters than letters and digits; Chinese is written without spaces.
    """
    match = _pattern(word).search(text)
    return match[0] if match else None


def cut(word: str, text: str) -> tuple[str, bool]:
    """The text with a space in place of a word, everywhere; and whether it had it."""
    shorter, times = _pattern(word).subn(" ", text)
    return shorter, bool(times)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    if has_cjk(word):
        return re.compile(re.escape(word))
    stem = re.escape(_singular(word.casefold()))
    return re.compile(rf"(?<![^\W_])(?:{re.escape(word)}|{stem}(?:s|es)?)(?![^\W_])", re.IGNORECASE)


def _singular(word: str) -> str:
    """A plural without its ending, where what is left is a word of three letters or more: dresses, mugs; not glass, not gas."""
    for ending, kept in (("sses", 2), ("shes", 2), ("ches", 2), ("xes", 2), ("s", 1)):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - kept >= 3:
            return word[:-kept]
    return word
