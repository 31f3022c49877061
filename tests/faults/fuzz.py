"""Ten thousand requests out of the service's own schema and of damaged media: no answer is a 5xx, and no memory is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.faults import load
from tests.faults.bombs import base64_of
from tests.faults.mutants import mutants
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import HOST, ask, head, post

SECONDS, SEED, WIDTH = 1500, 0, 4
WARM_WIDTH = 24  # connections, which a worker keeps: of four it may take all, and the other one has seen nothing
WARM_UP, FROM_SCHEMA, DAMAGED = 1_000, 3_500, 7_000
SOUNDS = 0.1  # of the damaged media: one that can still be heard is listened to for words, which takes most of a second
GROWTH, AFTERWARDS = 0.05, 20.0  # seconds, in which workers give back what is free


def from_schema(document: dict, count: int) -> Iterator[bytes]:
    """About `count` requests, right and wrong ones by turns, that schemathesis makes of an OpenAPI document."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(document)
    operations = [operation.ok() for operation in schema.get_all_operations()]
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            yield from _generated(operation, mode, count // (2 * len(operations)))


def _generated(operation, mode, count: int) -> list[bytes]:
    made: list[bytes] = []

    @seed(SEED)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case) -> None:
        made.append(_as_bytes(case))

    try:
        collect()
    except Exception as error:  # nothing wrong can be asked of a route without parameters
        print(f"{operation.label}, {mode.value}: {type(error).__name__}: {error}"[:200])
    return made


def _as_bytes(case) -> bytes:
    """The case as a request of its own on the wire."""
    import requests

    prepared = requests.Request(**case.as_transport_kwargs(base_url=f"http://{HOST}")).prepare()
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{prepared.method} {prepared.path_url} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    kept = [f"{n}: {v}" for n, v in prepared.headers.items() if n.lower() not in ("host", "content-length", "transfer-encoding")]
    return ("\r\n".join([*lines, *kept]) + "\r\n\r\n").encode("latin-1", "replace") + body


def damaged(count: int) -> Iterator[bytes]:
    """Searches by damaged media, half of them with words."""
    for number, (kind, data) in enumerate(mutants(count, SEED, SOUNDS)):
        words = {"text": "red bag"} if number % 2 else {}
        yield post("/v1/search", {"query": {kind: base64_of(data), **words}, "k": 3})


async def all_of_it(served: Served, asked: list[bytes]) -> tuple[list[load.Outcome], int]:
    """Outcomes, and bytes of memory after the warm-up."""
    first = await load.closed(served.port, lambda n: asked[n], WARM_UP, WARM_WIDTH)
    await asyncio.to_thread(served.settle)
    await asyncio.sleep(AFTERWARDS)
    before = served.resident()
    rest = await load.closed(served.port, lambda n: asked[n + WARM_UP], len(asked) - WARM_UP, WIDTH)
    return [*first, *rest], before


def mixed(parts: list[list[bytes]]) -> list[bytes]:
    """Requests of all kinds from the beginning to the end, so that the warm-up has seen them all."""
    placed = [(number / len(part), request) for part in parts for number, request in enumerate(part)]
    return [request for _, request in sorted(placed, key=lambda pair: pair[0])]


def measure(stand: Stand) -> list[Row]:
    """All of it, with patience, so that nothing is shed before it is looked at."""
    with serve(stand, FUSERANK_SERVING__PATIENCE_MS="60000") as served:
        document = asyncio.run(ask(served.port, head("GET", "/openapi.json"))).json()
        asked = mixed([list(from_schema(document, FROM_SCHEMA)), list(damaged(DAMAGED))])
        outcomes, before = asyncio.run(all_of_it(served, asked))
        time.sleep(AFTERWARDS)
        grown = served.resident() / before - 1
    limit = f"workers together grow by less than {GROWTH:.0%} after {WARM_UP} requests"
    memory = Row("fuzz: memory", 1, 0, limit, f"{grown:+.1%} of {before / 1e6:.0f} MB", grown < GROWTH)
    return [answers(outcomes, asked), memory]


def answers(outcomes: list[load.Outcome], asked: list[bytes]) -> Row:
    """Failures are answers with 5xx, lost connections and refusals without words; something must have been answered, too."""
    failed = [o for o in outcomes if o.status >= 500 or o.status == load.LOST or (o.status >= 400 and not o.answer.body)]
    seen = f"{load.statuses(outcomes)}" + "".join(f"; {asked[o.number][:300]!r}" for o in failed[:2])
    ok = not failed and any(o.status == 200 for o in outcomes)
    return Row("fuzz: answers", len(outcomes), len(failed), "no 5xx, no lost connection, words with every 4xx", seen, ok)


if __name__ == "__main__":
    main(measure, SECONDS)
