"""Reads a query and scores candidates for it, with one package, within a deadline or by what is done of it until then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.features import ContentCache, QueryFeatures
from fuserank.messages import ShopperQuery
from fuserank.modalities.base import Modality
from fuserank.serving.answered import Scored
from fuserank.serving.bounded_pool import BoundedPool, Task
from fuserank.serving.metrics import METRICS
from fuserank.serving.package import Package
from fuserank.serving.scoring import scoring
from fuserank.serving.stock import Stock
from fuserank.serving.understanding import Understood, understand, without_media
from fuserank.slates import Features

log = logging.getLogger(__name__)
WORKERS, WAITING = 4, 16  # requests with a deadline that are computed at once, and that may be there with those that wait


@dataclass(frozen=True)
class Pick:
    """Which rows of a stock are candidates: by all that is known of the query, and by its words alone."""

    by_features: Callable[[QueryFeatures], np.ndarray]
    by_words: Callable[[str], np.ndarray]


class QueryScorer:
    """Scores with the model of one package; safe to call from many threads.

    Args:
        package: the opened package folder.
        modalities: the model's, in its order.

    Attributes:
        cache: vectors and transcripts of the latest queries.
    """

    def __init__(self, package: Package, modalities: Sequence[Modality]) -> None:
        self.package, self.modalities = package, tuple(modalities)
        self.cache = ContentCache()
        self._scores = scoring(package.ranker)
        self._pool = BoundedPool(WORKERS, WAITING, "rank")
        # Apart from the others, so that words are read when every thread hangs in a picture or a sound.
        self._quick = BoundedPool(WORKERS, WAITING, "quick")

    def score(self, asked: ShopperQuery, stock: Stock, pick: Pick, deadline_ms: float | None, started: float) -> Scored:
        """With the model; when that is not done by the deadline, with what of the query is read by then, else by words alone.

        Args:
            deadline_ms: counted from `started`; None: as long as it takes.
            started: when the request came (`time.perf_counter`).

        Raises:
            MediaError: the picture or the sound cannot be used.
        """
        if deadline_ms is None:
            return self._by_model(asked, stock, pick)
        rest = without_media(asked)
        quick = None if rest is None else self._quick.submit(lambda: self.understood(rest, stock))
        whole = self._pool.submit(lambda: self._by_model(asked, stock, pick, quick))
        left = max(0.0, deadline_ms / 1000 - (time.perf_counter() - started))
        try:
            if whole is not None:
                return whole.future.result(left)
            if quick is not None:
                quick.future.exception(left)
        except TimeoutError:
            pass
        for task in (quick, whole):
            if task is not None:
                task.abandon()
        why = "found no free thread" if whole is None else f"took more than {deadline_ms:g} ms"
        if quick is not None and quick.future.done() and quick.future.exception() is None:
            degraded = [f"deadline: without picture and sound, which {why}"]
            return self._ordered(quick.future.result().features, stock, pick, degraded)
        words = clean_text(asked.text)
        rows = pick.by_words(words)
        return Scored(words, rows, by_words(stock, words, rows), [f"deadline: BM25 order, the model {why}"])

    def understood(self, asked: ShopperQuery, stock: Stock) -> Understood:
        """What a query means to the model; raises MediaError where its picture or sound cannot be used."""
        return understand(asked, self.modalities, stock.catalogue, self.package.histories, self.cache)

    def close(self) -> None:
        """Let go of the threads; what runs ends."""
        for pool in (self._pool, self._quick):
            pool.close()

    def _by_model(self, asked: ShopperQuery, stock: Stock, pick: Pick, quick: Task[Understood] | None = None) -> Scored:
        """Read the whole query, then order.

        Args:
            quick: reads what of the query is no picture and no sound, into the cache; waited for, so that it is not read twice.
        """
        if quick is not None:
            quick.future.exception()
        with METRICS.stage("understand"):
            understood = self.understood(asked, stock)
        METRICS.cache.labels("hit").set(self.cache.hits)
        METRICS.cache.labels("miss").set(self.cache.misses)
        return self._ordered(understood.features, stock, pick, list(understood.degraded))

    def _ordered(self, queries: QueryFeatures, stock: Stock, pick: Pick, degraded: list[str]) -> Scored:
        words, rows = queries.texts[0], pick.by_features(queries)
        if not (queries.present.any() or words):
            degraded = [*degraded, "query: nothing of it could be used"]
        scored = Scored(words, rows, np.zeros(len(rows), np.float32), degraded, queries=queries)
        if not len(rows):
            return scored
        try:
            with METRICS.stage("score"):
                slate = Features(self.modalities, stock.catalogue, queries).slate(0, rows)
                scores = self._scores(stock.stored, queries, slate)
            if not np.isfinite(scores).all():
                raise FloatingPointError("scores are not finite")
        except Exception:
            log.exception("the ranker failed")
            return replace(
                scored, scores=by_words(stock, words, rows), degraded=[*degraded, "ranker: BM25 order, the model failed"]
            )
        calibration = self.package.meta.calibration
        return replace(scored, scores=scores, probabilities=calibration.probability(scores) if calibration else None)


def by_words(stock: Stock, words: str, rows: np.ndarray) -> np.ndarray:
    """Sum of the BM25 scores of all fields: float32 (n,); 0 for a query without words, which keeps the given order."""
    lexical = stock.catalogue.lexical
    return np.zeros(len(rows), np.float32) if lexical is None or not words else lexical.scores(words, rows).sum(axis=1)
