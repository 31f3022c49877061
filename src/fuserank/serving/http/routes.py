"""The interface, a line a route. To add one: a message for what is asked and answered, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fuserank.messages import (
    CatalogueChange,
    DeleteRequest,
    ExplainRequest,
    ExplainResponse,
    FeedbackRequest,
    FeedbackResponse,
    Message,
    RankRequest,
    RankResponse,
    SearchRequest,
    UpsertRequest,
)
from fuserank.serving.deployment import Deployment


@dataclass(frozen=True)
class Route:
    """One address.

    Attributes:
        method, path: of HTTP.
        takes, gives: messages.
        call: does it, out of the deployment, what was asked and when it came (`time.perf_counter`).
        summary: for the published schema.
    """

    method: str
    path: str
    takes: type[Message]
    gives: type[Message]
    call: Callable[[Deployment, Any, float], Message]
    summary: str

    @property
    def name(self) -> str:
        """The last part of the path, for metrics."""
        return self.path.removeprefix("/v1/").replace("/", "_")


ROUTES = (
    Route("POST", "/v1/rank", RankRequest, RankResponse, Deployment.rank, "Order the given candidates"),
    Route(
        "POST",
        "/v1/search",
        SearchRequest,
        RankResponse,
        Deployment.search,
        "Find candidates in the whole catalogue, then order them",
    ),
    Route("POST", "/v1/feedback", FeedbackRequest, FeedbackResponse, Deployment.feedback, "What shoppers did with an answer"),
    Route("PUT", "/v1/products", UpsertRequest, CatalogueChange, Deployment.upsert, "Add or change products"),
    Route("POST", "/v1/products/delete", DeleteRequest, CatalogueChange, Deployment.delete, "Remove products"),
    Route("POST", "/v1/explain", ExplainRequest, ExplainResponse, Deployment.explain, "Why products stand where they stand"),
)
