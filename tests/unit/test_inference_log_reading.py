"""Segments are read whole, in order, or named; retention takes the oldest."""

import os
import random
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.errors import InputError
from fuserank.inference_log import SCHEMAS, InferenceLog, iter_log, query_vectors, read_log
from fuserank.inference_log.columns import to_table
from fuserank.inference_log.segments import Segment, list_segments, prune, write_segment
from tests.unit.logged_records import SALT, TIME, event, ranking

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(folder, kind, records, now=NOON):
    table, wrong = to_table(kind, records, salt=SALT, share=1.0)
    assert wrong is None
    return write_segment(folder, kind, table, now=now)


def ids(folder, kind="rankings", **asked):
    table, broken = read_log(folder, kind, **asked)
    assert broken == []
    return table["request_id"].to_pylist()


def test_segments_come_in_the_order_of_their_writing(tmp_path):
    for minute in random.Random(0).sample(range(20), 20):
        write(tmp_path, "rankings", [ranking(f"{minute:02}")], NOON + timedelta(minutes=minute))
        write(tmp_path, "events", [event("other")], NOON)
    assert ids(tmp_path) == [f"{minute:02}" for minute in range(20)]


def test_time_limits_and_columns(tmp_path):
    write(tmp_path, "rankings", [ranking(str(n), time=TIME + 1000 * n) for n in range(5)])
    write(tmp_path, "rankings", [ranking("late", time=TIME + 60_000)], NOON + timedelta(days=1))
    start = datetime.fromtimestamp(TIME / 1000, UTC)
    since, until = start + timedelta(seconds=1), start + timedelta(seconds=3)
    assert ids(tmp_path, since=since, until=until) == ["1", "2"]
    assert ids(tmp_path, since=since.astimezone()) == ["1", "2", "3", "4", "late"]
    table, _ = read_log(tmp_path, "rankings", until=until, columns=["scores", "request_id"])
    assert table.column_names == ["scores", "request_id"] and table.num_rows == 3
    batches = list(iter_log(tmp_path, "rankings", on_broken=pytest.fail, columns=["text"]))
    assert [batch.num_rows for batch in batches] == [5, 1]


def test_a_log_without_rows_is_an_empty_table_and_a_missing_one_an_error(tmp_path):
    table, broken = read_log(tmp_path, "events")
    assert table.num_rows == 0 and table.schema == SCHEMAS["events"] and broken == []
    with pytest.raises(InputError, match="no folder"):
        read_log(tmp_path / "nowhere", "events")


def test_wrong_questions_are_refused(tmp_path):
    with pytest.raises(InputError, match="no column colour; allowed: time, action_name"):
        read_log(tmp_path, "events", columns=["time", "colour"])
    with pytest.raises(InputError, match="no time zone"):
        read_log(tmp_path, "events", since=datetime(2026, 1, 1))
    for dims in (2, 3):
        write(tmp_path, "rankings", [ranking(query_vectors={"text": np.ones(dims)})], NOON + timedelta(days=dims))
    with pytest.raises(InputError, match=r"text vectors of 2, 3 numbers.*filter the rows by model_version"):
        query_vectors(read_log(tmp_path, "rankings")[0], "text")


@given(st.data())
def test_any_damage_is_named_and_the_others_are_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("log")
    for hour in range(3):
        write(folder, "rankings", [ranking(str(hour))], NOON + timedelta(hours=hour))
    path = list_segments(folder)[1].path
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flip = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(data.draw(st.sampled_from([whole[:place], whole[:place] + flip + whole[place + 1 :], whole + flip])))
    table, broken = read_log(folder, "rankings")
    assert table["request_id"].to_pylist() == ["0", "2"] and broken == [path.name]


def test_a_segment_with_other_columns_is_named(tmp_path):
    path = write_segment(tmp_path, "events", pa.table({"time": [1]}), now=NOON)
    assert read_log(tmp_path, "events")[1] == [path.name]


