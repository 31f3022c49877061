"""Addresses under /v1 that there are not. Without this, what stands around the app would refuse them in a form of its own."""

from __future__ import annotations

from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from fuserank.serving.http.answers import refusal


class Elsewhere(Route):
    """The last route: whatever no other takes, by any method. It matches in part, so that every other is preferred."""

    def __init__(self) -> None:
        super().__init__("/v1/{rest:path}", lambda _: None, include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Never in full: an address that is taken by another method is answered with 405 by its own route."""
        match, child = super().matches(scope)
        return (Match.NONE if match is Match.NONE else Match.PARTIAL), child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404."""
        await refusal(404, "no such address", "the addresses in /openapi.json", "correct the request")(scope, receive, send)
