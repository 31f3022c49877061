"""Who is let in: a burst may wait, a flood may not; the clock is the test's own."""

import asyncio
import threading

import pytest

from fuserank.serving.http.admission import Admission, Overloaded

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


def test_when_the_queue_stands_only_one_waits_for_each_thread():
    async def scenario():
        desk = Desk(2, 0.2)
        await desk.learn()
        first = await desk.come(4)  # two run, two wait
        desk.now += 0.3  # for longer than patience no thread was free
        later = await desk.come(3)
        assert (len(refused(first)), len(refused(later))) == (0, 3)
        await desk.leave([*first, *later])

    asyncio.run(scenario())


def test_a_standing_queue_still_feeds_every_thread():
    async def scenario():
        desk = Desk(2, 0.2)
        await desk.learn()
        first = await desk.come(2)
        desk.now += 0.3
        later = await desk.come(3)
        assert len(refused(later)) == 1, "two may wait"
        await desk.leave([*first, *later])

    asyncio.run(scenario())


def test_once_a_thread_was_free_bursts_may_wait_again():
    async def scenario():
        desk = Desk(1, 0.2)
        await desk.learn()
        first = await desk.come(2)
        desk.now += 0.3
        assert len(refused(await desk.come(1))) == 1
        desk.gate.set()
        await asyncio.gather(*first)
        desk.gate.clear()
        tasks = await desk.come(4)
        assert refused(tasks) == []
        await desk.leave(tasks)

    asyncio.run(scenario())


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2), (7.5, 8)])
def test_retry_after_is_whole_seconds(wait, seconds):
    assert Overloaded(wait).retry_after == seconds
