"""Who is let in: a burst may wait, a flood may not; the clock is the test's own."""

import asyncio
import threading

import pytest

from fuserank.serving.http.admission import CALM, Admission, Overloaded, Shedding

ONE = 0.05  # seconds that a request takes here


class Desk:
    """An admission whose requests take ONE each on the clock of the test, and end when they are let go."""

    def __init__(self, threads: int, patience: float) -> None:
        self.now, self.seen, self.gate = 0.0, [], threading.Event()
        self.admission = Admission(threads, patience, self.seen.append, lambda: self.now)

    async def learn(self) -> None:
        """One request alone, from which the mean comes."""

        def work():
            self.now += ONE

        await self.admission(work)

    async def come(self, count: int) -> list[asyncio.Task]:
        """Requests that stay until the gate opens; those that are refused have raised."""
        tasks = [asyncio.create_task(self.admission(self.gate.wait)) for _ in range(count)]
        await asyncio.sleep(0)
        return tasks

    async def leave(self, tasks: list[asyncio.Task]) -> None:
        self.gate.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.gate.clear()
        self.admission.close()


def refused(tasks: list[asyncio.Task]) -> list[Overloaded]:
    return [task.exception() for task in tasks if task.done() and isinstance(task.exception(), Overloaded)]


def test_work_runs_off_the_loop_and_gives_what_it_gives():
    async def scenario():
        desk = Desk(1, 1.0)
        assert await desk.admission(lambda: threading.current_thread().name.partition("_")[0]) == "answer"
        with pytest.raises(ZeroDivisionError):
            await desk.admission(lambda: 1 / 0)
        assert desk.seen == [1, 0, 1, 0], "what fails has left as well"
        desk.admission.close()

    asyncio.run(scenario())


def test_who_is_cancelled_leaves_but_the_thread_is_taken_until_the_work_is_done():
    """Else the next would be let in as though the thread were free, and wait behind work that nobody wants any more."""

    async def scenario():
        desk = Desk(1, 0.01)
        await desk.learn()
        began = threading.Event()
        stuck = asyncio.create_task(desk.admission(lambda: began.set() or desk.gate.wait()))
        await asyncio.to_thread(began.wait)
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        assert stuck.cancelled() and desk.seen[-1] == 1
        assert len(refused(await desk.come(1))) == 1, "the thread is not free"
        desk.gate.set()
        while desk.seen[-1]:
            await asyncio.sleep(0.001)
        desk.now += 2 * CALM
        assert await desk.admission(lambda: "free again") == "free again"
        desk.admission.close()

    asyncio.run(scenario())


def test_who_is_cancelled_while_waiting_never_runs():
    async def scenario():
        desk = Desk(1, 1.0)
        ran = []
        (first,) = await desk.come(1)
        waiting = asyncio.create_task(desk.admission(lambda: ran.append(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await desk.leave([first, waiting])
        while desk.seen[-1]:
            await asyncio.sleep(0.001)
        assert ran == []

    asyncio.run(scenario())


def test_before_anything_was_measured_nobody_is_refused():
    async def scenario():
        desk = Desk(1, 0.1)
        tasks = await desk.come(20)
        assert refused(tasks) == []
        await desk.leave(tasks)

    asyncio.run(scenario())


@pytest.mark.parametrize(("threads", "patience", "taken"), [(1, 0.2, 1 + 4), (2, 0.2, 2 + 8), (4, 0.0125, 4 + 1), (1, 0.01, 1)])
def test_a_burst_may_wait_for_as_long_as_patience_lasts(threads, patience, taken):
    async def scenario():
        desk = Desk(threads, patience)
        await desk.learn()
        tasks = await desk.come(taken + 7)
        assert len(refused(tasks)) == 7
        assert refused(tasks)[0].retry_after == 1
        assert max(desk.seen) == taken
        await desk.leave(tasks)

    asyncio.run(scenario())


def test_where_one_was_shed_nobody_waits():
    async def scenario():
        desk = Desk(4, 0.05)
        await desk.learn()
        first = await desk.come(4 + 4 + 1)  # four run, four wait, and for the last it would take too long
        assert len(refused(first)) == 1
        desk.gate.set()
        await asyncio.gather(*first, return_exceptions=True)
        desk.gate.clear()
        later = await desk.come(4 + 2)
        assert len(refused(later)) == 2
        await desk.leave([*first, *later])

    asyncio.run(scenario())


def test_after_a_calm_bursts_may_wait_again():
    async def scenario():
        desk = Desk(1, 0.2)
        await desk.learn()
        first = await desk.come(6)
        assert len(refused(first)) == 1
        desk.gate.set()
        await asyncio.gather(*first, return_exceptions=True)
        desk.gate.clear()
        desk.now += CALM + 0.01
        tasks = await desk.come(5)
        assert refused(tasks) == []
        await desk.leave(tasks)

    asyncio.run(scenario())


def test_what_would_be_shed_is_not_read():
    async def scenario():
        desk, read, said = Desk(1, 0.01), [], []

        async def app(scope, receive, send):
            read.append(scope["path"])

        async def answer(scope, receive, send):
            said.append(scope["path"])

        door = Shedding(app, desk.admission, ["/v1/rank"], lambda overloaded: answer)
        await desk.learn()
        await door({"type": "http", "path": "/v1/rank"}, None, None)
        tasks = await desk.come(1)
        for path in ("/v1/rank", "/v1/health"):
            await door({"type": "http", "path": path}, None, None)
        assert (read, said) == (["/v1/rank", "/v1/health"], ["/v1/rank"])
        await desk.leave(tasks)

    asyncio.run(scenario())


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2), (7.5, 8)])
def test_retry_after_is_whole_seconds(wait, seconds):
    assert Overloaded(wait).retry_after == seconds
