"""Pages are one file, load nothing, escape everything and point out the best value."""

import re

import jinja2
import pytest

from fuserank.pages import best, number, render, share, svg_uri

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>'


def row(ranker, kind, ndcg, cost, significance=None):
    metrics = {"nDCG@10": {"mean": ndcg, "std": 0.01}, "MRR": {"mean": ndcg / 2, "std": None}}
    return {"ranker": ranker, "kind": kind, "metrics": metrics, "cost_ms_per_1000": cost, "significance": significance}


def leaderboard(**changes):
    context = {
        "title": "Leaderboard",
        "dataset": "tiny",
        "data_version": "ab" * 32,
        "commit": "c0ffee" * 6,
        "created": "2026-01-01 12:00 UTC",
        "primary": "nDCG@10",
        "relevant_grade": 2,
        "rows": [
            row("attention", "fusion", 0.71, 2.5, {"vs": "bm25", "p_adjusted": 0.003, "better": True}),
            row("bm25", "single", 0.52, 0.4, {"vs": "attention", "p_adjusted": 0.2, "better": False}),
            row("random", "random", 0.08, None),
        ],
        "slices": [{"slice": "locale: zh", "queries": 31, "values": {"attention": 0.6, "bm25": 0.65}}],
        "notes": ["nDCG has linear gain."],
        "plots": [{"title": "nDCG@10 by ranker", "svg": SVG}],
    }
    return render("leaderboard.html", **(context | changes))


def test_the_best_value_of_every_column_and_slice_is_marked():
    marked = re.findall(r'<td class="n best[^>]*>([^<]*)', leaderboard())
    assert [value.strip() for value in marked] == ["0.710", "0.355", "0.40", "0.650"]


def test_a_page_loads_nothing():
    html = leaderboard()
    assert "default-src 'none'" in html and "prefers-color-scheme: dark" in html
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', html)) == {"data:"}
    assert "@import" not in html and "url(" not in html


def test_values_and_plots_cannot_run():
    html = leaderboard(title="<script>alert(1)</script>", notes=["<img src=x onerror=alert(1)>"])
    assert "<script>alert" not in html and "<img src=x" not in html and "&lt;script&gt;" in html


def test_an_empty_leaderboard_is_still_a_page():
    assert "Leaderboard" in leaderboard(rows=[], slices=[], plots=[], notes=[])


def test_a_name_that_is_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("leaderboard.html", title="x")


def test_a_significant_loss_reads_as_worse():
    html = leaderboard(rows=[row("a", "single", 0.1, 1.0, {"vs": "b", "p_adjusted": 0.01, "better": False})])
    assert ">worse<" in html and ">none<" not in html and "tested against b." in html


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234567, 3, "1,234,567"),
        (0.12345, 3, "0.123"),
        (1234.5, 1, "1,234.5"),
        (None, 3, "–"),
        (float("nan"), 3, "–"),
        (float("inf"), 3, "–"),
    ],
)
def test_numbers(value, digits, text):
    assert number(value, digits) == text


def test_best_share_and_svg():
    assert best([0.1, None, float("nan"), 0.3]) == 0.3 and best([2.0, 1.0], lowest=True) == 1.0 and best([]) is None
    assert share(0.5, 1.0) == 50 and share(None, 1.0) == 0 and share(2.0, 1.0) == 100 and share(1.0, 0) == 0
    assert svg_uri("<svg/>") == "data:image/svg+xml;base64,PHN2Zy8+"