def test_a_column_that_came_later_is_empty_in_older_segments(tmp_path):
    whole, wrong = to_table("rankings", [ranking("old", session_id="s", by_name=True)], salt=SALT, share=1.0)
    assert wrong is None
    write_segment(tmp_path, "rankings", whole.drop_columns(["session_id", "by_name"]), now=NOON)
    write(tmp_path, "rankings", [ranking("new", session_id="s", by_name=True)], NOON + timedelta(hours=1))
    table, broken = read_log(tmp_path, "rankings")
    assert broken == [] and table.schema == SCHEMAS["rankings"]
    assert table["by_name"].to_pylist() == [None, True] and table["session_id"].to_pylist()[0] is None
    without_time, _ = read_log(tmp_path, "rankings", columns=["by_name", "request_id"])
    assert without_time.to_pylist() == [{"by_name": None, "request_id": "old"}, {"by_name": True, "request_id": "new"}]
    path = write_segment(tmp_path, "rankings", whole.drop_columns(["took_ms"]), now=NOON)
    assert read_log(tmp_path, "rankings")[1] == [path.name], "one that must be filled was never missing"


def test_a_segment_that_vanishes_while_reading_is_not_missed(tmp_path):
    for hour in range(3):
        write(tmp_path, "events", [event(str(hour))], NOON + timedelta(hours=hour))
    reading = iter_log(tmp_path, "events", on_broken=pytest.fail)
    seen = next(reading)["request_id"].to_pylist()
    list_segments(tmp_path)[1].path.unlink()
    assert seen + [row for batch in reading for row in batch["request_id"].to_pylist()] == ["0", "2"]


def test_what_is_no_segment_is_never_read(tmp_path):
    name = write(tmp_path, "events", [event("1")]).name
    for other in (f".{name}.a1b2c3d4", "notes.parquet", f"{name}.bak", name.replace("202603", "202613"), "events-.parquet"):
        (tmp_path / other).write_bytes(b"half")
    assert ids(tmp_path, "events") == ["1"]
    assert [type(segment) for segment in list_segments(tmp_path)] == [Segment]


def test_retention_by_bytes_takes_the_oldest_of_both_kinds_and_leaves_the_newest(tmp_path):
    paths = [
        write(tmp_path, "rankings", [ranking()], NOON),
        write(tmp_path, "events", [event()], NOON + timedelta(hours=1)),
        write(tmp_path, "rankings", [ranking()], NOON + timedelta(hours=2)),
        write(tmp_path, "rankings", [ranking()], NOON + timedelta(hours=3)),
    ]
    sizes = [path.stat().st_size for path in paths]
    for limit, stay in ((sum(sizes), 4), (sum(sizes) - 1, 3), (sum(sizes[2:]), 2), (1, 1)):
        prune(tmp_path, keep_bytes=limit, keep_days=None, now=NOON)
        assert [segment.path for segment in list_segments(tmp_path)] == paths[-stay:]


def test_retention_by_days(tmp_path):
    for day in range(4):
        write(tmp_path, "events", [event(str(day))], NOON + timedelta(days=day))
    prune(tmp_path, keep_bytes=2**30, keep_days=1.5, now=NOON + timedelta(days=3, hours=6))
    assert ids(tmp_path, "events") == ["2", "3"]


def test_the_log_prunes_what_it_wrote_and_sweeps_old_leftovers(tmp_path):
    name = write(tmp_path, "rankings", [ranking("old")]).name
    old, young = tmp_path / f".{name}.abcdefgh", tmp_path / f".{name}.12345678"
    mine = tmp_path / ".hidden.txt"
    for path, age in ((old, 7200), (young, 60), (mine, 7200)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    with InferenceLog(tmp_path, rows=10, keep_bytes=20_000) as log:
        for number in range(100):
            log.put(ranking(str(number)))
    kept = ids(tmp_path)
    assert sum(segment.path.stat().st_size for segment in list_segments(tmp_path)) <= 20_000
    assert 0 < len(kept) < 100 and kept == [str(number) for number in range(100 - len(kept), 100)]
    assert not old.exists() and young.exists() and mine.exists()
