"""An encoder that hangs for two seconds: the answer comes at the deadline all the same, and says what it lacks."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from fuserank.features import ContentCache
from fuserank.messages import RankRequest, ShopperQuery
from fuserank.serving import RankingService, load
from tests.faults.noise import Noise, noise
from tests.faults.row import Row, main
from tests.faults.stand import Stand

TRIES, WIDTH, SECONDS = 200, 4, 150
DEADLINE_MS, GRACE_MS, HANGS = 100.0, 50.0, 2.0


class Slow:
    """An encoder that hangs before it encodes.

    Attributes:
        enough: set, it hangs no more.
    """

    def __init__(self, encoder: Any, seconds: float) -> None:
        self._encoder, self._seconds, self.enough = encoder, seconds, threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, prepared: Sequence[Any]) -> np.ndarray:
        """As the encoder inside, later."""
        self.enough.wait(self._seconds)
        return self._encoder.encode(prepared)


@dataclass(frozen=True)
class Tried:
    """Attributes: ms: from the call to the answer. degraded: of the answer."""

    ms: float
    degraded: tuple[str, ...]


class Forgetful(ContentCache):
    """Remembers nothing, so that every query reaches the encoders."""

    def get(self, maker: str, keys: Iterable[str]) -> dict[str, Any]:
        """Nothing."""
        return {}


def slowed(service: RankingService, name: str, seconds: float) -> Slow:
    """Make one encoder of a service hang, and the service forget what it encoded before."""
    service.cache = Forgetful()
    modality = next(m for m in service.modalities if m.name == name)
    modality.encoder = Slow(modality.encoder, seconds)
    return modality.encoder


def tries(service: RankingService, query: ShopperQuery, candidates: list[str], count: int) -> list[Tried]:
    """Answers to one query under the deadline, several callers at a time."""
    request = RankRequest(query=query, candidates=candidates, deadline_ms=DEADLINE_MS)

    def ask(_: int) -> Tried:
        started = time.perf_counter()
        response = service.rank(request)
        return Tried(1000 * (time.perf_counter() - started), tuple(response.degraded))

    with ThreadPoolExecutor(WIDTH) as callers:
        return list(callers.map(ask, range(count)))


def row(name: str, tried: list[Tried], heard: Noise) -> Row:
    """Late answers and answers that do not say what they lack."""
    limit = DEADLINE_MS + GRACE_MS
    silent = sum(not any(words.startswith("deadline: ") for words in t.degraded) for t in tried)
    late = sum(t.ms > limit for t in tried)
    times, kinds = [t.ms for t in tried], Counter("; ".join(t.degraded) for t in tried)
    said = ", ".join(f"{count} × {words!r}" for words, count in kinds.items())
    seen = f"median {np.median(times):.0f} ms, most {max(times):.0f} ms; {late} late, {silent} unnamed: {said}; {heard}"
    allowed = f"all by {limit:g} ms, and named in `degraded`"
    return Row(f"slow_encoder: {name}", len(tried), late + silent, allowed, seen, not (late or silent))


def measure(stand: Stand) -> list[Row]:
    """A picture encoder that hangs on words with a picture, and a sentence encoder that hangs on words."""
    text, picture = stand.texts[0], stand.media("image")
    cases = (("text and picture", "image", ShopperQuery(text=text, image=picture)), ("text", "text", ShopperQuery(text=text)))
    return [tried_row(stand, name, encoder, query, TRIES) for name, encoder, query in cases]


def tried_row(stand: Stand, name: str, encoder: str, query: ShopperQuery, count: int) -> Row:
    """A service of its own, one of whose encoders hangs."""
    service, candidates = load(stand.packages / "a"), stand.product_ids[:50]
    service.rank(RankRequest(query=query, candidates=candidates))  # past whatever a first request costs
    slow = slowed(service, encoder, HANGS)
    with noise() as heard:
        tried = tries(service, query, candidates, count)
    slow.enough.set()
    service.rank(RankRequest(query=query, candidates=candidates, deadline_ms=60_000))  # behind all that still hang
    service.close()
    return row(name, tried, heard)


if __name__ == "__main__":
    main(measure, SECONDS)
