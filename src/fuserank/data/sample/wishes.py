"""What the shoppers of the sample shop wish for: a product type and one or two constraints.

Grades follow from the truth of a product: 3 = type and every constraint holds; 2 = type and all but one of at least two hold;
1 = the type, or a sibling of its category that meets every constraint; 0 = anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cross

import numpy as np

from fuserank.data.sample.goods import Truth
from fuserank.data.sample.vocabulary import BRANDS, COLOURS, PATTERNS, TONES, Kind

# What each flavour of query may constrain.
FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "text": (
        ("pattern",),
        ("colour",),
        ("colour", "pattern"),
        ("tone",),
        ("cheap",),
        ("use",),
        ("rated",),
        ("cheap", "pattern"),
        ("material",),
        ("cheap", "colour"),
        ("colour", "use"),
        ("cheap", "tone"),
        ("rated", "tone"),
    ),
    "picture": (("colour", "pattern"),),
    "sound": (("tone",),),
    "personal": (("colour",), ("pattern",), ("brand",)),
}
FLAVOUR_SHARES = {"sound": 10, "personal": 15, "picture": 15, "text": 60}  # per cent of the queries


@dataclass(frozen=True)
class Wish:
    """One information need; all its wordings form one group.

    Attributes:
        flavour: a key of FORMS.
        type: the product type.
        category: the type's category.
        constraints: (attribute, value), sorted.
    """

    flavour: str
    type: str
    category: str
    constraints: tuple[tuple[str, str], ...]

    @property
    def group(self) -> str:
        """The constraint tuple as text. A personal wish's tuple is known only through the shopper's history, hence its own mark."""
        mark = "for-me;" if self.flavour == "personal" else ""
        return mark + ";".join(f"{key}={value}" for key, value in (("type", self.type), *self.constraints))

    def grade(self, truth: Truth) -> int:
        """Grade 0..3 of a product."""
        held = sum(truth.get(key) == value for key, value in self.constraints)
        if truth["type"] == self.type:
            missed = len(self.constraints) - held
            return 3 if missed == 0 else 2 if missed == 1 and held else 1
        return int(truth["category"] == self.category and held == len(self.constraints))


def all_wishes(flavour: str, kinds: Mapping[str, Kind], rng: np.random.Generator) -> list[Wish]:
    """Every wish of a flavour, shuffled within each form and dealt out form by form, so that no form crowds out another."""
    piles: list[tuple[int, int, Wish]] = []
    for number, form in enumerate(FORMS[flavour]):
        pile = list(_of_form(flavour, form, kinds))
        piles += [(place, number, pile[i]) for place, i in enumerate(rng.permutation(len(pile)))]
    return [wish for *_, wish in sorted(piles, key=lambda entry: entry[:2])]


def _of_form(flavour: str, form: tuple[str, ...], kinds: Mapping[str, Kind]) -> Iterator[Wish]:
    for name, kind in kinds.items():
        values: dict[str, Sequence[str]] = {
            "colour": list(COLOURS),
            "pattern": list(PATTERNS),
            "tone": list(TONES) if kind.rhythm else [],
            "brand": BRANDS,
            "material": kind.materials,
            "use": kind.uses,
            "cheap": ["yes"],
            "rated": ["yes"],
        }
        for choice in cross(*(values[key] for key in form)):
            yield Wish(flavour, name, kind.category, tuple(zip(form, choice, strict=True)))


def choose_wishes(
    truths: Mapping[str, Sequence[Truth]],
    counts: Mapping[str, int],
    kinds: Mapping[str, Kind],
    rng: np.random.Generator,
    *,
    least: int,
) -> Iterator[tuple[str, Wish, int]]:
    """Deal wishes out to the splits.

    Args:
        truths: split -> truths of its products.
        counts: split -> how many queries it gets; the smallest split chooses first.
        kinds: the range.
        rng: of the shuffles and of how many wordings a wish gets.
        least: grade-3 products that a wish must have on its side; lowered, down to 1, where a side is too small for it.

    Yields:
        (split, wish, number of wordings); no group twice. Fewer than asked when the shop is too small.
    """
    pool = {flavour: all_wishes(flavour, kinds, rng) for flavour in FLAVOUR_SHARES}
    used: set[str] = set()
    for split in sorted(counts, key=lambda name: (counts[name], name)):
        left = counts[split]
        for flavour, share in FLAVOUR_SHARES.items():
            quota = left if flavour == "text" else min(left, (counts[split] * share + 50) // 100)
            for wish in _eligible(pool[flavour], truths[split], used, least):
                if not quota:
                    break
                wordings = min(quota, 2 if flavour == "sound" or rng.random() < 0.45 else 1)
                used.add(wish.group)
                yield split, wish, wordings
                quota, left = quota - wordings, left - wordings


def _eligible(pool: Sequence[Wish], truths: Sequence[Truth], used: set[str], least: int) -> Iterator[Wish]:
    """Unused wishes with enough grade-3 products, those with `least` of them first."""
    best = [(wish, sum(wish.grade(truth) == 3 for truth in truths)) for wish in pool]
    for bar in range(least, 0, -1):
        yield from (wish for wish, full in best if wish.group not in used and (full >= bar if bar == least else full == bar))
