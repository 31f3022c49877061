"""The service over HTTP: exact status codes, one form of error, capped bodies.

200 an answer   413 the body is too large   422 the request cannot be answered as it stands   503 the service cannot answer
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fuserank.errors import FuserankError, InputError
from fuserank.serving.messages import RankRequest, RankResponse, SearchRequest
from fuserank.serving.service import RankingService
from fuserank.settings import MediaSettings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def create_app(service: Callable[[], RankingService], *, media: MediaSettings | None = None) -> FastAPI:
    """The app with /rank and /search.

    Args:
        service: gives the loaded service; called once a request, so that the app can be made before the service is loaded.
        media: caps for pictures and sounds; the cap on bodies follows from them.
    """
    app = FastAPI(title="fuserank", docs_url=None, redoc_url=None)  # those pages would load their scripts from a CDN
    app.add_middleware(BodyCap, max_bytes=body_cap(media or MediaSettings()))
    app.add_exception_handler(FuserankError, _fuserank_error)
    app.add_exception_handler(RequestValidationError, _wrong_shape)
    app.add_exception_handler(HTTPException, _http_error)

    @app.post("/rank")
    def rank(request: RankRequest) -> RankResponse:
        """Order the given candidates."""
        return service().rank(request)

    @app.post("/search")
    def search(request: SearchRequest) -> RankResponse:
        """Find candidates in the whole catalogue, then order them."""
        return service().search(request)

    return app


def body_cap(media: MediaSettings) -> int:
    """Bytes of the largest request: one picture and one sound in base64, and 1 MiB for the rest."""
    return (media.max_image_bytes + media.max_audio_bytes) * 4 // 3 + 2**20


class BodyCap:
    """ASGI middleware that reads at most `max_bytes` of a body and answers 413 to more, whatever the headers say."""

    def __init__(self, app: Callable[..., Awaitable[None]], max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_bytes:
                refusal = _answer(413, "the request is too large", f"at most {self._max_bytes} bytes", "send smaller media")
                await refusal(scope, receive, send)
                return
        read = False

        async def replay() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, replay, send)


def _answer(status: int, error: str, allowed: str = "", todo: str = "") -> JSONResponse:
    return JSONResponse({"error": error, "allowed": allowed, "todo": todo}, status)


async def _fuserank_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FuserankError)
    return _answer(422 if isinstance(error, InputError) else 503, error.came, error.allowed, error.todo)


async def _wrong_shape(_: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong with the JSON. What came is not repeated: it may be large, or not even text."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:] if not isinstance(part, int)) or "body"
    return _answer(422, f"{where}: {first['msg']}", "the fields in /openapi.json", "correct the request")


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, str(error.detail), "POST /rank or /search with a JSON body", "correct the request")
