"""What is put comes out; what is too much is dropped and counted; a disk that fails stops nothing."""

import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.errors import SettingsError
from fuserank.inference_log import InferenceLog, query_vectors, read_log
from fuserank.inference_log.segments import list_segments
from tests.unit.logged_records import SALT, event, ranking, wait_for

ROOT = Path(__file__).parents[2]  # where the processes find the tests' own modules
words = st.text(max_size=30)
floats = st.floats(width=16, allow_nan=False, allow_infinity=False)
rankings = st.builds(
    ranking,
    request_id=words,
    time=st.integers(0, 4_000_000_000_000),
    route=st.sampled_from(["rank", "search"]),
    role=st.sampled_from(["champion", "challenger", "shadow", "interleaved"]),
    model_version=words,
    locale=words,
    user=st.none() | words,
    has_image=st.booleans(),
    product_ids=st.lists(words, max_size=3),
    scores=st.lists(floats, max_size=3),
    teams=st.none() | st.lists(words, max_size=3),
    candidates=st.integers(0, 2**31 - 1),
    query_vectors=st.dictionaries(words, st.lists(floats, max_size=4).map(lambda v: np.array(v, np.float32)), max_size=2),
    present=st.dictionaries(words, st.floats(0, 1, width=32), max_size=2),
    degraded=st.lists(words, max_size=2),
)
events = st.builds(
    event, request_id=words, action_name=words, product_id=words, user=st.none() | words, position=st.none() | st.integers(1, 1000)
)
AS_GIVEN = ("request_id", "route", "role", "model_version", "locale", "has_image", "product_ids", "scores", "teams", "candidates")


@given(st.lists(rankings | events, max_size=8))
def test_what_is_put_comes_out(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("log")
    with InferenceLog(folder, rows=3, salt=SALT) as log:
        for record in records:
            log.put(record)
    assert (log.written, log.lost, log.dropped) == (len(records), 0, 0)
    (shown, no_broken), (done, none_either) = read_log(folder, "rankings"), read_log(folder, "events")
    assert no_broken == none_either == []
    put = [record for record in records if isinstance(record, type(ranking()))]
    assert len(shown) == len(put)
    for row, record in zip(shown.to_pylist(), put, strict=True):
        assert [row[name] for name in AS_GIVEN] == [getattr(record, name) for name in AS_GIVEN]
        assert row["time"] == datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=record.time)
        assert dict(row["present"]) == dict(record.present) and row["degraded"] == record.degraded and row["sampled"] == 1
        assert (row["user"] is None) == (record.user is None)
        vectors = {modality: np.frombuffer(half, "<f2").tolist() for modality, half in row["query_vectors"]}
        assert vectors == {modality: vector.tolist() for modality, vector in record.query_vectors.items()}
    acted = [record for record in records if isinstance(record, type(event()))]
    names = ("request_id", "action_name", "product_id", "position")
    assert [[row[n] for n in names] for row in done.to_pylist()] == [[getattr(record, n) for n in names] for record in acted]


def test_a_full_segment_is_written_without_waiting_for_the_time(tmp_path):
    with InferenceLog(tmp_path, rows=4, seconds=1e6) as log:
        for number in range(9):
            log.put(ranking(str(number)))
        wait_for(lambda: log.written == 8)  # two full ones; the ninth record waits
        assert len(list_segments(tmp_path)) == 2
    assert log.written == 9


def test_what_waits_is_written_when_the_time_is_up(tmp_path):
    with InferenceLog(tmp_path, rows=1000, seconds=0.05) as log:
        log.put(event())
        wait_for(lambda: log.written == 1)
        assert read_log(tmp_path, "events")[0].num_rows == 1


def test_too_much_is_dropped_counted_and_never_waited_for(tmp_path):
    log = InferenceLog(tmp_path, rows=1000, capacity=5, seconds=1e6)
    with log._writing:  # as if the disk hung
        for number in range(12):
            log.put(ranking(str(number)))
    log.flush()
    assert log.written + log.dropped == 12 and log.dropped >= 2
    log.close()
    before = log.dropped
    log.put(ranking("late"))
    log.close()
    assert log.dropped == before + 1 and log.lost == 0


