"""What shoppers' acts say of products for the words that were asked, corrected for where the products stood.

A product that stands low is seen less, so clicks are divided by clicks expected of its places: COEC (Zhang & Jones 2007, WWW,
"Comparing click logs and editorial labels for training query rewriting"). A place at rank r is looked at with probability r^-bias.

A shopper counts once for a query, whatever he or she clicks, and one without user or session id not at all: a thousand requests
of a bot weigh as much as one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa

from fuserank.inference_log import iter_log
from fuserank.online_evaluation.requests import GAINS

COLUMNS = (
    "request_id", "role", "text", "locale", "user", "session_id", "has_text", "has_image", "has_audio", "product_ids", "degraded",
)  # fmt: skip


class Asked(NamedTuple):
    """The words of a query, as they are compared, and its language."""

    text: str
    locale: str

    @classmethod
    def of(cls, text: str, locale: str) -> Asked:
        """Without what makes no difference: case, and spaces."""
        return cls(plain(text), locale)


def plain(text: str) -> str:
    """Words as they are compared."""
    return " ".join(text.casefold().split())


@dataclass
class Looks:
    """What became of one query.

    Attributes:
        shoppers: how many asked it.
        gains: product -> sum over shoppers of the gain of the strongest act (click 1, cart 2, purchase 3).
        looks: product -> how many shoppers are expected to have looked at it.
    """

    HIGHEST: ClassVar[int] = max(GAINS.values())

    shoppers: int = 0
    gains: Counter[str] = field(default_factory=Counter)
    looks: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def by_product(self) -> dict[str, float]:
        """product -> gain of a shopper who looked at it, 0 to HIGHEST; products that were shown."""
        return {product: min(self.gains[product] / looks, self.HIGHEST) for product, looks in self.looks.items()}


def looks_of(folder: Path, *, position_bias: float) -> dict[Asked, Looks]:
    """Read a log of a service, a segment at a time.

    Args:
        folder: of the log; one that is missing is empty.
        position_bias: the exponent, 0 (all places are looked at) or more.
    """
    if not folder.is_dir():
        return {}
    acts, found, counted = acts_of(folder), defaultdict[Asked, Looks](Looks), set[tuple[Asked, str]]()
    for row in _shown(iter_log(folder, "rankings", on_broken=lambda _: None, columns=COLUMNS)):
        shopper, asked = row["user"] or row["session_id"], Asked.of(row["text"], row["locale"])
        if shopper is None or (asked, shopper) in counted:
            continue
        counted.add((asked, shopper))
        looks, gains = found[asked], acts.get(row["request_id"], {})
        looks.shoppers += 1
        for rank, product in enumerate(row["product_ids"], start=1):
            looks.looks[product] += rank**-position_bias
            looks.gains[product] += gains.get(product, 0)
    return dict(found)


def acts_of(folder: Path) -> dict[str, dict[str, int]]:
    """request -> product -> the gain of the strongest act."""
    acts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for batch in iter_log(folder, "events", on_broken=lambda _: None, columns=("request_id", "product_id", "action_name")):
        for request, product, action in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            gain = GAINS.get(action, 0)
            if gain > acts[request].get(product, 0):
                acts[request][product] = gain
    return acts


def _shown(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Rankings that a shopper saw, of words alone, whole."""
    for batch in batches:
        for row in batch.to_pylist():
            if row["has_text"] and not (row["has_image"] or row["has_audio"] or row["degraded"] or row["role"] == "shadow"):
                yield row
