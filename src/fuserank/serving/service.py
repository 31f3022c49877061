"""Answers ranking and search requests with one model. No web framework here, and no maths of its own."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fuserank.errors import RequestError
from fuserank.features import QueryFeatures
from fuserank.messages import (
    Filters,
    GivenProduct,
    LeftOut,
    RankRequest,
    RankResponse,
    Role,
    SearchRequest,
)
from fuserank.modalities.base import Modality
from fuserank.serving.answered import Answered, Scored
from fuserank.serving.merchandising import Merchandising, Plan
from fuserank.serving.metrics import METRICS
from fuserank.serving.package import Package
from fuserank.serving.query_scorer import Pick, QueryScorer
from fuserank.serving.retrieval import retrieve
from fuserank.serving.stock import IN_ANSWERS, Stock
from fuserank.settings import MediaSettings


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
        scorer: what reads and scores its queries.
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
        self.scorer = QueryScorer(package, modalities)
        names = {modality.name for modality in modalities}
        known = {family: tuple(m for m in members if m in names) for family, members in (families or {}).items()}
        self.families = {family: members for family, members in known.items() if members}

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
        scored = self.scorer.score(plan.query, stock, Pick(lambda _: rows, lambda _: rows), request.deadline_ms, started)
        unknown = [product_id for product_id in asked if product_id not in row_of] if len(found) < len(asked) else []
        return self._answer(scored, stock, request.k, started, role, [*notes, *plan.notes], unknown, plan)

    def searched(self, request: SearchRequest, arrived: float | None = None, role: Role = "champion") -> Answered:
        """The answer to a search, with what it was made of; arguments as of `ranked`.

        Raises:
            MediaError: the picture or the sound cannot be used.
        """
        started, stock = arrived or time.perf_counter(), self.stock
        plan = self.merchandising.plan(request.query, request.filters)
        scored = self.scorer.score(
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

    def pick(self, stock: Stock, depth: int, filters: Filters | None, plan: Plan) -> Pick:
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

        return Pick(by_features, by_words)

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
        self.scorer.close()
