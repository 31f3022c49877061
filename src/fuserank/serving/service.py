"""Answers ranking and search requests with one model. No web framework here, and no maths of its own."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.errors import RequestError
from fuserank.features import ContentCache, QueryFeatures
from fuserank.messages import (
    Filters,
    GivenProduct,
    LeftOut,
    RankRequest,
    RankResponse,
    Role,
    SearchRequest,
    ShopperQuery,
)
from fuserank.modalities.base import Modality
from fuserank.serving.answered import Answered, Scored
from fuserank.serving.bounded_pool import BoundedPool, Task
from fuserank.serving.merchandising import Merchandising, Plan
from fuserank.serving.metrics import METRICS
from fuserank.serving.package import Package
from fuserank.serving.retrieval import retrieve
from fuserank.serving.scoring import scoring
from fuserank.serving.stock import IN_ANSWERS, Stock
from fuserank.serving.understanding import Understood, understand, without_media
from fuserank.settings import MediaSettings
from fuserank.slates import Features

log = logging.getLogger(__name__)
WORKERS, WAITING = 4, 16  # requests with a deadline that are computed at once, and that may be there with those that wait


@dataclass(frozen=True)
class _Pick:
    """Which rows of a stock are candidates: by all that is known of the query, and by its words alone."""

    by_features: Callable[[QueryFeatures], np.ndarray]
    by_words: Callable[[str], np.ndarray]


class RankingService:
    """Ranks with one package; safe to call from many threads.

    Args:
        package: the opened package folder.
        modalities: the model's, in its order.
        families: name -> modalities that are one source of evidence, for explanations.
        media: caps for pictures of products.
        merchandising: rules and diversity, which others may share and replace; None: neither.

    Attributes:
        stock: what it ranks.
        cache: vectors and transcripts of the latest queries.
    """

    def __init__(
        self,
        package: Package,
        modalities: Sequence[Modality],
        families: Mapping[str, Sequence[str]] | None = None,
        media: MediaSettings | None = None,
        merchandising: Merchandising | None = None,
    ) -> None:
        self.merchandising = merchandising or Merchandising()
        self._media, self._changing = media or MediaSettings(), threading.Lock()
        self.package, self.modalities, self.stock = package, tuple(modalities), package.stock
        self.cache = ContentCache()
        names = {modality.name for modality in modalities}
        known = {family: tuple(m for m in members if m in names) for family, members in (families or {}).items()}
        self.families = {family: members for family, members in known.items() if members}
        self._scores = scoring(package.ranker)
        self._pool = BoundedPool(WORKERS, WAITING, "rank")
        # Apart from the others, so that words are read when every thread hangs in a picture or a sound.
        self._quick = BoundedPool(WORKERS, WAITING, "quick")

    @property
    def folder(self) -> Path:
        """Of the package."""
        return self.package.folder

    @property
    def version(self) -> str:
        """Of the model, as every answer says it."""
        return self.package.version

    def rank(self, request: RankRequest) -> RankResponse:
        """Order the request's candidates; raises like `ranked`."""
        return self.ranked(request).response

    def search(self, request: SearchRequest) -> RankResponse:
        """Find candidates in the whole catalogue and order them; raises like `searched`."""
        return self.searched(request).response

    def ranked(self, request: RankRequest, arrived: float | None = None, role: Role = "champion") -> Answered:
        """The answer to a ranking request, with what it was made of.

        A candidate that comes with its content is ranked by that, also when the catalogue holds its id.

        Args:
            arrived: when it came (`time.perf_counter`), from which the deadline counts; None: now.
            role: in which this model answers.

        Raises:
            RequestError: the catalogue holds none of the candidates.
            MediaError: the picture or the sound cannot be used.
        """
        started, stock = arrived or time.perf_counter(), self.stock
        ids = [candidate if isinstance(candidate, str) else candidate.product_id for candidate in request.candidates]
        given = {c.product_id: c for c in request.candidates if not isinstance(c, str)}
        notes = []
        if given:  # of two with one id the last counts, as in a catalogue
            stock, left_out = stock.extended(list(given.values()), self.package.ranker, self.modalities, self._media, lasting=False)
            notes = [f"{one.product_id}: {one.reason}, ranked without it" for one in left_out]
        asked, row_of = list(dict.fromkeys(ids)), stock.catalogue.row_of
        found = [row for row in map(row_of.get, asked) if row is not None]
        if not found:
            raise RequestError(
                f"none of the {len(asked)} candidates is in the catalogue",
                allowed=f"ids of its {len(stock.catalogue)} products, or products with their content",
                todo="check that the shop and this service hold the same catalogue",
            )
        repeated = len(ids) - len(asked)
        notes += [f"{repeated} repeated candidates were ranked once"] if repeated else []
        rows = np.array(found, np.int64)
        plan = self.merchandising.plan(request.query)
        scored = self._score(plan.query, stock, _Pick(lambda _: rows, lambda _: rows), request.deadline_ms, started)
        unknown = [product_id for product_id in asked if product_id not in row_of] if len(found) < len(asked) else []
        return self._answer(scored, stock, request.k, started, role, [*notes, *plan.notes], unknown, plan)

    def searched(self, request: SearchRequest, arrived: float | None = None, role: Role = "champion") -> Answered:
        """The answer to a search, with what it was made of; arguments as of `ranked`.

        Raises:
            MediaError: the picture or the sound cannot be used.
        """
        started, stock = arrived or time.perf_counter(), self.stock
        plan = self.merchandising.plan(request.query, request.filters)
        scored = self._score(
            plan.query, stock, self.pick(stock, request.depth, request.filters, plan), request.deadline_ms, started
        )
        notes = [] if len(scored.rows) else ["nothing in the catalogue matches"]
        return self._answer(scored, stock, request.k, started, role, [*notes, *plan.notes], [], plan)

    def upsert(self, products: Sequence[GivenProduct]) -> list[LeftOut]:
        """Add or change products; requests that have begun see the stock as it was.

        Returns:
            media that cannot be used.
        """
        with self._changing:
            self.stock, left_out = self.stock.extended(products, self.package.ranker, self.modalities, self._media)
        return left_out

    def delete(self, product_ids: Sequence[str]) -> list[str]:
        """Remove products.

        Returns:
            ids that it did not have.
        """
        with self._changing:
            known = [product_id for product_id in product_ids if product_id in self.stock.catalogue]
            if known:
                self.stock = self.stock.without(known)
        return [product_id for product_id in product_ids if product_id not in known]

    def pick(self, stock: Stock, depth: int, filters: Filters | None, plan: Plan) -> _Pick:
        """What of the whole stock is looked at for a query: what is found, and what rules pin."""
        allowed = stock.passing(filters)

        def by_features(queries: QueryFeatures) -> np.ndarray:
            with METRICS.stage("retrieve"):
                found = retrieve(self.modalities, stock.catalogue, queries, depth, allowed)
                return plan.with_pinned(found, queries.texts[0], stock, allowed)

        def by_words(words: str) -> np.ndarray:
            lexical = stock.catalogue.lexical
            found = np.zeros(0, np.int64) if lexical is None or not words else lexical.top(words, depth, allowed)
            return plan.with_pinned(found, words, stock, allowed)

        return _Pick(by_features, by_words)

    def _score(self, asked: ShopperQuery, stock: Stock, pick: _Pick, deadline_ms: float | None, started: float) -> Scored:
        """With the model; when that is not done by the deadline, with what of the query is read by then, else by words alone."""
        if deadline_ms is None:
            return self._by_model(asked, stock, pick)
        rest = without_media(asked)
        quick = None if rest is None else self._quick.submit(lambda: self._understood(rest, stock))
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

    def _by_model(self, asked: ShopperQuery, stock: Stock, pick: _Pick, quick: Task[Understood] | None = None) -> Scored:
        """Read the whole query, then order.

        Args:
            quick: reads what of the query is no picture and no sound, into the cache; waited for, so that it is not read twice.
        """
        if quick is not None:
            quick.future.exception()
        with METRICS.stage("understand"):
            understood = self._understood(asked, stock)
        METRICS.cache.labels("hit").set(self.cache.hits)
        METRICS.cache.labels("miss").set(self.cache.misses)
        return self._ordered(understood.features, stock, pick, list(understood.degraded))

    def _understood(self, asked: ShopperQuery, stock: Stock) -> Understood:
        return understand(asked, self.modalities, stock.catalogue, self.package.histories, self.cache)

    def _ordered(self, queries: QueryFeatures, stock: Stock, pick: _Pick, degraded: list[str]) -> Scored:
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

    def _answer(
        self,
        scored: Scored,
        stock: Stock,
        k: int,
        started: float,
        role: Role,
        notes: list[str],
        unknown: list[str],
        plan: Plan,
    ) -> Answered:
        """The k best; candidates of equal score keep their order, but for what rules and diversity move."""
        placed = plan.placed(scored, stock, k, lasting=stock is self.stock)
        best = placed.best
        likely = [None] * len(best) if scored.probabilities is None else scored.probabilities[best].tolist()
        lines = zip(stock.details(scored.rows[best], IN_ANSWERS), scored.scores[best].tolist(), likely, strict=True)
        # One pass of pydantic's own machine code is quicker than `model_construct`, which is Python, line by line.
        response = RankResponse.model_validate(
            {
                "request_id": uuid.uuid4().hex,
                "model_version": self.version,
                "role": role,
                "words": scored.words,
                "results": [
                    {**line, "rank": rank, "score": score, "probability": probability, "model_rank": place, "moved_by": names}
                    for rank, ((line, score, probability), place, names) in enumerate(
                        zip(lines, placed.model_ranks, placed.moved_by, strict=True), start=1
                    )
                ],
                "candidates": len(scored.rows),
                "unknown_ids": unknown,
                "degraded": scored.degraded,
                "notes": [*notes, *placed.notes],
                "rules_version": plan.version,
                "rules": placed.applied,
                "took_ms": round(1000 * (time.perf_counter() - started), 3),
            }
        )
        return Answered(response, scored, stock)

    def close(self) -> None:
        """Let go of the threads; what runs ends."""
        for pool in (self._pool, self._quick):
            pool.close()


def by_words(stock: Stock, words: str, rows: np.ndarray) -> np.ndarray:
    """Sum of the BM25 scores of all fields: float32 (n,); 0 for a query without words, which keeps the given order."""
    lexical = stock.catalogue.lexical
    return np.zeros(len(rows), np.float32) if lexical is None or not words else lexical.scores(words, rows).sum(axis=1)
