"""Shoppers of the sample shop: histories that reveal what each one likes, and sessions whose clicks depend on the position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fuserank.data.sample.goods import Good
from fuserank.data.sample.vocabulary import BRANDS, COLOURS, PATTERNS
from fuserank.data.sample.wishes import Wish
from fuserank.types import Interaction, Query

SHOPPERS = 80
HISTORY = 14  # events before the first session
FAITHFUL = 0.8  # share of a history that meets the shopper's affinity
SESSIONS = 4  # per train query
SLATE = 10
ETA = 1.0  # examination probability is position ** -ETA
CLICK_GIVEN_SEEN = (0.03, 0.15, 0.4, 0.75)  # by grade
_START = 1_735_689_600_000  # 2025-01-01, UTC, in milliseconds
_MINUTE = 60_000

Affinity = tuple[str, str]


def affinities() -> dict[str, Affinity]:
    """user_id -> the one (attribute, value) that the shopper likes."""
    likes = [("colour", name) for name in COLOURS] + [("pattern", name) for name in PATTERNS] + [("brand", name) for name in BRANDS]
    return {f"u{index:03d}": likes[index % len(likes)] for index in range(SHOPPERS)}


def histories(goods: Sequence[Good], rng: np.random.Generator) -> Iterator[Interaction]:
    """Clicks, carts and purchases outside any query, of train-side products only."""
    shelf = [good for good in goods if good.product.split == "train"]
    actions = ("click", "purchase", "add_to_cart", "purchase")
    for user, (key, value) in affinities().items():
        liked = [good for good in shelf if good.truth.get(key) == value] or shelf
        for event in range(HISTORY):
            choice = liked if rng.random() < FAITHFUL else shelf
            yield Interaction(
                timestamp=_START + (int(user[1:]) * HISTORY + event) * _MINUTE,
                user_id=user,
                session_id=f"h-{user}",
                query_id=None,
                product_id=choice[int(rng.integers(0, len(choice)))].product.product_id,
                action=actions[event % 4],
                position=None,
            )


def sessions(wished: Sequence[tuple[Query, Wish]], goods: Sequence[Good], rng: np.random.Generator) -> Iterator[Interaction]:
    """Slates shown for train queries by an older, noisy ranker, and the clicks on them.

    An impression at position p is examined with probability p ** -ETA and, when examined, clicked by CLICK_GIVEN_SEEN[grade].
    """
    users = sorted(affinities())
    shelf = [good for good in goods if good.product.split == "train"]
    grades: Mapping[str, list[int]] = {query.query_id: [wish.grade(good.truth) for good in shelf] for query, wish in wished}
    clock = _START + SHOPPERS * HISTORY * _MINUTE
    train = [query for query, _ in wished if query.split == "train"]
    for number, query in enumerate(query for query in train for _ in range(SESSIONS)):
        user = query.user_id or users[int(rng.integers(0, len(users)))]
        grade = grades[query.query_id]
        noisy = np.array(grade) * 100 + rng.integers(0, 330, len(shelf))
        for place, row in enumerate(np.argsort(-noisy, kind="stable")[:SLATE].tolist()):
            clock += _MINUTE // 20
            shown = Interaction(
                timestamp=clock,
                user_id=user,
                session_id=f"s{number:05d}",
                query_id=query.query_id,
                product_id=shelf[row].product.product_id,
                action="impression",
                position=place + 1,
            )
            yield shown
            if rng.random() < (place + 1) ** -ETA * CLICK_GIVEN_SEEN[grade[row]]:
                yield replace(shown, timestamp=clock + 1000, action="click")
