"""Scores of requests. On a processor each is scored by itself; on a GPU all that wait at a moment are scored in one pass.

A pass over one slate leaves a GPU nearly idle, and costs as much as one over thirty. Nobody waits for others to come: while a pass
runs the next ones gather, so a single request is scored at once, and batches grow with the load by themselves.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

import numpy as np

from fuserank.features import QueryFeatures
from fuserank.ranker import Ranker
from fuserank.serving.metrics import METRICS
from fuserank.slates import Slate, score_slate, score_slates
from fuserank.stored_products import StoredProducts

LIMIT = 64  # slates in one pass; bounds the memory that it takes

Score = Callable[[StoredProducts, QueryFeatures, Slate], np.ndarray]


def scoring(ranker: Ranker) -> Score:
    """How slates are scored where the ranker is: (products, queries, slate) -> (N,) float32 logits, from any thread."""
    on_gpu = next(ranker.parameters()).device.type != "cpu"
    return Together(ranker) if on_gpu else partial(score_slate, ranker)


@dataclass(frozen=True)
class _Asked:
    """A slate that waits."""

    products: StoredProducts
    queries: QueryFeatures
    slate: Slate
    scores: Future[np.ndarray] = field(default_factory=Future)


class Together:
    """Scores what waits in one pass. Its thread ends when nobody holds it any more."""

    def __init__(self, ranker: Ranker) -> None:
        self._waiting: SimpleQueue[_Asked | None] = SimpleQueue()
        Thread(target=_serve, args=(ranker, self._waiting), name="scoring", daemon=True).start()
        weakref.finalize(self, self._waiting.put, None)

    def __call__(self, products: StoredProducts, queries: QueryFeatures, slate: Slate) -> np.ndarray:
        """(N,) float32 logits; raises what the ranker raises."""
        asked = _Asked(products, queries, slate)
        self._waiting.put(asked)
        return asked.scores.result()


def _serve(ranker: Ranker, waiting: SimpleQueue[_Asked | None]) -> None:
    """Score until None comes."""
    while (first := waiting.get()) is not None:
        gathered: list[_Asked] = [first]
        try:
            while len(gathered) < LIMIT:
                further = waiting.get_nowait()
                if further is None:
                    waiting.put(None)
                    break
                gathered.append(further)
        except Empty:
            pass
        for products in {id(asked.products): asked.products for asked in gathered}.values():
            _score(ranker, products, [asked for asked in gathered if asked.products is products])
        del first, gathered, products  # nothing is held while nobody asks


def _score(ranker: Ranker, products: StoredProducts, gathered: Sequence[_Asked]) -> None:
    """Of one stock; when the pass fails each slate is tried by itself, so that one bad request fails alone."""
    METRICS.scored_together.observe(len(gathered))
    try:
        found = score_slates(ranker, products, [(asked.queries, asked.slate) for asked in gathered])
    except Exception as error:  # whatever it is: it must not end the thread, on which every request waits
        if len(gathered) == 1:
            gathered[0].scores.set_exception(error)
            return
        for asked in gathered:
            _score(ranker, products, [asked])
        return
    for asked, scores in zip(gathered, found, strict=True):
        asked.scores.set_result(scores)
