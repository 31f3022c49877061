"""The door for bodies: bounded in bytes and in time, read before anything looks at them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fuserank.serving.http.answers import refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


UNSTATED = 2**20  # bytes of a body that does not say how long it is: a larger one is refused before much of it is read


class BodyCap:
    """ASGI middleware that reads at most `max_bytes` of a body within `seconds`: 413 to more, 408 to slower."""

    def __init__(self, app: App, max_bytes: int, seconds: float = 20.0) -> None:
        self._app, self._max_bytes, self._seconds = app, max_bytes, seconds

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"")
        if stated.isdigit() and int(stated) > self._max_bytes:
            await self._too_large(scope, receive, send)
            return
        cap = self._max_bytes if stated.isdigit() else min(UNSTATED, self._max_bytes)
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive, cap)
        except TimeoutError:
            await refusal(408, "the request came too slowly", f"within {self._seconds:g} s", "send it faster")(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > cap:
            await self._too_large(scope, receive, send)
            return
        read = False

        async def replay() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive, cap: int) -> bytearray | None:
        """The body, or a little more than `cap` bytes of it; None when the caller went away."""
        body, more = bytearray(), True
        while more and len(body) <= cap:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body

    async def _too_large(self, scope: Message, receive: Receive, send: Send) -> None:
        """Without `Connection: close`: the server then reads past the rest. Closing on a caller who still sends resets the
        connection, and the answer is lost on its way."""
        allowed = f"at most {self._max_bytes} bytes, of which more than {UNSTATED} only with Content-Length"
        answer = refusal(413, "the request is too large", allowed, "send smaller media, and say how long the body is")
        await answer(scope, receive, send)
