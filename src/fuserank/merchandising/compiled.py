"""Rules made ready: those that hold for a request are found by lookups, however many there are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fuserank.merchandising.rules import Rule, Synonym
from fuserank.merchandising.words import find, tokens

REMEMBERED = 256  # stretches of time and locales

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Asked:
    """What of a request rules look at.

    Attributes:
        text: the query's words, typed or heard.
        categories: that its filters ask for.
    """

    text: str
    locale: str = ""
    categories: tuple[str, ...] = ()


class Compiled:
    """Rules as lookups.

    Args:
        rules: checked ones, in the order in which they win.
        version: hex sha256 of the file they came from.
    """

    def __init__(self, rules: Sequence[Rule], version: str) -> None:
        self.rules, self.version = tuple(rules), version
        self._spans = [rule.span for rule in self.rules]
        self._bounds = sorted({moment for span in self._spans for moment in span})
        self._exact: dict[tuple[str, ...], list[int]] = {}
        self._contains: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._any = [n for n, rule in enumerate(self.rules) if not (rule.query.exact or rule.query.contains)]
        self._any_at: dict[tuple[int, str], list[int]] = {}
        for number, rule in enumerate(self.rules):
            for text in rule.query.exact:
                self._exact.setdefault(tokens(text), []).append(number)
            for text in rule.query.contains:
                phrase = tokens(text)
                self._contains.setdefault(phrase[0], []).append((phrase, number))

    def holding(self, asked: Asked, now: datetime) -> list[Rule]:
        """The rules that hold for a request at a moment, in the order of the file."""
        words, moment = tokens(asked.text), now.timestamp()
        numbers = {*self._exact.get(words, ()), *self._containing(words), *self._always(moment, asked.locale)}
        held = (n for n in sorted(numbers) if self._spans[n][0] <= moment < self._spans[n][1])
        return [self.rules[n] for n in held if _fits(self.rules[n], asked)]

    def rewritten(self, text: str, held: Iterable[Rule]) -> tuple[str, list[str]]:
        """The text that is looked up, after the synonyms among the rules that hold, and their names; none sees another's words."""
        said, names, added = text, [], []
        for rule in held:
            if isinstance(rule, Synonym):
                names.append(rule.name)
                if rule.add is not None:
                    added.append(rule.add)
                else:
                    said = _replaced(said, rule)
        return " ".join([said, *added]), names

    def _containing(self, words: tuple[str, ...]) -> set[int]:
        return {number for word in set(words) for phrase, number in self._contains.get(word, ()) if find(phrase, words) >= 0}

    def _always(self, moment: float, locale: str) -> list[int]:
        """Rules for any query that hold at a moment in a locale: found once for each stretch between two dates."""
        if not self._any:
            return self._any
        key = bisect_right(self._bounds, moment), locale
        found = self._any_at.get(key)
        if found is None:
            if len(self._any_at) >= REMEMBERED:
                self._any_at.clear()  # locales come from outside: they must not fill the memory
            wanted = ((n, self.rules[n].locale) for n in self._any if self._spans[n][0] <= moment < self._spans[n][1])
            found = [n for n, own in wanted if own is None or _below(locale, own, "-_")]
            self._any_at[key] = found
        return found


def _fits(rule: Rule, asked: Asked) -> bool:
    """Whether locale and category are the rule's: `en` holds for `en-GB`, `Home` for `Home > Kitchen`."""
    if rule.locale is not None and not _below(asked.locale, rule.locale, "-_"):
        return False
    return rule.category is None or any(_below(category, rule.category, ">/") for category in asked.categories)


def _below(given: str, above: str, separators: str) -> bool:
    given, above = given.strip().casefold(), above.strip().casefold()
    return given == above or (given.startswith(above) and given[len(above) :].lstrip()[:1] in tuple(separators))


def _replaced(text: str, rule: Synonym) -> str:
    """The text with the first phrase of the rule replaced, or all of it where the rule names the whole query."""
    assert rule.replace is not None
    words = tokens(text)
    for said in rule.query.contains:
        phrase = tokens(said)
        at = find(phrase, words)
        if at >= 0:
            return " ".join([*words[:at], rule.replace, *words[at + len(phrase) :]])
    return rule.replace if words in {tokens(said) for said in rule.query.exact} else text
