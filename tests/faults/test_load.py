"""The load generator against a small server: it counts what was answered, what was lost, and what was sent again."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

from tests.faults.load import LOST, closed, opened, percentile, statuses
from tests.faults.noise import noise
from tests.faults.wire import Answer, ask, head, post

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def against(answer: Callable[[int], bytes | None], load: Callable[[int], Awaitable]):
    """(what the load gives, connections made) against a server whose request `number` gets these bytes; None: it hangs up."""
    made, asked = [], iter(range(10**6))

    async def serve(reader, writer):
        made.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            said = answer(next(asked))
            if said is None:
                break
            writer.write(said)
        writer.close()

    async def quietly(reader, writer):
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def scenario():
        server = await asyncio.start_server(quietly, "127.0.0.1", 0)
        result = await load(server.sockets[0].getsockname()[1])
        for writer in made:
            writer.close()
        server.close()
        return result

    return asyncio.run(scenario()), len(made)


def get(_: int) -> bytes:
    return head("GET", "/")


def test_closed_asks_each_number_once_on_as_many_connections_as_callers():
    sent = []

    def make(number):
        sent.append(number)
        return get(number)

    outcomes, made = against(lambda _: GOOD, lambda port: closed(port, make, 50, 4))
    assert sorted(o.number for o in outcomes) == sorted(sent) == list(range(50))
    assert statuses(outcomes) == {200: 50}
    assert made <= 4
    assert all(o.answer.body == b"ok" for o in outcomes)


def test_open_load_keeps_its_rate():
    started = time.perf_counter()
    outcomes, _ = against(lambda _: GOOD, lambda port: opened(port, get, 50, 0.4))
    assert len(outcomes) == 20
    assert min(o.sent for o in outcomes) >= started
    assert max(o.sent for o in outcomes) - min(o.sent for o in outcomes) >= 0.35


def test_a_connection_that_dies_is_lost_or_sent_again():
    hang_up = lambda number: None if number % 5 == 0 else GOOD  # noqa: E731
    outcomes, _ = against(hang_up, lambda port: closed(port, get, 10, 1))
    assert statuses(outcomes) == {LOST: 2, 200: 8}
    outcomes, _ = against(hang_up, lambda port: closed(port, get, 10, 1, retry=True))
    assert statuses(outcomes) == {200: 10}
    assert sum(o.retried for o in outcomes) == 3


def test_a_connection_that_is_said_to_close_is_not_used_again():
    outcomes, made = against(lambda _: CLOSING, lambda port: closed(port, get, 5, 1))
    assert statuses(outcomes) == {503: 5}
    assert made == 5


def test_chunks_are_put_together():
    answer, _ = against(lambda _: CHUNKED, lambda port: ask(port, get(0)))
    assert (answer.status, answer.body) == (200, b"abcd")


def test_requests_are_written_as_http():
    assert post("/x", {"a": 1}, X_Name="b") == (
        b'POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 8\r\nX-Name: b\r\n\r\n{"a": 1}'
    )


def test_percentiles_of_nothing_are_none():
    assert math.isnan(percentile([], 99))
    assert Answer(200, {}, b'{"a": 1}', 0.0).json() == {"a": 1}


def test_noise_is_heard():
    with noise() as heard:
        time.sleep(0.05)
    assert heard.late and min(heard.late) >= 0
    assert "woke" in str(heard)
