"""One form for everything that is refused: what came, what is allowed, what to do next. Never a path, never a traceback."""

from __future__ import annotations

import logging

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from fuserank.errors import FuserankError, InputError
from fuserank.serving.metrics import METRICS

log = logging.getLogger(__name__)
SHOWN = 80  # characters of a place in the JSON


def refusal(status: int, error: str, allowed: str = "", todo: str = "", **headers: str) -> JSONResponse:
    """An error as JSON.

    Args:
        headers: further ones, `Retry_After="1"` for Retry-After: 1.
    """
    METRICS.refused.labels(str(status)).inc()
    body = {"error": error, "allowed": allowed, "todo": todo}
    return JSONResponse(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


async def fuserank_error(_: Request, error: Exception) -> JSONResponse:
    """422 for what the caller can mend, 503 for what only the owner can: that goes to the log, and no word of it outside."""
    assert isinstance(error, FuserankError)
    if isinstance(error, InputError):
        return refusal(422, error.came, error.allowed, error.todo)
    log.error("the service cannot answer", exc_info=error)
    return refusal(503, "the service cannot answer", todo="try again later; its log says why")


async def wrong_shape(_: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong with the JSON. What came is not repeated: it may be large, or not even text."""
    assert isinstance(error, ValidationError | RequestValidationError)
    found = error.errors()
    # Of a value that may be of several kinds, the kind that it came nearest to: whose error lies deepest in it.
    first = max((one for one in found if one["loc"][:2] == found[0]["loc"][:2]), key=lambda one: len(one["loc"]))
    return refusal(422, f"{_where(first['loc'])}: {first['msg']}", "the fields in /openapi.json", "correct the request")


def _where(loc: tuple[int | str, ...]) -> str:
    """`products[3].price`; names of the kinds that were tried are left out, and a name that came may be long."""
    where = ""
    for part in loc:
        if isinstance(part, int):
            where += f"[{part}]"
        elif part.isidentifier() and part.islower():
            where += f".{part}" if where else part
    return (where if len(where) <= SHOWN else f"{where[:SHOWN]}…") or "body"


async def http_error(_: Request, error: Exception) -> JSONResponse:
    """No such address, or another method; then `Allow` names those that it takes (RFC 9110, 15.5.6)."""
    assert isinstance(error, HTTPException)
    return refusal(
        error.status_code, str(error.detail), "the addresses in /openapi.json", "correct the request", **(error.headers or {})
    )


async def bug(_: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw."""
    log.error("unforeseen", exc_info=error)
    return refusal(500, "the service failed", todo="try again; its log says why")
