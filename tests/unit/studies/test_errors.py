"""The study of errors: its cuts add up, its page and its sheet show the worst queries."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fuserank.modalities.tokens import tokenize
from fuserank.pipeline.studies import errors
from fuserank.pipeline.studies.lost_gain import LostGain
from fuserank.pipeline.studies.mistakes import Mistakes, Placed, words_asked
from fuserank.pipeline.studies.report import write_studies


@pytest.fixture(scope="module")
def found(workspace, here):
    """Result of the study on the tiny store."""
    return errors.where_gain_is_lost(workspace, (0, 1), lambda words: None, [here], [here])


def of(found, part):
    return [row for row in found.rows if row["part"] == part]


def test_cuts_sum_to_what_is_lost(found, bench):
    values = bench.quality(bench.fit(bench.plan(0)))
    lost = 1 - np.mean(values)
    assert lost > 0.01
    for part in ("kind", "best"):
        assert sum(row["lost"] for row in of(found, part)) == pytest.approx(lost)
        assert sum(row["share"] for row in of(found, part)) == pytest.approx(1)
    assert sum(row["queries"] for row in of(found, "best")) == len(bench.test)
    assert 0 < sum(row["lost"] for row in of(found, "text")) <= lost + 1e-9
    above = [row["above_average"] for row in of(found, "word")]
    assert above == sorted(above, reverse=True) and 0 < len(above) <= errors.WORDS
    for row in of(found, "word"):
        assert row["above_average"] == pytest.approx((row["queries"] / len(bench.test)) * (1 - row["mean"] - lost))


def test_the_page_shows_the_worst_and_loads_nothing(found, bench):
    page = (bench.job.reports / "errors.html").read_text()
    queries = {
        bench.features.queries.query_ids[slate.query]: value
        for slate, value in zip(bench.test, bench.quality(bench.fit(bench.plan(0))), strict=True)
    }
    shown = re.findall(r"<code>([^<]+)</code></span><span>nDCG", page)
    assert len(shown) == min(errors.WORST, len(queries))
    assert [queries[one] for one in shown] == pytest.approx(sorted(queries.values())[: len(shown)])
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', page)) == {"data:"}
    assert page.count("<figure") >= 10 * len(shown) and "data:image/jpeg;base64," in page


def test_the_sheet_is_a_small_picture_beside_the_page_of_studies(found, tmp_path):
    write_studies([found], tmp_path)
    sheet = (tmp_path / "errors-sample-here.jpg").read_bytes()
    assert Image.open(io.BytesIO(sheet)).format == "JPEG" and len(sheet) < 300_000
    assert "](errors-sample-here.jpg)" in (tmp_path / "studies.md").read_text()


def test_words_name_the_pictures_and_their_owner(found, bench):
    lines = [line for line in found.markdown.splitlines() if line.startswith("|")]
    assert len(lines) == len(found.rows) + 2 * len(errors.PARTS)
    for head, rule, first in zip(lines, lines[1:], lines[2:], strict=False):
        if rule.startswith("| ---"):
            assert head.count("|") == rule.count("|") == first.count("|")
    assert found.markdown.rstrip().endswith(f"Licence: {bench.job.dataset.manifest.licence}.")


def test_pictures_leave_only_a_shop_that_is_named_for_it(workspace, here):
    assert errors.where_gain_is_lost(workspace, (0,), lambda words: None, [here], []).photos == {}
    assert {shop.importer for shop in errors.SHEETS} == {"grocery"}


ONE = Mistakes(
    "q",
    LostGain(0.1, 0.2, 0.0, 0.3),
    4,
    ("red", "mug"),
    (Placed("a", 2.0, 1),),
    (Placed("b", 3.0, 12),),
    {"red": 0.5, "mug": 1.0},
    0.5,
)


def test_mistakes_come_back_from_json():
    assert Mistakes.of(json.loads(json.dumps(ONE.as_dict()))) == ONE
    assert ONE.ndcg == pytest.approx(0.4)


def test_a_query_that_lost_all_has_an_ndcg_of_0():
    assert replace(ONE, lost=LostGain(0.1, 0.2, 0.0, 0.7 + 1e-9)).ndcg == 0


def test_text_tells_what_words_could_have_told(bench):
    silent = replace(ONE, word_in_text={}, all_in_text=None)
    told, rest = errors._text(bench, [ONE, silent])
    assert told["lost"] == pytest.approx(0.5 * 0.5 / 2) and rest["lost"] == pytest.approx(0.5 * 0.5 / 2)
    assert told["queries"] == 1
    assert errors._text(bench, [silent]) == []


def test_a_query_without_words_asks_for_its_best_product(bench, monkeypatch):
    data = bench.job.dataset
    queries = {query.query_id: query for query in data.queries}
    slate = next(s for s in bench.test if queries[bench.features.queries.query_ids[s.query]].text)
    query_id = bench.features.queries.query_ids[slate.query]
    assert words_asked(bench, [slate]) == [tuple(dict.fromkeys(tokenize(queries[query_id].text)))]
    silent = [replace(query, text="", image="x" if query.query_id == query_id else None) for query in data.queries]
    monkeypatch.setitem(data.__dict__, "queries", silent)
    best = bench.features.catalogue.product_ids[slate.rows[slate.grades.argmax()]]
    title = next(product.title for product in data.products if product.product_id == best)
    assert words_asked(bench, [slate]) == [tuple(dict.fromkeys(tokenize(title)))]
    monkeypatch.setitem(data.__dict__, "queries", [replace(query, image=None) for query in silent])
    assert words_asked(bench, [slate]) == [()]


def test_a_word_costs_what_its_queries_lose_above_the_average(bench):
    good = replace(ONE, words=("blue", "mug"), lost=LostGain(0.0, 0.0, 0.0, 0.0))
    rows = errors._words_asked(bench, [ONE, ONE, good, good])
    assert [row["value"] for row in rows] == ["red"]  # mug is average, blue is better
    assert rows[0]["above_average"] == pytest.approx(0.5 * (0.6 - 0.3))
    assert rows[0]["in_text"] == pytest.approx(0.5)
    assert rows[0]["learned"] == sum("red" in words for words in words_asked(bench, bench.train))
    assert errors._words_asked(bench, [ONE, good]) == []  # a word of one query says nothing
