"""The knowledge base of a made-up shop: topics in English and Chinese, how people ask for them, and what nobody can answer."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LOCALES = ("en", "zh")


@dataclass(frozen=True)
class Entry:
    """One topic in one language.

    Attributes:
        topic: id, the same in all languages.
        category: of the topic.
        locale: one of LOCALES.
        title, answer: what is shown.
        asked: questions that it answers, none of them in the title's words.
    """

    topic: str
    category: str
    locale: str
    title: str
    answer: str
    asked: tuple[str, ...]

    @property
    def entry_id(self) -> str:
        """Its product_id in the dataset."""
        return f"{self.topic}-{self.locale}"


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, topic by topic."""
    found = []
    for name in ("topics_buying.toml", "topics_after.toml"):
        for topic in tomllib.loads(_text(name))["topic"]:
            for locale in LOCALES:
                title, answer, *asked = topic[locale]
                found.append(Entry(topic["id"], topic["category"], locale, title, answer, tuple(asked)))
    return tuple(found)


@cache
def unanswered() -> tuple[tuple[str, str, str], ...]:
    """(kind, locale, question) of what no entry answers; kind is ``near`` where a shop could be asked it, else ``far``."""
    tables = tomllib.loads(_text("unanswered.toml"))
    return tuple((kind, locale, question) for kind in tables for locale in LOCALES for question in _questions(tables, kind, locale))


def _questions(tables: dict[str, dict[str, Sequence[str]]], kind: str, locale: str) -> Sequence[str]:
    return tables[kind][locale]


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
