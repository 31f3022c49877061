"""The command: a table, a page among the reports, and one line when there is nothing to compare."""

import json
import sys

import pytest

from fuserank import cli
from fuserank.inference_log.segments import list_segments
from tests.unit.online.compared_logs import TEN, TIME, A, B, act, answer, mixed, write


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("FUSERANK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FUSERANK_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path / "home"


@pytest.fixture
def compare(home, monkeypatch, capsys):
    """Runs `fuserank traffic shop …`: (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fuserank", "traffic", "shop", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def shop(home):
    """One shadowed, one interleaved and two canary requests."""
    write(
        home / "log" / "shop",
        answer("s"), answer("s", "shadow", TEN[::-1]), act("s", "p1"),
        answer("d1", "challenger", user="bob"), answer("d2", "challenger", user="cat", time=TIME + 3_600_000), act("d2", "p2"),
        *mixed("i", "ab", ["p2"], time=TIME + 60_000),
    )  # fmt: skip


def test_a_table_and_a_page_of_what_shoppers_did(home, compare, tmp_path):
    shop(home)
    status, out, _ = compare()
    assert status == 0
    assert f"{B} against {A}" in out and "0.500" in out
    assert "shadow: 1 requests, Kendall -1.000, Spearman -1.000, overlap@10 1.000, same first product 0.000" in out
    assert "canary: 1 requests of the champion, 2 of the challenger" in out and "requests won, by click" in out
    report = tmp_path / "reports" / "shop" / "online"
    assert f"page: {report / 'comparison.html'}" in out
    assert json.loads((report / "comparison.json").read_text())["interleaved"]["preferences"][0]["delta"] == 0.5


def test_a_span_and_versions_choose(home, compare):
    shop(home)
    _, out, _ = compare("--since", "2025-10-09T08:54", "--until", "2025-10-10")  # a minute later: only the mixed list is left
    assert "interleaved: 1 requests" in out and "shadow:" not in out and "canary:" not in out
    status, _, err = compare("--challenger", A)
    assert status == 2 and err.startswith("error: any champion and late@aaaaaaaaaaaa never met; allowed:")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "nothing to compare in"), (("--since", "yesterday"), "--since 'yesterday'; allowed: a time such as")],
)
def test_what_is_wrong_is_one_line(home, compare, tmp_path, arguments, words):
    write(home / "log" / "shop", answer("c"), act("c", "p1"))
    status, _, err = compare(*arguments)
    assert status == 2 and words in err and "next: " in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "reports").exists()


def test_a_service_without_a_log_says_so(compare):
    status, _, err = compare()
    assert status == 2 and "no folder" in err and "serve with the log on first" in err


def test_damage_is_told(home, compare):
    shop(home)
    events = next(segment.path for segment in list_segments(home / "log" / "shop") if segment.kind == "events")
    events.write_bytes(b"half")
    status, out, _ = compare()
    assert status == 0 and f"damaged segments are left out: {events.name}" in out
