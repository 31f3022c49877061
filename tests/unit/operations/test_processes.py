"""Processes that are kept: started again when they die, stopped with their children, found again when their keeper was killed."""

import sys
import time

import psutil
import pytest

from fuserank.errors import UnavailableError
from fuserank.pipeline.operations.processes import Kept
from fuserank.pipeline.operations.running import read_running, stop_left_over, write_running

PARENT = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"


@pytest.fixture
def kept(tmp_path):
    made = []

    def make(code, **given):
        given = {"ready": lambda: True, "log": tmp_path / "thing.log"} | given
        made.append(Kept("thing", [sys.executable, "-c", code], "", **given))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


def test_stopping_ends_the_children_too(kept):
    one = kept(PARENT)
    one.start()
    (child,) = until(lambda: psutil.Process(one.pid).children())
    one.stop()
    assert one.pid is None
    until(lambda: not child.is_running())


def test_what_dies_is_started_again_later_and_later(kept):
    one, said = kept("pass"), []
    one.start()
    until(lambda: one.look(said.append) or any("again in 2 s" in line for line in said))
    until(lambda: one.look(said.append) or any("again in 4 s" in line for line in said))
    assert sum("starts" in line for line in said) == 1


def test_what_is_not_wanted_waits(kept):
    wanted = []
    one = kept("import time; time.sleep(60)", wanted=lambda: bool(wanted))
    one.look(lambda _: None)
    assert one.pid is None
    wanted.append(True)
    one.look(lambda _: None)
    assert one.pid is not None


def test_one_that_ends_before_it_is_ready_says_where_to_read(kept, tmp_path):
    one = kept("raise SystemExit(3)", ready=lambda: False)
    one.start()
    with pytest.raises(UnavailableError, match=r"code 3.*thing\.log"):
        one.wait(60, time.sleep)
    slow = kept("import time; time.sleep(60)", ready=lambda: False)
    slow.start()
    with pytest.raises(UnavailableError, match="not ready after 0 s"):
        slow.wait(0.2, time.sleep)


def test_what_a_killed_keeper_left_is_stopped_and_a_number_given_anew_is_not(kept, tmp_path):
    one = kept("import time; time.sleep(60)")
    one.start()
    write_running(tmp_path, "http://127.0.0.1:1/api", [one])
    (part,) = read_running(tmp_path).parts
    assert part.lives
    assert not part.model_copy(update={"born": part.born - 100}).lives
    assert stop_left_over(tmp_path) == ["thing"]
    assert not part.lives and read_running(tmp_path) is None
    assert stop_left_over(tmp_path) == []
