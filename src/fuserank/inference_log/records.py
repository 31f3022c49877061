"""The two kinds of records: what is given to the log, and the columns that are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

Kind = Literal["rankings", "events"]
Route = Literal["rank", "search"]
Role = Literal["champion", "challenger", "shadow", "interleaved"]


@dataclass(frozen=True, slots=True)
class RankingRecord:
    """One answered request. Nothing given here may be changed afterwards: it is read later, by another thread.

    Attributes:
        request_id: also the `query_id` of the events that follow.
        time: milliseconds since 1970, UTC.
        role: what the model was to the shopper; a shadow's ranking was shown to nobody.
        text: the words looked up; stored masked.
        user: the id as it came; stored as a pseudonym.
        product_ids: shown, best first.
        scores: one for each of them.
        candidates: how many products were ordered.
        teams: for an interleaved answer the model that put each product, else None.
        query_vectors: modality -> (d,), finite in float16.
        present: modality -> share of the candidates that have it, 0..1.
        degraded: what was left out, as the answer says it.
        took_ms: of the whole request.
        session_id: the id as it came; stored as a pseudonym.
        by_name: the request named the model that answers, so no draw decided it.
    """

    request_id: str
    time: int
    route: Route
    model_version: str
    role: Role
    text: str
    locale: str
    user: str | None
    has_text: bool
    has_image: bool
    has_audio: bool
    has_user: bool
    product_ids: Sequence[str]
    scores: Sequence[float]
    candidates: int
    took_ms: float
    teams: Sequence[str] | None = None
    query_vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    present: Mapping[str, float] = field(default_factory=dict)
    degraded: Sequence[str] = ()
    session_id: str | None = None
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What a shopper did: an event of User Behavior Insights 1.3 (https://github.com/o19s/ubi).

    Attributes:
        time: milliseconds since 1970, UTC (UBI `timestamp`).
        action_name: "impression", "click", "add_to_cart", "purchase", or another name that the caller lets through.
        request_id: the request whose answer was acted on (UBI `query_id`).
        product_id: UBI `object_id`.
        user: the id as it came (UBI `client_id`); stored as a pseudonym.
        session_id: likewise.
        position: 1 is the top (UBI `ordinal`); None when unknown.
    """

    time: int
    action_name: str
    request_id: str
    product_id: str
    user: str | None = None
    session_id: str | None = None
    position: int | None = None


Record = RankingRecord | EventRecord
KINDS: dict[type, Kind] = {RankingRecord: "rankings", EventRecord: "events"}

_S, _B = pa.string(), pa.bool_()
_TIME = pa.timestamp("ms", "UTC")


def _schema(columns: dict[str, pa.DataType], nullable: tuple[str, ...]) -> pa.Schema:
    return pa.schema([pa.field(name, type_, nullable=name in nullable) for name, type_ in columns.items()])


# Beside the record's own: `sampled`, the probability with which the row was kept; a row stands for 1 / sampled requests.
# A query vector is d float16, little-endian, in 2 d bytes; `fuserank.inference_log.query_vectors` reads it.
SCHEMAS: dict[Kind, pa.Schema] = {
    "rankings": _schema(
        {
            "request_id": _S,
            "time": _TIME,
            "route": _S,
            "model_version": _S,
            "role": _S,
            "text": _S,
            "locale": _S,
            "user": _S,
            "has_text": _B,
            "has_image": _B,
            "has_audio": _B,
            "has_user": _B,
            "query_vectors": pa.map_(_S, pa.binary()),
            "product_ids": pa.list_(_S),
            "scores": pa.list_(pa.float32()),
            "teams": pa.list_(_S),
            "candidates": pa.int32(),
            "present": pa.map_(_S, pa.float32()),
            "degraded": pa.list_(_S),
            "took_ms": pa.float32(),
            "sampled": pa.float32(),
            "session_id": _S,
            "by_name": _B,
        },
        nullable=("user", "teams", "session_id", "by_name"),
    ),
    "events": _schema(
        {
            "time": _TIME,
            "action_name": _S,
            "request_id": _S,
            "user": _S,
            "session_id": _S,
            "product_id": _S,
            "position": pa.int32(),
        },
        nullable=("user", "session_id", "position"),
    ),
}
