"""The service over HTTP: exact status codes, one form of error, capped bodies, work off the event loop.

200 an answer   401 no token   404 no such thing   408 too slow   413 the body is too large
415 not JSON    422 the request cannot be answered as it stands   503 the service cannot answer now (Retry-After says when)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from fuserank.errors import FuserankError
from fuserank.messages import Health, Message, ProductDetails
from fuserank.serving.deployment import Deployment
from fuserank.serving.http.admission import Admission, Overloaded, Shedding
from fuserank.serving.http.answers import bug, fuserank_error, http_error, refusal, wrong_shape
from fuserank.serving.http.body import BodyCap
from fuserank.serving.http.elsewhere import Elsewhere
from fuserank.serving.http.page import add_page
from fuserank.serving.http.routes import ROUTES, Route
from fuserank.serving.metrics import METRICS
from fuserank.serving.pictures import mime_of
from fuserank.settings import MediaSettings

SMALL_BODY = 65_536  # bytes that are parsed on the event loop; more would hold up everybody else

Serve = Callable[[], Deployment]


def create_app(deployment: Serve, *, media: MediaSettings | None = None, threads: int = 2, patience_ms: float = 20.0) -> FastAPI:
    """The app: /v1 and the page.

    Args:
        deployment: gives what is served; called once a request, so that the app can be made before anything is loaded.
        media: caps for pictures and sounds; the cap on bodies follows from them.
        threads: requests that are computed at once.
        patience_ms: milliseconds that a request may wait for its turn before it is shed.
    """
    # No pages of FastAPI's own: they load their scripts from a CDN.
    app = FastAPI(title="fuserank", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(BodyCap, max_bytes=body_cap(media or MediaSettings()))
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    admission = Admission(threads, patience_ms / 1000, METRICS.inside.set)
    app.add_middleware(Shedding, admission=admission, paths=[route.path for route in ROUTES], answer=_shed)
    for route in ROUTES:
        _add(app, route, deployment, admission)
    _add_reading(app, deployment)
    add_page(app)
    app.router.routes.append(Elsewhere())
    return app


def body_cap(media: MediaSettings) -> int:
    """Bytes of the largest request: one picture and one sound in base64, and 1 MiB for the rest."""
    return (media.max_image_bytes + media.max_audio_bytes) * 4 // 3 + 2**20


class _Whole(APIRoute):
    """A route whose endpoint takes the request and gives the response itself, so that FastAPI resolves nothing on the way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def _add(app: FastAPI, route: Route, deployment: Serve, admission: Admission) -> None:
    """The endpoint of a route. The JSON is read by pydantic alone, which is several times faster than FastAPI's way round."""

    async def endpoint(request: Request) -> Response:
        arrived = time.perf_counter()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return refusal(415, "the body is not called JSON", "Content-Type: application/json", "name the type of the body")
        body = await request.body()
        parse = route.takes.model_validate_json
        asked = parse(body) if len(body) <= SMALL_BODY else await asyncio.to_thread(parse, body)
        answer = await admission(lambda: route.call(deployment(), asked, arrived))
        METRICS.answered(route.name, time.perf_counter() - arrived)
        return _json(answer)

    schema = route.takes.model_json_schema(ref_template=f"#/components/schemas/{route.takes.__name__}/$defs/{{model}}")
    app.router.add_api_route(
        route.path,
        endpoint,
        route_class_override=_Whole,
        methods=[route.method],
        name=route.name,
        summary=route.summary,
        responses={200: {"model": route.gives}},
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema)}}}},
    )


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references: definitions stand where they are used."""
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return resolve(definitions[part["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in part.items()}
        return [resolve(item) for item in part] if isinstance(part, list) else part

    inlined: dict[str, Any] = resolve(schema)
    return inlined


def _add_reading(app: FastAPI, deployment: Serve) -> None:
    """What is only looked up."""

    @app.get("/v1/health", summary="How this worker is", response_class=Response, responses={200: {"model": Health}})
    async def health() -> Response:
        return _json(deployment().health())

    @app.get("/v1/product", summary="One product", response_class=Response, responses={200: {"model": ProductDetails}})
    async def product(product_id: str) -> Response:
        return _json(deployment().details(product_id))

    @app.get("/v1/picture", summary="The picture of a product, small", response_class=Response)
    async def picture(product_id: str) -> Response:
        data = deployment().picture(product_id)
        if data is None:
            return refusal(404, "no picture", "a product with has_picture", "ask for another product")
        return Response(data, media_type=mime_of(data), headers={"Cache-Control": "private, max-age=300"})


def _json(message: Message) -> Response:
    return Response(message.__pydantic_serializer__.to_json(message), media_type="application/json")


def _shed(overloaded: Overloaded) -> Response:
    METRICS.shed.inc()
    todo = "come back after Retry-After seconds"
    return refusal(503, "too many requests at once", todo=todo, Retry_After=str(overloaded.retry_after))


async def _overloaded(_: Request, error: Exception) -> Response:
    assert isinstance(error, Overloaded)
    return _shed(error)


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    FuserankError: fuserank_error,
    ValidationError: wrong_shape,
    RequestValidationError: wrong_shape,
    HTTPException: http_error,
    Overloaded: _overloaded,
    Exception: bug,
}