def test_every_record_of_many_threads_is_counted_once(tmp_path):
    taken = []
    with InferenceLog(tmp_path, rows=50, capacity=60) as log:
        threads = [threading.Thread(target=lambda: taken.extend([log.put(event()) for _ in range(500)])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (taken.count(True), taken.count(False)) == (log.written, log.dropped)
    assert log.written + log.dropped == 2000 and log.lost == 0
    assert read_log(tmp_path, "events")[0].num_rows == log.written


MISFITS = {
    "candidates": "many",
    "product_ids": None,
    "request_id": 7,
    "text": 7,
    "locale": "\ud800",  # half a character; in `text` it would be replaced
    "query_vectors": {"text": np.array([np.nan])},
    "present": {"text": 2.0, "image": "half"},
}


@pytest.mark.parametrize("column", [*MISFITS, "too large"])
def test_a_record_that_does_not_fit_is_lost_alone(tmp_path, column):
    wrong = {"query_vectors": {"text": np.array([1e6])}} if column == "too large" else {column: MISFITS[column]}
    with InferenceLog(tmp_path) as log:
        for number in range(5):
            log.put(ranking(**{"request_id": f"r{number}"} | (wrong if number == 2 else {})))
        log.put("no record")
    assert (log.written, log.lost, log.dropped) == (4, 1, 1)
    assert read_log(tmp_path, "rankings")[0]["request_id"].to_pylist() == ["r0", "r1", "r3", "r4"]


def test_a_folder_that_cannot_be_made_loses_records_says_so_once_and_goes_on(tmp_path, caplog):
    (tmp_path / "file").touch()
    with caplog.at_level(logging.ERROR), InferenceLog(tmp_path / "file" / "log") as log:
        for _ in range(3):
            log.put(ranking())
            log.flush()
        assert log.lost == 3
        (tmp_path / "file").unlink()  # the trouble is over
        log.put(ranking())
    assert (log.written, log.lost, len(caplog.records)) == (1, 3, 1)


FULL = """
import resource, signal, sys
from pathlib import Path
from fuserank.inference_log import InferenceLog
from tests.unit.logged_records import ranking
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8000, resource.RLIM_INFINITY))
with InferenceLog(Path(sys.argv[1])) as log:
    log.put(ranking())
    log.flush()
    for number in range(500):
        log.put(ranking(str(number), product_ids=[f"{number * 7919 % 100003:x}-{place}" for place in range(100)]))
    log.flush()
    log.put(ranking())
print(log.written, log.lost)
"""


def test_a_disk_without_room_loses_what_does_not_fit_and_leaves_no_half_file(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "500"] and "500 records lost" in done.stderr
    assert len(list_segments(tmp_path)) == 2 and len(list(tmp_path.iterdir())) == 3  # and the salt
    assert read_log(tmp_path, "rankings")[0].num_rows == 2


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"seconds": 0}, {"capacity": 0}, {"share": 0.0}, {"share": 1.1}, {"keep_bytes": 0},
                                   {"keep_days": 0}, {"salt": b"short"}])  # fmt: skip
def test_values_out_of_range_are_refused(tmp_path, wrong):
    before = set(threading.enumerate())
    with pytest.raises(SettingsError, match="allowed"):
        InferenceLog(tmp_path, **wrong)
    assert set(threading.enumerate()) <= before  # no writer was started


def test_vectors_of_a_modality_come_back_with_their_rows(tmp_path):
    with InferenceLog(tmp_path, rows=2) as log:
        for number in range(5):
            log.put(ranking(query_vectors={"text": np.full(3, number, np.float64)} if number % 2 else {"image": np.ones(4)}))
    table, _ = read_log(tmp_path, "rankings")
    vectors, rows = query_vectors(table, "text")
    assert vectors.dtype == np.float32 and vectors.tolist() == [[1, 1, 1], [3, 3, 3]] and rows.tolist() == [1, 3]
    nothing, none = query_vectors(table, "sound")
    assert nothing.shape == (0, 0) and none.shape == (0,)
