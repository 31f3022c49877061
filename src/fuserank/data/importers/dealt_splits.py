"""Splits for groups that come without one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SHARES = (("train", 0.7), ("val", 0.8), ("test", 1.0))  # cumulative


def deal(groups: Iterable[str]) -> dict[str, str]:
    """Give every group a split, 70 / 10 / 20, in the order of the sha256 of its name: the same everywhere, and exact in number."""
    ordered = sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    return {
        group: next(split for split, end in SHARES if (place + 0.5) / len(ordered) <= end) for place, group in enumerate(ordered)
    }
