"""The history keeps every verdict, and its page shows them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from fuserank.monitoring.history import Judged, history, last_verdict, recalled, remember, timeline, write_history

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def judged(number, **changes):
    time = NOON + timedelta(hours=number)
    given = {
        "verdict": f"v{number}",
        "time": time,
        "since": time - timedelta(days=7),
        "until": time,
        "package": "late-1",
        "answers": 400,
        "products": 0,
        "drift": bool(number % 2),
        "reason": "text <b>drifts</b>",
        "quality": 0.8,
        "page": f"verdicts/v{number}/drift.html",
    }
    return Judged(**(given | changes))


def test_what_is_remembered_comes_back_oldest_first(tmp_path):
    assert history(tmp_path, "shop") == [] and last_verdict(tmp_path, "shop") is None
    for number in range(3):
        known = remember(tmp_path, "shop", judged(number))
    assert known == history(tmp_path, "shop") == [judged(0), judged(1), judged(2)]
    assert last_verdict(tmp_path, "shop") == judged(2) and recalled(tmp_path, "shop", "v1") == judged(1)
    assert history(tmp_path, "other") == []


def test_of_many_at_once_none_is_lost(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: remember(tmp_path, "shop", judged(number)), range(24)))
    assert {found.verdict for found in history(tmp_path, "shop")} == {f"v{number}" for number in range(24)}


def test_the_page_lists_the_newest_first_and_links_what_is_there(tmp_path):
    (tmp_path / "verdicts" / "v1").mkdir(parents=True)
    (tmp_path / "verdicts" / "v1" / "drift.html").write_text("")
    page = write_history(tmp_path, "shop", [judged(0), judged(1)]).read_text()
    assert 'href="verdicts/v1/drift.html"' in page and 'href="verdicts/v0' not in page and "report removed" in page
    assert page.index("2026-01-31 13:00</a>") < page.index("2026-01-31 12:00<br>")
    assert "text &lt;b&gt;drifts&lt;/b&gt;" in page and "data:image/svg+xml;base64," in page and "http://" not in page


@pytest.mark.parametrize("known", [[judged(0)], [judged(1, quality=None)], [judged(n) for n in range(9)]])
def test_the_timeline_is_a_picture(known):
    assert ElementTree.fromstring(timeline(known)).tag.endswith("svg")
