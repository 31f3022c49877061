"""A log as a whole: which versions it compares, in how many parts, with what damage; the report."""

import json
import random
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from fuserank.errors import InputError
from fuserank.inference_log.segments import list_segments
from fuserank.online_evaluation import compare_log, comparison
from fuserank.online_evaluation.dealing import deal
from fuserank.online_evaluation.pairs import choose_pair, find_pairs
from tests.unit.online.compared_logs import TEN, TIME, A, B, act, answer, compared, mixed, write

OLD, NEW = "late@0000000000aa", "late@0000000000bb"
NOON = datetime.fromtimestamp(TIME / 1000, UTC)


def shadow_of(request_id, version, time, champion=A):
    shown = answer(request_id, time=time, model_version=champion)
    return [shown, answer(request_id, "shadow", TEN[::-1], model_version=version, time=time + 5)]


def everything():
    """All modes at once, of 30 shoppers."""
    records = []
    for n in range(30):
        user, time = f"user {n}", TIME + 1000 * n
        records += [*shadow_of(f"s{n}", B, time), act(f"s{n}", TEN[n % 10])]
        records += [answer(f"c{n}", ("champion", "challenger")[n % 2], user=user, time=time), act(f"c{n}", TEN[n % 3], "purchase")]
        records += mixed(f"i{n}", "abab", [f"p{1 + n % 4}"], user=user, time=time)
    return records


def test_the_newest_records_say_which_versions(tmp_path):
    log = [
        *shadow_of("s1", OLD, TIME),
        *mixed("i1", "ab", time=TIME + 1000),
        *shadow_of("s2", NEW, TIME + 2000, champion=B),
        answer("after", time=TIME + 9000, model_version=NEW),  # promoted since
    ]
    write(tmp_path, *log)
    assert [(c.champion, c.challenger) for c in (compare_log(tmp_path),)] == [(B, NEW)]
    assert compare_log(tmp_path, challenger=OLD).champion == A
    assert compare_log(tmp_path, champion=A).challenger == B
    assert compare_log(tmp_path, until=NOON + timedelta(seconds=2)).challenger == B
    with pytest.raises(InputError, match=re.escape(f"{B} and {OLD} never met; allowed: {B} and {NEW}, {A} and {B}, {A} and {OLD}")):
        compare_log(tmp_path, champion=B, challenger=OLD)


def test_a_canary_meets_the_champions_that_answered_beside_it(tmp_path, tmp_path_factory):
    canary = [answer(f"d{n}", "challenger", time=TIME + 1000 * n) for n in (1, 5)]
    beside = [answer("o", model_version=OLD, time=TIME + 2000), answer("a", time=TIME + 3000), answer("n", time=TIME)]
    named = [
        answer("x", model_version=NEW, time=TIME + 4000, by_name=True),
        answer("y", "challenger", by_name=True, time=TIME + 9000),
    ]
    write(tmp_path, *canary, *beside, *named)
    pairs = find_pairs(deal(tmp_path, tmp_path_factory.mktemp("parts")))
    assert {(p.champion, p.challenger, p.newest, p.window) for p in pairs} == {
        (OLD, B, TIME + 2000, (TIME + 1000, TIME + 5000)),
        (A, B, TIME + 3000, (TIME + 1000, TIME + 5000)),
    }


@pytest.mark.parametrize("log", [[], [answer("c"), act("c", "p1")], [answer("d", "challenger")], [answer("s", "shadow")]])
def test_nothing_to_compare_says_what_to_do(tmp_path, log):
    tmp_path.joinpath("log").mkdir()
    with pytest.raises(InputError, match=r"nothing to compare in .*next: let one take part: fuserank release"):
        compared(tmp_path / "log", *log)


