"""From answers and feedback to records of the inference log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fuserank.inference_log import EventRecord, RankingRecord
from fuserank.inference_log.records import Role, Route
from fuserank.messages import RankRequest, SearchRequest, UbiEvent
from fuserank.serving.answered import Answered

Request = RankRequest | SearchRequest
# Told of each answer, the shadow's included; neither waits nor raises.
Observer = Callable[[Route, Role, Request, Answered], None]


def observer(put: Callable[[RankingRecord], object]) -> Observer:
    """Gives a record of every answer to `put`, usually that of a log."""

    def observe(route: Route, role: Role, request: Request, answered: Answered) -> None:
        response, queries, asked = answered.response, answered.scored.queries, request.query
        vectors = {}
        if queries is not None:
            vectors = {name: queries.vectors[name][0] for name in queries.modalities if queries.has(name)[0]}
        put(
            RankingRecord(
                request_id=response.request_id,
                time=int(time.time() * 1000),
                route=route,
                model_version=response.model_version,
                role=role,
                text=response.words,
                locale=asked.locale,
                user=asked.user_id,
                has_text=bool(asked.text.strip()),
                has_image=asked.image is not None,
                has_audio=asked.audio is not None,
                has_user=asked.user_id is not None,
                product_ids=[line.product_id for line in response.results],
                scores=[line.score for line in response.results],
                candidates=response.candidates,
                took_ms=response.took_ms,
                teams=answered.teams,
                query_vectors=vectors,
                present=_present(answered),
                degraded=response.degraded,
                session_id=request.session_id,
                by_name=request.model is not None,
            )
        )

    return observe


def _present(answered: Answered) -> dict[str, float]:
    """modality -> share of the candidates that have it; {} without candidates."""
    catalogue, rows = answered.stock.catalogue, answered.scored.rows
    if not len(rows):
        return {}
    return dict(zip(catalogue.modalities, catalogue.present[rows].mean(axis=0).tolist(), strict=True))


def event_records(events: Sequence[UbiEvent]) -> list[EventRecord]:
    """Feedback as records."""
    return [
        EventRecord(
            time=int(event.timestamp.timestamp() * 1000),
            action_name=event.action_name,
            request_id=event.query_id,
            product_id=event.event_attributes.object.object_id,
            user=event.client_id,
            session_id=event.session_id,
            position=event.event_attributes.position.ordinal if event.event_attributes.position else None,
        )
        for event in events
    ]
