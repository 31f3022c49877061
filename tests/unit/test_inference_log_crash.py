"""Processes that are killed, and processes side by side: every segment that is there can be read."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuserank.inference_log import InferenceLog, read_log
from fuserank.inference_log.segments import list_segments
from tests.unit.logged_records import ranking, wait_for

ROOT = Path(__file__).parents[2]
WRITE = """
import itertools, sys, time
from pathlib import Path
from fuserank.inference_log import InferenceLog
from tests.unit.logged_records import event, ranking
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = InferenceLog(folder, rows=20, seconds=1e6, capacity=10**6)
for number in range(count) if count else itertools.count():
    log.put(ranking(f"{name}-{number}"))
    log.put(event(f"{name}-{number}"))
    if number % 50 == 49:
        log.flush()
        print(number, flush=True)
"""


def start(folder, name, count=0):
    command = [sys.executable, "-c", WRITE, str(folder), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def numbers(folder, kind, name):
    table, broken = read_log(folder, kind)
    assert broken == []
    found = [request_id.split("-") for request_id in table["request_id"].to_pylist()]
    return [int(number) for of, number in found if of == name]


@pytest.mark.parametrize("flushes", [1, 5])
def test_a_killed_process_leaves_whole_segments_and_all_that_was_flushed(tmp_path, flushes):
    process = start(tmp_path, "a")
    for _ in range(flushes):
        flushed = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    said = process.communicate()[0].split()
    assert process.returncode == -signal.SIGKILL
    flushed = max([flushed, *map(int, said)])
    for kind in ("rankings", "events"):
        found = numbers(tmp_path, kind, "a")
        assert found == list(range(len(found))) and len(found) > flushed  # in order, each once, without a hole
    with InferenceLog(tmp_path) as log:  # the next process goes on beside it
        log.put(ranking("b-0"))
    assert numbers(tmp_path, "rankings", "b") == [0] and numbers(tmp_path, "events", "a") == found


DIE = """
import os, signal, sys
from pathlib import Path
from fuserank.inference_log import InferenceLog
from tests.unit.logged_records import ranking
log = InferenceLog(Path(sys.argv[1]), seconds=1e6)
log.put(ranking("whole"))
log.flush()
setattr(os, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
log.put(ranking("half"))
log.flush()
"""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_process_killed_between_writing_and_renaming_leaves_no_half_segment(tmp_path, call):
    done = subprocess.run([sys.executable, "-c", DIE, str(tmp_path), call], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    table, broken = read_log(tmp_path, "rankings")
    assert (table["request_id"].to_pylist(), broken) == (["whole"], [])
    (left,) = tmp_path.glob(".rankings-*")
    os.utime(left, (0, 0))
    InferenceLog(tmp_path).close()
    assert not left.exists()


def test_processes_write_to_one_folder_while_it_is_read(tmp_path):
    names = ("a", "b")
    processes = [start(tmp_path, name, 200) for name in names]
    wait_for(lambda: list_segments(tmp_path))
    while any(process.poll() is None for process in processes):
        assert read_log(tmp_path, "rankings")[1] == []  # never a half segment
        time.sleep(0.1)
    assert [process.wait() for process in processes] == [0, 0]
    for process in processes:
        process.stdout.close()
    for kind in ("rankings", "events"):
        assert {name: numbers(tmp_path, kind, name) for name in names} == {name: list(range(200)) for name in names}
    users = set(read_log(tmp_path, "rankings")[0]["user"].to_pylist())
    assert len(users) == 1  # one shopper, one salt, one pseudonym
    assert {segment.path.name.split("-")[2] for segment in list_segments(tmp_path)} == {str(p.pid) for p in processes}
    assert not [path.name for path in tmp_path.iterdir() if re.match(r"\.", path.name)]


def test_a_process_that_ends_by_itself_flushes(tmp_path):
    process = start(tmp_path, "a", 10)  # never closed, never flushed
    assert process.wait() == 0
    process.stdout.close()
    assert numbers(tmp_path, "rankings", "a") == list(range(10))
