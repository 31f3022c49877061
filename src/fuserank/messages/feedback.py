"""What shoppers did with an answer, in the words of User Behavior Insights (UBI 1.3, github.com/o19s/ubi)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from fuserank.messages.base import Message, OpaqueId, ProductId

MAX_EVENTS = 1000
FIRST, AHEAD = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=1)  # a clock may be a little ahead, or in another zone

Action = Literal["impression", "click", "add_to_cart", "purchase"]


def _iso(value: Any) -> Any:
    """Text alone: whether a number counts seconds or milliseconds nobody could tell."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("no time in ISO 8601") from None


class UbiObject(Message):
    """What was acted upon."""

    object_id: ProductId
    object_id_field: str = Field("product_id", max_length=64)


class UbiPosition(Message):
    """Where it stood."""

    ordinal: int | None = Field(None, ge=1, le=100_000, description="1 is the top")


class UbiAttributes(Message):
    """Of an event; further attributes are read past."""

    model_config = ConfigDict(extra="ignore")

    object: UbiObject
    position: UbiPosition | None = None


class UbiEvent(Message):
    """One event."""

    action_name: Action
    query_id: OpaqueId = Field(description="the `request_id` of the answer")
    timestamp: Annotated[datetime, BeforeValidator(_iso)] = Field(description="ISO 8601 with a zone")
    client_id: OpaqueId | None = Field(None, description="the shopper; stored as a salted hash")
    session_id: OpaqueId | None = None
    event_attributes: UbiAttributes

    @model_validator(mode="after")
    def _at_a_time_that_was(self) -> UbiEvent:
        if self.timestamp.tzinfo is None:
            raise ValueError("timestamp: a time without zone; write it like 2026-01-31T12:00:00Z")
        if not FIRST <= self.timestamp <= datetime.now(UTC) + AHEAD:
            raise ValueError("timestamp: before 2000, or in the future; is the clock right?")
        return self


class FeedbackRequest(Message):
    """Events, in any order."""

    events: list[UbiEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class FeedbackResponse(Message):
    """How many events were taken into the log, and how many were dropped because it could not follow."""

    accepted: int
    dropped: int
