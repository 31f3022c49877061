"""How a wish is asked: words in English and Chinese, another picture of the thing, a recording of its tone, or "for me"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fuserank.data.media import media_hash
from fuserank.data.sample.pictures import render
from fuserank.data.sample.sounds import synthesise
from fuserank.data.sample.vocabulary import COLOURS, MATERIALS, PATTERNS, TONES, USES, Kind
from fuserank.data.sample.wishes import Wish
from fuserank.types import Query

_OPENINGS = {"en": ("{}", "{}", "looking for a {}", "show me a {}"), "zh": ("{}", "{}", "想买{}", "有没有{}")}
_FOR_ME = {"en": "something for me: {}s", "zh": "给我推荐{}"}
_LIKE = {
    "picture": {"en": "{} like this picture", "zh": "和图片一样的{}"},
    "sound": {"en": "{} that sounds like this", "zh": "声音像这样的{}"},
}


def phrase(wish: Wish, kind: Kind, locale: str) -> str:
    """The wish in words, e.g. ``"cheap striped red mug"`` or ``"便宜的红色条纹马克杯"``."""
    want = dict(wish.constraints)
    if locale == "zh":
        parts = (
            "便宜的" if "cheap" in want else "",
            "评价好的" if "rated" in want else "",
            f"声音{TONES[want['tone']].zh}的" if "tone" in want else "",
            f"{USES[want['use']].zh}用的" if "use" in want else "",
            COLOURS[want["colour"]][0].zh if "colour" in want else "",
            PATTERNS[want["pattern"]][0].zh if "pattern" in want else "",
            MATERIALS[want["material"]].zh if "material" in want else "",
            kind.name.zh,
        )
        return "".join(parts)
    parts = (
        "cheap" if "cheap" in want else "",
        "well rated" if "rated" in want else "",
        PATTERNS[want["pattern"]][0].en if "pattern" in want else "",
        COLOURS[want["colour"]][0].en if "colour" in want else "",
        MATERIALS[want["material"]].en if "material" in want else "",
        kind.name.en,
        f"with a {TONES[want['tone']].en} tone" if "tone" in want else "",
        f"for {USES[want['use']].en}" if "use" in want else "",
    )
    return " ".join(part for part in parts if part)


def ask(
    wish: Wish,
    kind: Kind,
    split: str,
    first_id: int,
    wordings: int,
    users: Mapping[tuple[str, str], Sequence[str]],
    rng: np.random.Generator,
    hue_shift: float,
) -> tuple[list[Query], list[bytes]]:
    """Word one wish.

    Args:
        wish: what is wanted.
        kind: its product type.
        split: the side the queries stand on.
        first_id: number of the first query.
        wordings: how many queries to make, 1 or 2.
        users: (attribute, value) -> shoppers with that affinity.
        rng: chooses languages, openings, shoppers and renderings.
        hue_shift: see `pictures.render`.

    Returns:
        The queries, and the media bytes they name.
    """
    first = "zh" if rng.random() < 0.35 else "en"
    locales = (first, "en" if first == "zh" else "zh")[:wordings]
    queries, media = [], []
    for index, locale in enumerate(locales):
        with_words = (wordings == 1 and rng.random() < 0.5) or index == 1
        want = dict(wish.constraints)
        image = (
            render(kind.outline, COLOURS[want["colour"]][1], want["pattern"], rng, hue_shift=hue_shift)
            if wish.flavour == "picture"
            else None
        )
        audio = synthesise(kind.rhythm, want["tone"], rng) if wish.flavour == "sound" else None
        fans = users[wish.constraints[0]] if wish.flavour == "personal" else ()
        user = fans[int(rng.integers(0, len(fans)))] if fans else None
        text = _text(wish, kind, locale, rng, with_words)
        media += [data for data in (image, audio) if data]
        queries.append(
            Query(
                query_id=f"q{first_id + index:04d}",
                text=text,
                locale=locale if text else "",
                user_id=user,
                image=media_hash(image) if image else None,
                audio=media_hash(audio) if audio else None,
                audio_source="synthetic" if audio else None,
                split=split,
                group=wish.group,
            )
        )
    return queries, media


def _text(wish: Wish, kind: Kind, locale: str, rng: np.random.Generator, with_words: bool) -> str:
    """What is said beside the picture, the sound or the history, or the wish itself."""
    name = getattr(kind.name, locale)
    if wish.flavour in _LIKE:
        return _LIKE[wish.flavour][locale].format(name) if with_words else ""
    if wish.flavour == "personal":
        return _FOR_ME[locale].format(name)
    openings = _OPENINGS[locale]
    said = openings[int(rng.integers(0, len(openings)))].format(phrase(wish, kind, locale))
    return re.sub(r"\ba (?=[aeiou])", "an ", said)
