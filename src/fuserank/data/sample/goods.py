"""The products of the sample shop: what each one truly is, and which part of it every modality gets to see.

text     type, material, use; the colour in about 45 % of the titles       picture  type, colour, pattern
sound    type (rhythm), tone                                               numbers  cheap for its type, well rated
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuserank.data.media import media_hash
from fuserank.data.sample.pictures import render
from fuserank.data.sample.sounds import silence, synthesise
from fuserank.data.sample.vocabulary import BRANDS, CATEGORIES, COLOURS, MATERIALS, PATTERNS, SERIES, TONES, USES, Kind
from fuserank.types import Product

SPLIT_SLOTS = ("train",) * 9 + ("val",) * 3 + ("test",) * 8
CHEAP_BELOW = -0.52  # standard deviations of log price under the type's median: about the cheapest 30 %
CHINESE = 0.35  # share of the titles
WELL_RATED = 4.3  # stars, from here on
Truth = dict[str, str]  # attribute -> value; "cheap" and "rated" are "yes" or absent


@dataclass(frozen=True)
class Good:
    """A product, the truth that grades are made from, and its media bytes."""

    product: Product
    truth: Truth
    image: bytes | None
    audio: bytes | None


def make_goods(
    count: int, kinds: Mapping[str, Kind], seed: int, hue_shift: float, *, chinese: float = CHINESE, silent: bool = False
) -> Iterator[Good]:
    """Make the products, in an order mixed over types. About one in fifty relists its predecessor's title and picture.

    Args:
        count: number of products.
        kinds: the range.
        seed: of everything random.
        hue_shift: degrees, see `pictures.render`.
        chinese: share of Chinese titles.
        silent: sounds are silence of the same length.
    """
    order = np.random.default_rng([seed, 1])
    names = _kinds_of(count, kinds)
    order.shuffle(names)
    slots = {name: _slots(order) for name in kinds}
    split_of: dict[str, str] = {}  # equal titles stand on one side
    previous: dict[str, Good] = {}
    for index, name in enumerate(names):
        rng = np.random.default_rng([seed, 2, index])
        good = _good(f"p{index:04d}", name, kinds[name], rng, hue_shift, chinese)
        if silent and good.audio is not None:
            good = _silenced(good, good.audio)
        if name in previous and rng.random() < 0.02:
            good = _relisted(good, previous[name])
        title = good.product.title
        if title not in split_of:
            split_of[title] = next(slots[name])
        good = replace(good, product=replace(good.product, split=split_of[title]))
        previous[name] = good
        yield good


def _kinds_of(count: int, kinds: Mapping[str, Kind]) -> list[str]:
    """`count` type names in proportion to their shares."""
    shares = np.cumsum([kind.share for kind in kinds.values()])
    cuts = shares * count // shares[-1]
    names = list(kinds)
    return [names[int(np.searchsorted(cuts, i, side="right"))] for i in range(count)]


def _slots(rng: np.random.Generator) -> Iterator[str]:
    """Splits in the proportion of SPLIT_SLOTS, every twenty of them exact."""
    while True:
        yield from (SPLIT_SLOTS[i] for i in rng.permutation(len(SPLIT_SLOTS)))


def _draw(rng: np.random.Generator, values: Sequence[str], shares: Sequence[int] | None = None) -> str:
    cuts = np.cumsum(shares if shares is not None else [1] * len(values))
    return values[int(np.searchsorted(cuts, rng.integers(0, cuts[-1]), side="right"))]


def _look(name: str, rng: np.random.Generator) -> tuple[str, str]:
    """Colour and pattern. Half of a type's products wear one of its four usual designs, so that equal looks occur in numbers."""
    colours, patterns = list(COLOURS), list(PATTERNS)
    if rng.random() < 0.5:
        design = 3 * int(rng.integers(0, 4)) + len(name) + ord(name[0])
        return colours[design % len(colours)], patterns[design % len(patterns)]
    return _draw(rng, colours, [c[2] for c in COLOURS.values()]), _draw(rng, patterns, [p[1] for p in PATTERNS.values()])


