"""Hostile requests: each gets a clear refusal, or what of it can be answered; quickly, and in bounded memory."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults import load
from tests.faults.bombs import base64_of, bomb, chunks, whole
from tests.faults.noise import noise
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import Answer, Connection, ask, head, post

SECONDS, TRIES, LARGE = 400, 7, 300
LIMIT_MS, LIMIT_BYTES = 100.0, 200_000_000
DRIBBLERS, DRIBBLE_SECONDS, EVERY = 100, 8, 0.2


@dataclass(frozen=True)
class Case:
    """Attributes: sent: bytes of the request. statuses: allowed. good: whether an answer with 200 is a valid partial one."""

    name: str
    sent: bytes
    statuses: tuple[int, ...]
    good: Callable[[dict], bool] = lambda _: False


def cases(product_ids: list[str], text: str) -> list[Case]:
    """What stands whole in one request."""
    query = {"text": text}

    def search(**asked: object) -> bytes:
        return post("/v1/search", {"query": asked})

    def rank(candidates: list[str]) -> bytes:
        return post("/v1/rank", {"query": query, "candidates": candidates})

    def raw(body: str | bytes) -> bytes:
        return post("/v1/search", body if isinstance(body, bytes) else body.encode())

    refused = (422,)
    return [
        Case("decompression bomb", search(image=base64_of(bomb())), refused),
        Case("10,000 candidates", rank([f"p{i}" for i in range(10_000)]), refused),
        Case("duplicate candidates", rank(product_ids[:10] * 20), (200,), lambda a: len(a["results"]) == 10 and bool(a["notes"])),
        Case("unknown candidates", rank(["ghost"] * 3), refused),
        Case("some unknown", rank([*product_ids[:3], "ghost"]), (200,), lambda a: a["unknown_ids"] == ["ghost"]),
        Case("empty query", search(text=""), refused),
        Case("blank query", search(text=" \t\u3000"), refused),
        Case("control characters", search(text="\x00\x1b[31m\u202e\x7f"), (200, 422), lambda a: "results" in a),
        Case("lone surrogate", raw('{"query": {"text": "\\ud800"}}'), refused),
        Case("NaN", raw('{"query": {"text": "bag"}, "deadline_ms": NaN}'), refused),
        Case("Infinity", raw('{"query": {"text": "bag"}, "deadline_ms": Infinity}'), refused),
        Case("1e999", raw('{"query": {"text": "bag"}, "deadline_ms": 1e999}'), refused),
        Case("integer of 100,000 digits", raw('{"query": {"text": "bag"}, "k": ' + "9" * 100_000 + "}"), refused),
        Case("nested 100,000 deep", raw(b"[" * 100_000), refused),
        Case("not UTF-8", raw(b'{"query": {"text": "\xff\xfe"}}'), refused),
    ]


def is_answered(case: Case, answer: Answer) -> bool:
    """With an allowed status, and in the form it promises."""
    if answer.status not in case.statuses:
        return False
    said = json.loads(answer.body)
    return case.good(said) if answer.status == 200 else set(said) == {"error", "allowed", "todo"} and bool(said["error"])


async def one(port: int, case: Case) -> Row:
    """A case, several times, each on a connection of its own."""
    answers = [await ask(port, case.sent) for _ in range(TRIES)]
    return _row(case.name, answers, [is_answered(case, answer) for answer in answers])


async def flood(port: int, name: str, start: bytes, body: Callable[[int], Iterator[bytes]]) -> Row:
    """A body of 300 MB, sent for as long as the service takes it, by a caller that reads while it sends."""

    async def send(connection: Connection) -> None:
        try:
            for part in body(LARGE):
                connection.writer.write(part)
                await connection.writer.drain()
        except OSError:
            pass  # the service has said what it has to say, and does not listen any more

    answers = []
    for _ in range(TRIES):
        connection = await Connection.open(port)
        started = time.perf_counter()
        connection.writer.write(start)
        sending = asyncio.create_task(send(connection))
        try:
            answers.append(await asyncio.wait_for(connection.answer(started), 30))
        except (OSError, EOFError):
            answers.append(Answer(load.LOST, {}, b"", time.perf_counter() - started))
        sending.cancel()
        connection.close()
    return _row(name, answers, [answer.status == 413 for answer in answers])


def _row(name: str, answers: list[Answer], good: list[bool]) -> Row:
    """Refusals must also be quick; how long an answer takes is the matter of other faults."""
    ms = statistics.median(1000 * answer.seconds for answer in answers)
    refused = answers[0].status != 200
    statuses = "/".join(map(str, dict.fromkeys(answer.status for answer in answers)))
    limit = f"4xx with words, median under {LIMIT_MS:g} ms" if refused else "what can be answered is"
    ok = all(good) and (ms < LIMIT_MS or not refused)
    return Row(f"hostile: {name}", len(answers), good.count(False), limit, f"{statuses}, median {ms:.1f} ms", ok)


async def dribble(port: int, start: bytes, drop: bytes) -> tuple[list[load.Outcome], int]:
    """A hundred connections that send a byte now and then, and what normal requests get meanwhile: those, and how many held on."""
    slow = [await Connection.open(port) for _ in range(DRIBBLERS)]
    for connection in slow:
        connection.writer.write(start)

    async def drip(connection: Connection) -> None:
        while True:
            await asyncio.sleep(EVERY)
            connection.writer.write(drop)

    drips = [asyncio.create_task(drip(connection)) for connection in slow]
    outcomes = await load.opened(port, lambda _: head("GET", "/v1/health"), 20, DRIBBLE_SECONDS)
    held = sum(not connection.is_closed for connection in slow)
    for task, connection in zip(drips, slow, strict=True):
        task.cancel()
        connection.close()
    return outcomes, held


async def slow_loris(port: int) -> list[Row]:
    """Headers that never end, and bodies that hardly begin."""
    header = b"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
    body = head("POST", "/v1/search", Content_Type="application/json", Content_Length="100000")
    rows = []
    for name, start in (("headers", header), ("bodies", body)):
        outcomes, held = await dribble(port, start, b"a")
        failed = sum(outcome.status != 200 for outcome in outcomes)
        seen = f"{load.statuses(outcomes)}, p99 {load.percentile(outcomes, 99):.0f} ms; {held} slow connections still open"
        rows.append(Row(f"hostile: {DRIBBLERS} slow {name}", len(outcomes), failed, "all others answered", seen, not failed))
    return rows


async def all_of_it(served: Served, stand: Stand) -> list[Row]:
    """Every case, in turn."""
    rows = [await one(served.port, case) for case in cases(stand.product_ids, stand.texts[0])]
    json_type = {"Content_Type": "application/json"}
    stated = head("POST", "/v1/search", Content_Length=str(LARGE * 2**20 + 1), **json_type)
    unstated = head("POST", "/v1/search", Transfer_Encoding="chunked", **json_type)
    rows += [
        await flood(served.port, f"{LARGE} MB, length stated", stated, whole),
        await flood(served.port, f"{LARGE} MB, in chunks", unstated, chunks),
    ]
    return [*rows, *await slow_loris(served.port)]


def measure(stand: Stand) -> list[Row]:
    """All of it against the served Bento, and the memory that it took at its worst."""
    with serve(stand) as served:
        warm = lambda n: post("/v1/search", {"query": {"text": stand.texts[n % len(stand.texts)]}})  # noqa: E731
        asyncio.run(load.closed(served.port, warm, 20, 2))
        served.settle()
        with served.peak() as risen, noise() as heard:
            rows = asyncio.run(all_of_it(served, stand))
    seen = f"at most {risen[0] / 1e6:.0f} MB above before; {heard}"
    memory = Row(
        "hostile: memory", 1, 0, f"all workers together at most {LIMIT_BYTES / 1e6:.0f} MB more", seen, risen[0] <= LIMIT_BYTES
    )
    return [*rows, memory]


if __name__ == "__main__":
    main(measure, SECONDS)
