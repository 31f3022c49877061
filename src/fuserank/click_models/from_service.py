"""A click log out of the log of a service: rankings of words that a shopper saw, and what was done with them.

A shopper counts once for a query, whatever he or she clicks, and one without user or session id not at all.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fuserank.click_models.click_log import GAINS, ClickLog
from fuserank.inference_log import iter_log

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

    @property
    def key(self) -> str:
        """Its id in a ClickLog; `Asked.read` is the inverse."""
        return f"{self.locale}\0{self.text}"

    @classmethod
    def read(cls, key: str) -> Asked:
        """Out of a `key`."""
        locale, _, text = key.partition("\0")
        return cls(text, locale)


def plain(text: str) -> str:
    """Words as they are compared."""
    return " ".join(text.casefold().split())


def from_service(folder: Path) -> ClickLog:
    """Read a log of a service, a segment at a time; queries are `Asked.key`, and a folder that is missing is an empty log."""
    acts = acts_of(folder)
    queries, products, shoppers = _Numbers(), _Numbers(), _Numbers()
    query, shopper, row, place, product, gain = (array(kind) for kind in "iiiiid")
    seen: set[tuple[int, int]] = set()
    rankings = iter_log(folder, "rankings", on_broken=lambda _: None, columns=COLUMNS) if folder.is_dir() else ()
    for answer in _shown(rankings):
        who = answer["user"] or answer["session_id"]
        key = (queries[Asked.of(answer["text"], answer["locale"]).key], shoppers[who]) if who else None
        if key is None or key in seen:
            continue
        seen.add(key)
        done = acts.get(answer["request_id"], {})
        for rank, product_id in enumerate(answer["product_ids"], start=1):
            row.append(len(query))
            place.append(rank)
            product.append(products[product_id])
            gain.append(done.get(product_id, 0))
        query.append(key[0])
        shopper.append(key[1])
    names = (np.array(list(numbers), object) for numbers in (queries, products))
    return ClickLog(*names, *map(np.asarray, (query, shopper, row, place, product, gain))).without_robots()


def acts_of(folder: Path) -> dict[str, dict[str, int]]:
    """request -> product -> the gain of the strongest act; {} for a folder that is missing."""
    acts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    columns = ("request_id", "product_id", "action_name")
    for batch in iter_log(folder, "events", on_broken=lambda _: None, columns=columns) if folder.is_dir() else ():
        for request, product, action in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            gain = GAINS.get(action, 0)
            if gain > acts[request].get(product, 0):
                acts[request][product] = gain
    return acts


class _Numbers(defaultdict[str, int]):
    """Numbers new names from 0 on."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


def _shown(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Rankings that a shopper saw, of words alone, whole."""
    for batch in batches:
        for row in batch.to_pylist():
            if row["has_text"] and not (row["has_image"] or row["has_audio"] or row["degraded"] or row["role"] == "shadow"):
                yield row
