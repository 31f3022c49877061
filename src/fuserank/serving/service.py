"""Answers ranking and search requests out of a package folder. No web framework here, and no maths of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.errors import RequestError
from fuserank.features import QueryFeatures
from fuserank.modalities import make_modalities
from fuserank.modalities.base import Modality
from fuserank.model_folder import check_encoders
from fuserank.serving.messages import RankedProduct, RankRequest, RankResponse, SearchRequest, ShopperQuery
from fuserank.serving.package import Package, open_package
from fuserank.serving.packed_encoders import packed_encoders
from fuserank.serving.retrieval import retrieve
from fuserank.serving.understanding import understand
from fuserank.serving.warming import warming_requests
from fuserank.settings import MediaSettings
from fuserank.slates import Features, score_slate

log = logging.getLogger(__name__)
WORKERS = 4  # requests with a deadline that are computed at once


@dataclass(frozen=True)
class Scored:
    """The words looked up, rows of the catalogue, a finite score for each, and what was left out.

    `probabilities` of relevance, one for each row; None where the scores are no model's, or the model has no calibration.
    """

    words: str
    rows: np.ndarray
    scores: np.ndarray
    degraded: list[str]
    probabilities: np.ndarray | None = None


Candidates = Callable[[QueryFeatures], np.ndarray]


class RankingService:
    """Ranks with one package; safe to call from many threads.

    Args:
        package: the opened package folder.
        modalities: the model's, in its order.
    """

    def __init__(self, package: Package, modalities: Sequence[Modality]) -> None:
        self._package, self._modalities = package, list(modalities)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="rank")

    @property
    def version(self) -> str:
        """Of the model, as every answer says it."""
        return self._package.version

    def rank(self, request: RankRequest) -> RankResponse:
        """Order the request's candidates.

        Raises:
            RequestError: the catalogue holds none of the candidates.
            MediaError: the picture or the sound cannot be used.
        """
        started, catalogue = time.perf_counter(), self._package.catalogue
        asked = list(dict.fromkeys(request.candidates))
        known = [product_id for product_id in asked if product_id in catalogue]
        if not known:
            raise RequestError(
                f"none of the {len(asked)} candidates is in the catalogue, e.g. {asked[0]!r}",
                allowed=f"ids of its {len(catalogue)} products",
                todo="check that the shop and this package hold the same catalogue",
            )
        repeated = len(request.candidates) - len(asked)
        notes = [f"{repeated} repeated candidates were ranked once"] if repeated else []
        rows = catalogue.rows(known)
        scored = self._score(request.query, lambda _: rows, lambda _: rows, request.deadline_ms, started)
        unknown = [product_id for product_id in asked if product_id not in catalogue]
        return self._answer(scored, request.k, started, notes, unknown)

    def search(self, request: SearchRequest) -> RankResponse:
        """Find candidates in the whole catalogue and order them.

        Raises:
            MediaError: the picture or the sound cannot be used.
        """
        started, package = time.perf_counter(), self._package

        def by_everything(queries: QueryFeatures) -> np.ndarray:
            return retrieve(self._modalities, package.catalogue, queries, request.depth)

        def by_words(words: str) -> np.ndarray:
            lexical = package.catalogue.lexical
            return np.zeros(0, np.int64) if lexical is None or not words else lexical.top(words, request.depth)

        scored = self._score(request.query, by_everything, by_words, request.deadline_ms, started)
        notes = [] if len(scored.rows) else ["nothing in the catalogue matches"]
        return self._answer(scored, request.k, started, notes, [])

    def _score(
        self,
        asked: ShopperQuery,
        candidates: Candidates,
        fallback: Callable[[str], np.ndarray],
        deadline_ms: float | None,
        started: float,
    ) -> Scored:
        """With the model; when that is not done by the deadline, by words alone."""
        if deadline_ms is None:
            return self._by_model(asked, candidates)
        future = self._pool.submit(self._by_model, asked, candidates)
        try:
            return future.result(timeout=max(0.0, deadline_ms / 1000 - (time.perf_counter() - started)))
        except FutureTimeoutError:
            future.cancel()  # one that still waits in the queue is not computed for nobody
            words = clean_text(asked.text)
            rows = fallback(words)
            return Scored(
                words, rows, self._by_words(words, rows), [f"deadline: BM25 order, the model took more than {deadline_ms:g} ms"]
            )

    def _by_model(self, asked: ShopperQuery, candidates: Candidates) -> Scored:
        package = self._package
        understood = understand(asked, self._modalities, package.catalogue, package.histories)
        queries = understood.features
        words, rows, degraded = queries.texts[0], candidates(queries), list(understood.degraded)
        if not (queries.present.any() or words):
            degraded.append("query: nothing of it could be used")
        if not len(rows):
            return Scored(words, rows, np.zeros(0, np.float32), degraded)
        try:
            slate = Features(self._modalities, package.catalogue, queries).slate(0, rows)
            scores = score_slate(package.ranker, package.stored, queries, slate)
            if not np.isfinite(scores).all():
                raise FloatingPointError("scores are not finite")
        except Exception:
            log.exception("the ranker failed")
            return Scored(words, rows, self._by_words(words, rows), [*degraded, "ranker: BM25 order, the model failed"])
        calibration = package.meta.calibration
        return Scored(words, rows, scores, degraded, calibration.probability(scores) if calibration else None)

    def _by_words(self, words: str, rows: np.ndarray) -> np.ndarray:
        """Sum of the BM25 scores of all fields: float32 (n,); 0 for a query without words, which keeps the given order."""
        lexical = self._package.catalogue.lexical
        return np.zeros(len(rows), np.float32) if lexical is None or not words else lexical.scores(words)[rows].sum(axis=1)

    def _answer(self, scored: Scored, k: int, started: float, notes: list[str], unknown: list[str]) -> RankResponse:
        """The k best; candidates of equal score keep their order."""
        best = np.argsort(-scored.scores, kind="stable")[:k]
        shown = self._package.products.take(scored.rows[best]).to_pylist()
        likely = [None] * len(best) if scored.probabilities is None else scored.probabilities[best].tolist()
        results = [
            RankedProduct(product_id=p["product_id"], rank=rank, score=s, probability=likely_s, title=p["title"], price=p["price"])
            for rank, (p, s, likely_s) in enumerate(zip(shown, scored.scores[best].tolist(), likely, strict=True), start=1)
        ]
        return RankResponse(
            model_version=self.version,
            words=scored.words,
            results=results,
            candidates=len(scored.rows),
            unknown_ids=unknown,
            degraded=scored.degraded,
            notes=notes,
            took_ms=round(1000 * (time.perf_counter() - started), 3),
        )


def load(folder: Path, *, cache: Path | None = None, threads: int = 1, media: MediaSettings | None = None) -> RankingService:
    """Load a package folder and answer a request of each kind, so that no shopper waits for weights.

    Args:
        folder: as `build_package` wrote it.
        cache: folder for encoders exported to ONNX; default: the user's cache folder.
        threads: of torch and of each encoder. Few, because requests run side by side.
        media: caps for pictures and sounds.

    Raises:
        ModelFolderError: the folder is damaged.
        StaleFeatureError: an installed encoder is not the one that the model was trained with.
    """
    import torch

    package = open_package(folder)
    names, own = [spec.name for spec in package.ranker.spec.modalities], packed_encoders(folder)
    modalities = make_modalities(names, cache=cache, threads=threads, media=media, own=own, device="auto")
    check_encoders(package.meta, modalities)
    torch.set_num_threads(threads)
    service = RankingService(package, modalities)
    for request in warming_requests():
        service.search(request)
    return service
