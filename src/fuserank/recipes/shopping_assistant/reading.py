"""What one turn says: a command, constraints, a price, and the thing that is looked for. Nothing of it depends on earlier turns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fuserank.encoders.text_cleaning import clean_text, has_cjk
from fuserank.recipes.shopping_assistant.vocabulary import Vocabulary, cut, vocabulary

WORD = "word"  # the facet of a detail that no table knows: "with pockets"
_CURRENCY, _MONEY = r"[$€£¥]?\s*", r"(\d{1,9}(?:\.\d{1,4})?)"
_UNIT = r"(?:\s*(?:元|块钱|块|美元|欧元|euros?|dollars?|pounds?|yuan|usd|eur))?"
_RANGES: tuple[tuple[str, str], ...] = (  # pattern, which bounds its groups are: l(ow), h(igh)
    (rf"(?:between|from)\s+{_CURRENCY}{_MONEY}{_UNIT}\s+(?:and|to)\s+{_CURRENCY}{_MONEY}{_UNIT}", "lh"),
    (rf"{_CURRENCY}{_MONEY}\s*(?:-|–|到|至|~)\s*{_CURRENCY}{_MONEY}{_UNIT}(?:之间)?", "lh"),
    (rf"(?:under|below|less than|up to|at most|no more than|cheaper than|max(?:imum)?)\s+{_CURRENCY}{_MONEY}{_UNIT}", "h"),
    (rf"(?:over|above|more than|at least|no less than|min(?:imum)?)\s+{_CURRENCY}{_MONEY}{_UNIT}", "l"),
    (rf"(?:不超过|不高于|低于|少于|最多)\s*{_CURRENCY}{_MONEY}{_UNIT}", "h"),
    (rf"(?:不低于|高于|超过|至少)\s*{_CURRENCY}{_MONEY}{_UNIT}", "l"),
    (rf"{_CURRENCY}{_MONEY}{_UNIT}\s*(?:以下|以内|之内)", "h"),
    (rf"{_CURRENCY}{_MONEY}{_UNIT}\s*以上", "l"),
)
_NO_EN = r"(?:\bnot|\bno|\bwithout|\bexcept|\banything but)\s+(?:in\s+|a\s+|an\s+|any\s+)?"
_NO_ZH = r"(?:不要|不是|不想要|除了|别要)"
_ANY_EN = r"\b(?:any|whatever|no matter(?: the| which)?)\s+{0}\b|\b(?:the\s+)?{0}\s+(?:does not|doesn't)\s+matter\b"
_ANY_ZH = r"{0}(?:无所谓|不限|随便|都可以|都行)|什么{0}都(?:行|可以)|不限{0}"
_DETAIL_EN = re.compile(r"\b(with|having|without)\s+((?:[^\W\d_]+[ -]?){1,3})", re.IGNORECASE)
_DETAIL_ZH = re.compile(r"(不带|不要|没有|带|配)([一-鿿]{1,6})")
_NEGATIVE = ("without", "不带", "不要", "没有")


@dataclass(frozen=True)
class Said:
    """One turn, read.

    Attributes:
        text: cleaned.
        chinese: it is written in Chinese.
        command: ``restart``, ``refuse``, ``more`` or ``back``; "" for none.
        topic: the thing that is looked for; "" when the turn names none.
        wanted, unwanted: (facet, value), in the order of words.toml; details have the facet ``word``.
        anything: facets that no longer matter; ``price`` among them.
        compared: ``cheaper``, ``much_cheaper`` or ``dearer``; "" for none.
        low, high: bounds of the price, inclusive.
    """

    text: str
    chinese: bool = False
    command: str = ""
    topic: str = ""
    wanted: tuple[tuple[str, str], ...] = ()
    unwanted: tuple[tuple[str, str], ...] = ()
    anything: tuple[str, ...] = ()
    compared: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def empty(self) -> bool:
        """Nothing of it was understood."""
        content = (self.command, self.topic, self.wanted, self.unwanted, self.anything, self.compared)
        return not any(content) and self.low is None and self.high is None


@dataclass
class _Rest:
    """The text that is not understood yet."""

    text: str
    words: Vocabulary = field(default_factory=vocabulary)

    def phrase(self, table: str) -> str:
        """Name of the first entry of a table that has a phrase in the text; the phrase is cut out."""
        for name, phrases in getattr(self.words, table).items():
            for phrase in sorted(phrases, key=len, reverse=True):
                self.text, had = cut(phrase, self.text)
                if had:
                    return str(name)
        return ""

    def matched(self, pattern: str) -> re.Match[str] | None:
        """The first match of a pattern, which is cut out."""
        match = re.search(pattern, self.text, re.IGNORECASE)
        if match:
            self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"
        return match


def read(text: str) -> Said:
    """Read a turn. Any text is read; what is not understood becomes the topic, for the ranker knows more words than the tables.

    Args:
        text: as typed, or as heard.
    """
    clean = clean_text(text)
    rest = _Rest(clean)
    low, high = _prices(rest)
    anything = tuple(facet for facet, names in rest.words.names.items() if any(_anything(rest, name) for name in names))
    command, compared = rest.phrase("commands"), rest.phrase("prices")
    wanted, unwanted = _facets(rest)
    more_wanted, more_unwanted = _details(rest)
    return Said(
        clean,
        has_cjk(clean),
        command,
        _topic(rest),
        (*wanted, *more_wanted),
        (*unwanted, *more_unwanted),
        anything,
        compared,
        low,
        high,
    )


def _prices(rest: _Rest) -> tuple[float | None, float | None]:
    for pattern, bounds in _RANGES:
        match = rest.matched(pattern)
        if match:
            values = dict(zip(bounds, map(float, match.groups()), strict=True))
            low, high = values.get("l"), values.get("h")
            return (high, low) if low is not None and high is not None and low > high else (low, high)
    return None, None


def _anything(rest: _Rest, name: str) -> bool:
    return rest.matched((_ANY_ZH if has_cjk(name) else _ANY_EN).format(re.escape(name))) is not None


def _facets(rest: _Rest) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Values of the tables, wanted and unwanted."""
    wanted: list[tuple[str, str]] = []
    unwanted: list[tuple[str, str]] = []
    for word, facet, value in rest.words.values():
        chinese = has_cjk(word)
        plural = "" if chinese else r"(?:s|es)?\b"
        if rest.matched(f"{_NO_ZH if chinese else _NO_EN}{re.escape(word)}{plural}"):
            unwanted.append((facet, value))
        rest.text, had = cut(word, rest.text)
        if had and (facet, value) not in wanted:
            wanted.append((facet, value))
    order = [(facet, value) for facet, values in rest.words.facets.items() for value in values]
    return sorted(wanted, key=order.index), sorted(set(unwanted), key=order.index)


def _details(rest: _Rest) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What stands behind "with" or 带 and is in no table."""
    sides: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for pattern in (_DETAIL_EN, _DETAIL_ZH):
        for match in pattern.finditer(rest.text):
            detail = _without_fillers(match[2], rest.words)
            if detail:
                sides[match[1].casefold() in _NEGATIVE].append((WORD, detail))
                rest.text = rest.text.replace(match[0], " ")
    return sides


def _topic(rest: _Rest) -> str:
    return _without_fillers(rest.text, rest.words)


def _without_fillers(text: str, words: Vocabulary) -> str:
    for filler in words.fillers:
        text, _ = cut(filler, text) if has_cjk(filler) else (text, False)
    fillers = {filler for filler in words.fillers if not has_cjk(filler)}
    kept = [token for token in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text) if token.casefold() not in fillers]
    return " ".join(kept)
