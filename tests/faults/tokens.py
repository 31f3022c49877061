"""Without the token nothing is given: not an answer, not a page, not a metric, not even whether a route exists."""

from __future__ import annotations

import asyncio
import inspect
import urllib.parse

from fuserank.serving.http import page
from fuserank.serving.http.access import TokenGate
from tests.faults.row import Row, main
from tests.faults.served import serve
from tests.faults.stand import Stand
from tests.faults.wire import ask, head, post

SECONDS, TOKEN = 170, "Correct-Horse-7f3a91c2"

# What BentoML serves by itself, and what it would.
BENTOML = (
    "/healthz", "/livez", "/readyz", "/metrics", "/schema.json", "/docs.json", "/docs", "/redoc", "/openapi.json", "/favicon.ico",
    "/static_content/", "/static_content/index.css", "/health", "/nowhere", "//v1/health", "/v1/health/", "/V1/health",
)  # fmt: skip

WRONG = {
    "none": None,
    "empty": "",
    "no scheme": TOKEN,
    "empty bearer": "Bearer ",
    "other": "Bearer Wrong-Horse-00000000",
    "last letter off": f"Bearer {TOKEN[:-1]}3",
    "one letter short": f"Bearer {TOKEN[:-1]}",
    "one letter more": f"Bearer {TOKEN}2",
    "other case": f"Bearer {TOKEN.lower()}",
    "twice": f"Bearer {TOKEN} {TOKEN}",
    "other scheme": f"Basic {TOKEN}",
    "not ASCII": f"Bearer {TOKEN}é",
}


def routes(document: dict, product: str, texts: list[str]) -> list[tuple[str, str, dict | None]]:
    """(method, path, body) of every route of an OpenAPI document, so that the right token gets an answer and no refusal."""
    query = {"text": texts[0]}
    event = {"action_name": "click", "query_id": "any", "timestamp": "2026-01-31T12:00:00Z"}
    bodies = {
        "/v1/rank": {"query": query, "candidates": [product]},
        "/v1/explain": {"query": query, "product_ids": [product]},
        "/v1/feedback": {"events": [{**event, "event_attributes": {"object": {"object_id": product}}}]},
        "/v1/products": {"products": [{"product_id": "new", "title": "a new mug"}]},
        "/v1/products/delete": {"product_ids": ["new"]},
    }
    found = []
    for path, methods in document["paths"].items():
        for method in methods:
            asked = (
                f"{path}?product_id={urllib.parse.quote(product)}" if "product" in str(methods[method].get("parameters")) else path
            )
            found.append((method.upper(), asked, None if method == "get" else bodies.get(path, {"query": query})))
    return found


def own_files() -> list[tuple[str, str, dict | None]]:
    """Addresses of the page, and of what BentoML brings along."""
    names = [file.name for file in sorted(page.FOLDER.iterdir()) if file.suffix in page.TYPES]
    paths = ("/", *(f"/page/{name}" for name in names if name != "index.html"), *BENTOML)
    return [("GET", path, None) for path in paths]


def raw(method: str, path: str, body: dict | None, credential: str | None) -> bytes:
    """The request with a credential."""
    headers = {} if credential is None else {"Authorization": credential}
    return head(method, path, **headers) if body is None else post(path, body, method, **headers)


async def try_all(port: int, stand: Stand) -> tuple[int, list[str], list[str]]:
    """(tries with a wrong credential, what let one in, routes that do not work with the right token)."""
    right = f"Bearer {TOKEN}"
    document = (await ask(port, raw("GET", "/openapi.json", None, right))).json()
    published = routes(document, stand.product_ids[0], stand.texts)
    tried, let_in, shut_out = 0, [], []
    for method, path, body in [*published, *own_files()]:
        for name, credential in WRONG.items():
            tried += 1
            answer = await ask(port, raw(method, path, body, credential))
            if answer.status != 401 or set(answer.json()) != {"error", "allowed", "todo"}:
                let_in.append(f"{method} {path} with {name}: {answer.status}")
    for method, path, body in [*published, ("GET", "/", None), *(("GET", path, None) for path in BENTOML[:5])]:
        answer = await ask(port, raw(method, path, body, right))
        if answer.status not in (200, 404) or (answer.status == 404 and "picture" not in path):
            shut_out.append(f"{method} {path}: {answer.status}")
    return tried, let_in, shut_out


def measure(stand: Stand) -> list[Row]:
    """Every route with every wrong credential, and with the right one."""
    with serve(stand, token=TOKEN) as served:
        tried, let_in, shut_out = asyncio.run(try_all(served.port, stand))
    constant = "hmac.compare_digest(" in inspect.getsource(TokenGate)
    seen = f"{tried - len(let_in)} × 401" + (f"; let in: {', '.join(let_in[:5])}" if let_in else "")
    works = "all answer" if not shut_out else ", ".join(shut_out[:5])
    return [
        Row("tokens: wrong", tried, len(let_in), "all 401, nothing else said", seen, not let_in),
        Row("tokens: right", 1, len(shut_out), "every route answers", works, not shut_out),
        Row("tokens: compared in constant time", 1, int(not constant), "hmac.compare_digest", f"in the code: {constant}", constant),
    ]


if __name__ == "__main__":
    main(measure, SECONDS)