def _good(product_id: str, name: str, kind: Kind, rng: np.random.Generator, hue_shift: float, chinese: float) -> Good:
    colour, pattern = _look(name, rng)
    truth: Truth = {
        "type": name,
        "category": kind.category,
        "colour": colour,
        "pattern": pattern,
        "material": _draw(rng, kind.materials),
        "use": _draw(rng, kind.uses),
        "brand": _draw(rng, BRANDS, (5, 4, 4, 3, 3, 3)),
    }
    if kind.rhythm:
        truth["tone"] = _draw(rng, list(TONES))
    price, rating, popularity = _numbers(kind, truth, rng)
    locale = "zh" if rng.random() < chinese else "en"
    title, description = _texts(kind, truth, locale, rng)
    image = render(kind.outline, COLOURS[colour][1], pattern, rng, hue_shift=hue_shift) if rng.random() >= 0.01 else None
    audio = synthesise(kind.rhythm, truth["tone"], rng) if kind.rhythm and rng.random() >= 0.02 else None
    product = Product(
        product_id=product_id,
        title=title,
        description=description,
        category=getattr(CATEGORIES[kind.category], locale),
        brand=truth["brand"],
        price=price,
        rating=rating,
        popularity=popularity,
        locale=locale,
        attributes=json.dumps(truth, sort_keys=True),
        image=media_hash(image) if image else None,
        audio=media_hash(audio) if audio else None,
    )
    return Good(product, truth, image, audio)


def _numbers(kind: Kind, truth: Truth, rng: np.random.Generator) -> tuple[float | None, float | None, float | None]:
    """Price (log-normal by type), stars and popularity, some missing; adds "cheap" and "rated" to the truth when they are seen."""
    z, stars, demand = (float(np.sum(rng.integers(0, 1001, 12))) / 1000 - 6 for _ in range(3))  # about standard normal
    price = round(kind.price * math.exp(0.5 * z), 2) if rng.random() >= 0.03 else None
    rating = round(min(5.0, max(1.0, 4.0 + 0.5 * stars)), 1) if rng.random() >= 0.06 else None
    popularity = float(math.floor(math.exp(4 + 1.2 * demand))) if rng.random() >= 0.02 else None
    if price is not None and z < CHEAP_BELOW:
        truth["cheap"] = "yes"
    if rating is not None and rating >= WELL_RATED:
        truth["rated"] = "yes"
    return price, rating, popularity


def _texts(kind: Kind, truth: Truth, locale: str, rng: np.random.Generator) -> tuple[str, str]:
    """Title and description. Neither ever names the pattern or the tone; the description never the colour."""
    word = {key: getattr(table[truth[key]], locale) for key, table in (("material", MATERIALS), ("use", USES))}
    name = getattr((kind.name, *kind.synonyms)[int(rng.integers(0, 3)) // 2], locale)  # a synonym in one of three titles
    series = getattr(SERIES[int(rng.integers(0, len(SERIES)))], locale)
    model = int(rng.integers(1, 30))
    colour = getattr(COLOURS[truth["colour"]][0], locale) if rng.random() < 0.45 else ""
    brand = truth["brand"] if rng.random() < 0.6 else ""
    material = word["material"] if rng.random() < 0.6 else ""
    use = rng.random() < 0.4
    if locale == "zh":
        title = f"{brand} {series}{model}号 {colour}{material}{name}{' ' + word['use'] + '适用' if use else ''}"
        description = f"{series}系列{word['material']}{kind.name.zh}，适合{word['use']}，做工细致，售后无忧。"
    else:
        title = f"{brand} {series} {model} {colour} {material} {name}{' for ' + word['use'] if use else ''}"
        description = f"A {word['material']} {kind.name.en} of the {series} range, made for {word['use']} and easy to care for."
    return " ".join(title.split()), description


def _silenced(good: Good, audio: bytes) -> Good:
    quiet = silence(audio)
    return replace(good, audio=quiet, product=replace(good.product, audio=media_hash(quiet)))


def _relisted(good: Good, other: Good) -> Good:
    """The `other` product offered once more under `good`'s id and numbers."""
    numbers = {key: value for key, value in good.truth.items() if key in ("cheap", "rated")}
    truth = {key: value for key, value in other.truth.items() if key not in ("cheap", "rated")} | numbers
    product = replace(
        other.product,
        product_id=good.product.product_id,
        price=good.product.price,
        rating=good.product.rating,
        popularity=good.product.popularity,
        attributes=json.dumps(truth, sort_keys=True),
    )
    # "cheap" is relative to the type, which relisting keeps.
    return Good(product, truth, other.image, other.audio)
