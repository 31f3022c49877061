"""The page at `/`: static files of this package, under a policy that lets nothing in from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

FOLDER = Path(__file__).parents[1] / "page"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(self)",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Routes for every file of the page, named when the app is made: no path from outside is ever looked up on disk."""
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in TYPES:
            address = "/" if file.name == "index.html" else f"/page/{file.name}"
            app.add_api_route(address, _giver(file), methods=["GET"], include_in_schema=False)


def _giver(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def give(_: Request) -> Response:
        return FileResponse(file, media_type=TYPES[file.suffix], headers=HEADERS)

    return give