def test_no_log_says_so(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        compare_log(tmp_path / "nowhere")


@pytest.mark.parametrize(("seed", "rows", "part_bytes"), [(0, 23, 9000), (1, 60, 3000), (2, 1000, 500)])
def test_segments_order_and_parts_change_nothing(tmp_path_factory, seed, rows, part_bytes):
    records = everything()
    whole = compared(tmp_path_factory.mktemp("whole"), *records)
    random.Random(seed).shuffle(records)
    folder = tmp_path_factory.mktemp("shuffled")
    write(folder, *records, rows=rows)
    dealt = deal(folder, tmp_path_factory.mktemp("parts"), part_bytes=part_bytes)
    found = comparison._compare(whole.log, dealt, choose_pair(dealt, folder))
    assert dealt.parts > 5 and rounded(asdict(found)) == rounded(asdict(whole))


def rounded(said):
    """Sums in another order differ in their last digits."""
    if isinstance(said, dict):
        return {name: rounded(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [rounded(value) for value in said]
    return round(said, 9) if isinstance(said, float) else said


def test_a_log_in_many_parts_keeps_requests_together(tmp_path, tmp_path_factory):
    write(tmp_path, *everything(), rows=10)
    dealt = deal(tmp_path, tmp_path_factory.mktemp("parts"), part_bytes=4000)
    asked = [set(table["request_id"].to_pylist()) for table in dealt.tables("rankings")]
    done = [set(table["request_id"].to_pylist()) for table in dealt.tables("events")]
    assert dealt.parts == len(asked) > 5 and sum(map(len, asked)) == 90
    assert sum(len(here & there) for here, there in zip(asked, done, strict=True)) == 90


def test_a_damaged_segment_is_named_and_the_rest_compared(tmp_path):
    write(tmp_path, *shadow_of("s", B, TIME))
    write(tmp_path, act("s", "p1"))
    events = next(segment.path for segment in list_segments(tmp_path) if segment.kind == "events")
    events.write_bytes(events.read_bytes()[:-1])
    found = compare_log(tmp_path)
    assert found.broken == (events.name,) and found.shadow.requests == 1 and found.events == {}
    found.write(tmp_path / "report")
    assert events.name in (tmp_path / "report/comparison.html").read_text()


def test_feedback_counts_whenever_it_came_and_answers_by_the_span(tmp_path):
    early, late = shadow_of("early", B, TIME), shadow_of("late", B, TIME + 60_000)
    done = [act("early", "p1", time=TIME + 10**9), act("late", "p1")]
    found = compared(tmp_path, *early, *late, *done, until=NOON + timedelta(seconds=30))
    assert found.shadow.requests == 1 and found.events == {"used": 1, "request not in the log": 1}


def test_a_sample_counts_rows_and_says_what_they_stand_for(tmp_path):
    records = [record for n in range(400) for record in (*shadow_of(f"s{n}", B, TIME), act(f"s{n}", "p1"))]
    found = compared(tmp_path, *records, share=0.25)
    assert 60 < found.shadow.requests < 140 and found.shadow.stands_for == 4 * found.shadow.requests
    assert found.events == {"used": found.shadow.requests, "request not in the log": 400 - found.shadow.requests}


def test_the_report_is_a_page_and_json(tmp_path):
    found = compared(tmp_path / "log", *everything())
    found.write(tmp_path / "report")
    html = (tmp_path / "report/comparison.html").read_text()
    said = json.loads((tmp_path / "report/comparison.json").read_text())
    assert said["canary"]["requests"] == [14 + 29, 15], (
        "the challenger's first is the second of all; a shadow's champion counts too"
    )
    assert said["interleaved"]["requests"] == 30
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', html)) == {"data:"}
    assert all(words in html for words in ("favours the champion", A, B, "requests with a purchase", "<code>click</code>"))
    assert html.count("no difference shown") + html.count("challenger better") + html.count("challenger worse") >= 4


def test_a_shadow_is_never_called_worse_by_clicks_on_the_other_order(tmp_path):
    users = [f"user {n}" for n in range(12)]
    answers = [answer(user, role, order, user=user) for user in users for role, order in (("champion", TEN), ("shadow", TEN[::-1]))]
    found = compared(tmp_path, *answers, *[act(user, "p1") for user in users])
    found.write(tmp_path / "report")
    html = (tmp_path / "report/comparison.html").read_text()
    assert found.shadow.ndcg.p < 0.01 and "challenger lower" in html and "challenger worse" not in html


def test_a_page_of_each_part_alone_and_names_that_cannot_run(tmp_path):
    logs = {
        "shadow": shadow_of("s", "<script>@bbbbbbbbbbbb", TIME),
        "canary": [answer("c"), answer("d", "challenger", user=None)],
        "interleaved": mixed("i", "ab"),
    }
    for name, records in logs.items():
        compared(tmp_path / name, *records).write(tmp_path / name / "report")
        html = (tmp_path / name / "report/comparison.html").read_text()
        assert f"<h2>{name.capitalize()}" in html and "<script>" not in html
