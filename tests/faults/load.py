"""Load: many requests at once, closed (each caller waits for its answer) or open (they come at their time, whatever happens)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.faults.wire import Answer, Connection

LOST = 0  # in place of a status: the connection went away without an answer


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Attributes:
        number: of the request.
        sent: when, in `time.perf_counter`.
        seconds: until the answer, retries included.
        status: of HTTP, or LOST.
        answer: None where it was lost.
        retried: it was sent again on a new connection, after the first went away without an answer.
    """

    number: int
    sent: float
    seconds: float
    status: int
    answer: Answer | None
    retried: bool = False


Make = Callable[[int], bytes]


class Callers:
    """Connections that are kept alive and given to whoever asks next."""

    def __init__(self, port: int, retry: bool) -> None:
        self._port, self._retry = port, retry
        self._idle: list[Connection] = []

    async def ask(self, number: int, raw: bytes) -> Outcome:
        """One request, on a connection that is open still: a server may close an idle one at any time."""
        sent, tries = time.perf_counter(), 0
        while True:
            tries += 1
            connection = None
            try:
                connection = self._open_one() or await Connection.open(self._port)
                answer = await asyncio.wait_for(connection.ask(raw), 60)
            except (OSError, EOFError, ValueError, TimeoutError):
                if connection is not None:
                    connection.close()
                if tries <= self._retry:
                    continue
                return Outcome(number, sent, time.perf_counter() - sent, LOST, None, tries > 1)
            self._give_back(connection, answer)
            return Outcome(number, sent, time.perf_counter() - sent, answer.status, answer, tries > 1)

    def _open_one(self) -> Connection | None:
        while self._idle:
            if not (connection := self._idle.pop()).is_closed:
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection, answer: Answer) -> None:
        if answer.headers.get("connection", "").lower() == "close":
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Cut those that are idle."""
        for connection in self._idle:
            connection.close()


async def closed(port: int, make: Make, count: int, width: int, *, retry: bool = False) -> list[Outcome]:
    """`count` requests by `width` callers, each of which sends the next one when it has its answer.

    Args:
        make: gives the bytes of request `number`.
        retry: send a request that was lost with its connection once more, as a load balancer does.
    """
    callers, outcomes, numbers = Callers(port, retry), [], iter(range(count))

    async def call() -> None:
        for number in numbers:
            outcomes.append(await callers.ask(number, make(number)))

    await asyncio.gather(*(call() for _ in range(width)))
    callers.close()
    return outcomes


async def opened(port: int, make: Make, rate: float, seconds: float, *, retry: bool = False) -> list[Outcome]:
    """Requests that come at `rate` a second, evenly, for `seconds`, however slow the answers are."""
    callers, tasks, started = Callers(port, retry), [], time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(callers.ask(number, make(number))))
    outcomes = await asyncio.gather(*tasks)
    callers.close()
    return outcomes


def statuses(outcomes: Sequence[Outcome]) -> dict[int, int]:
    """Answers by status, LOST among them."""
    return dict(sorted(Counter(outcome.status for outcome in outcomes).items()))


def percentile(outcomes: Sequence[Outcome], share: float) -> float:
    """Milliseconds within which `share` per cent were answered; NaN for none."""
    return float(np.percentile([1000 * o.seconds for o in outcomes], share)) if outcomes else float("nan")
