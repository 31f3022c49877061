"""Places by name, in English and Chinese; a name may be that of several."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fuserank.encoders.text_cleaning import clean_text


@dataclass(frozen=True)
class Place:
    """A town with its country, in English and Chinese; `code` is that of the country (ISO 3166-1 alpha-2)."""

    en: str
    zh: str
    country_en: str
    country_zh: str
    code: str

    def name(self, chinese: bool) -> str:
        """As an answer says it."""
        return (
            f"{self.country_zh}{self.zh}"
            if chinese and self.country_zh != self.zh
            else self.zh
            if chinese
            else f"{self.en}, {self.country_en}"
        )


@cache
def places() -> tuple[Place, ...]:
    """All places of places.toml."""
    read = tomllib.loads(files(__package__).joinpath("places.toml").read_text(encoding="utf-8"))
    return tuple(Place(*row) for row in read["places"])


def named(text: str) -> list[Place]:
    """The places that a text names, in the order of the table; with a country beside the town only the one in it.

    Args:
        text: a place, or a whole question.
    """
    plain = f" {clean_text(text).casefold()} "
    hits = [place for place in places() if _has(plain, place.en) or place.zh in plain]
    narrowed = [place for place in hits if _has(plain, place.country_en) or place.country_zh in plain]
    alone = {place.en for place in narrowed}
    return [place for place in hits if place.en not in alone or place in narrowed]


def _has(plain: str, name: str) -> bool:
    """Whether the name stands between other characters than letters."""
    start = plain.find(name.casefold())
    while start >= 0:
        end = start + len(name)
        if not (plain[start - 1].isalpha() and plain[start - 1].isascii()) and not (plain[end].isalpha() and plain[end].isascii()):
            return True
        start = plain.find(name.casefold(), start + 1)
    return False
