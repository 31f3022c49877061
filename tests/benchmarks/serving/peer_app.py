"""A bare ASGI app for the requests of the service: JSON in, one way of ordering, JSON of the same size out; no checks, no threads.

POST /bare    the query is encoded as the service encodes it, the candidates keep their order
POST /words   BM25 of all fields; nothing is encoded
POST /trees   LightGBM LambdaMART on the pair scores that the service computes too
POST /cross   a cross-encoder: the network of MiniLM reads query and title together, one head on its first token
POST /bm25s   the library bm25s alone finds products in the whole catalogue
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from fuserank.encoders.text_cleaning import clean_text
from fuserank.features import build_query_features
from fuserank.modalities.lexical import COVERAGE
from fuserank.modalities.tokens import tokenize
from fuserank.serving.service import RankingService
from fuserank.slates import Features
from fuserank.types import Query

Scope = MutableMapping[str, Any]
Receive, Send = Callable[[], Awaitable[Scope]], Callable[[Scope], Awaitable[None]]
Asked = dict[str, Any]
DEPTH = 200  # products that bm25s finds, as many as each retriever of the service


class Peers:
    """The app.

    Args:
        service: gives what a package holds; called once a request, so that the app can be made before it is loaded.
        trees: file of a LightGBM booster.
    """

    def __init__(self, service: Callable[[], RankingService], trees: Path) -> None:
        self._service, self._trees = service, trees
        self.ways: dict[str, Callable[[Asked], np.ndarray]] = {
            f"/{way.__name__}": way for way in (self.bare, self.words, self.trees, self.cross, self.bm25s)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = to_json(self.answer(scope["path"], from_json(body)))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def answer(self, path: str, asked: Asked) -> Asked:
        """The answer's fields are those of the service."""
        stock, order = self._service().stock, self.ways[path](asked)
        lines = [
            {**line, "rank": rank, "score": 0.125 * rank, "probability": None}
            for rank, line in enumerate(stock.details(order[: asked.get("k", 10)]), start=1)
        ]
        words = asked["query"].get("text", "")
        return {
            "request_id": "0" * 32, "model_version": "late@000000000000", "role": "champion", "words": words,
            "results": lines, "candidates": len(order), "unknown_ids": [], "degraded": [], "notes": [], "took_ms": 1.0,
        }  # fmt: skip

    def bare(self, asked: Asked) -> np.ndarray:
        """Encode; of a search the first products are the answer."""
        service = self._service()
        media = {kind: base64.b64decode(data) for kind in ("image", "audio") if (data := asked["query"].get(kind))}
        query = Query("request", clean_text(asked["query"].get("text", "")), **{kind: kind for kind in media})
        if query.audio and not query.text:
            audio = next(m for m in service.modalities if m.name == "audio")
            query = replace(query, text=audio.transcribe(media["audio"], service.stock.catalogue.words))
        for modality in service.modalities:
            if modality.encoder and not modality.query_from_history and (content := modality.query_content(query)):
                value = media[content.value] if content.is_media else content.value
                modality.encoder.encode([modality.encoder.prepare(value)])
        return self._rows(asked) if "candidates" in asked else np.arange(DEPTH)

    def words(self, asked: Asked) -> np.ndarray:
        """BM25."""
        rows = self._rows(asked)
        return _best(rows, self._service().stock.catalogue.lexical.scores(asked["query"]["text"], rows).sum(axis=1))

    def trees(self, asked: Asked) -> np.ndarray:
        """LambdaMART."""
        service, rows = self._service(), self._rows(asked)
        query = Query("request", asked["query"]["text"])
        queries, _ = build_query_features([query], service.modalities, service.stock.catalogue, None, {}.__getitem__, workers=0)
        slate = Features(service.modalities, service.stock.catalogue, queries).slate(0, rows)
        return _best(rows, self._booster.predict(slate.pairs, num_threads=1))

    def cross(self, asked: Asked) -> np.ndarray:
        """A cross-encoder with a random head; a batch of 32 pairs at once."""
        stock, rows, text = self._service().stock, self._rows(asked), asked["query"]["text"]
        titles, encoder = stock.shown["title"].take(rows).to_pylist(), self._service().modalities[0].encoder
        scores = []
        for start in range(0, len(titles), 32):
            states, _, _ = encoder.states([(text, title) for title in titles[start : start + 32]])
            scores.append(states[:, 0] @ self._head)
        return _best(rows, np.concatenate(scores))

    def bm25s(self, asked: Asked) -> np.ndarray:
        """The best of all products by one field that holds all words."""
        index = self._service().stock.catalogue.lexical.fields[COVERAGE]
        known = [token for token in dict.fromkeys(tokenize(asked["query"]["text"])) if token in index.vocab_dict]
        found, _ = index.retrieve([known], k=DEPTH, show_progress=False)
        return found[0].astype(np.int64)

    def _rows(self, asked: Asked) -> np.ndarray:
        row_of = self._service().stock.catalogue.row_of
        return np.array([row_of[product_id] for product_id in asked["candidates"]], np.int64)

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_file=str(self._trees))

    @cached_property
    def _head(self) -> np.ndarray:
        return np.random.default_rng(0).standard_normal(384, np.float32)


def _best(rows: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return rows[np.argsort(-scores, kind="stable")]
