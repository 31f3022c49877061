"""Work that somebody may stop waiting for."""

import gc
import threading
import time
import weakref

import pytest

from fuserank.serving.bounded_pool import BoundedPool


class Picture:
    """Something large."""


def test_only_so_much_waits_and_places_come_back():
    pool, go = BoundedPool(1, 2, "t"), threading.Event()
    tasks = [pool.submit(go.wait) for _ in range(2)]
    assert None not in tasks and pool.submit(go.wait) is None
    go.set()
    assert [task.future.result(5) for task in tasks] == [True, True]
    until = time.monotonic() + 5
    while pool.submit(lambda: 1) is None:
        assert time.monotonic() < until
    pool.close()


def test_what_nobody_wants_is_not_done_and_holds_on_to_nothing():
    pool, go, done = BoundedPool(1, 8, "t"), threading.Event(), []
    first, picture = pool.submit(go.wait), Picture()
    there = weakref.ref(picture)
    second = pool.submit(lambda picture=picture: done.append(picture))
    del picture
    assert there() is not None
    second.abandon()
    gc.collect()
    assert there() is None
    go.set()
    assert first.future.result(5)
    assert pool.submit(lambda: "last").future.result(5) == "last" and done == []
    pool.close()


def test_what_it_raises_comes_out():
    pool = BoundedPool(1, 1, "t")
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).future.result(5)
    pool.close()
