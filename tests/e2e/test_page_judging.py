"""Grading in the browser: by keyboard, with the right nDCG, kept, and in and out of files exactly."""

import csv
import io
import json

import numpy as np
import pytest

from fuserank.metrics.ndcg import ndcg
from tests.e2e.browsing import downloaded, expect, ids, until


@pytest.fixture
def graded(search):
    """A page on which the first five products for `red mug` are graded 3, 2, none, 0, 1, by keyboard; and their ids."""
    page = search("red mug")
    page.locator("#text").press("ArrowDown")
    for key in ("3", "j", "2", "ArrowDown", "1", "Backspace", "j", "0", "j", "j", "k", "1"):
        page.keyboard.press(key)
    return page, ids(page)


def export(page, key, folder):
    page.click(".menu summary")
    return downloaded(page, lambda: page.click(f'[data-file="{key}"]'), folder)


def test_keys_walk_grade_explain_and_close(graded):
    page, shown = graded
    focused = "document.activeElement.dataset.id"
    assert page.evaluate(focused) == shown[4]
    card = page.locator(f'.card[data-id="{shown[0]}"]')
    expect(card.locator('.grades [aria-pressed="true"]')).to_have_text("3")
    assert "Grade 3: perfect" in card.get_attribute("aria-label")
    assert page.locator(f'.card[data-id="{shown[2]}"] .grades [aria-pressed="true"]').count() == 0
    expect(page.locator("#live")).to_contain_text("graded 1, fair")
    page.keyboard.press("e")
    expect(page.locator("#product-title")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#product .rank")).to_have_text("6")
    page.keyboard.press("Escape")
    expect(page.locator("#product")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#text")).to_be_focused()
    page.locator(".card").first.focus()
    page.keyboard.press("/")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.locator("#text").input_value() == "red mug"


def test_ndcg_is_that_of_the_library(graded):
    page, shown = graded
    grades = np.zeros(len(shown))
    grades[[0, 1, 4]] = 3, 2, 1
    expected = ndcg(-np.arange(len(shown)), grades)
    expect(page.locator(".measure .value")).to_have_text(f"{expected:.3f}")
    expect(page.locator(".measure")).to_contain_text("4 of 10 shown are graded")
    assert "Linear gain" in page.locator("#judgments").text_content()
    page.locator(".card").nth(9).press("3")
    grades[9] = 3
    expect(page.locator(".measure .value")).to_have_text(f"{ndcg(-np.arange(len(shown)), grades):.3f}")


def test_grades_are_kept_and_exported_exactly(graded, tmp_path):
    page, shown = graded
    lines = [(shown[0], 3), (shown[1], 2), (shown[3], 0), (shown[4], 1)]
    page.reload()
    page.wait_for_selector(".card[data-grade]")
    assert export(page, "exportQrels", tmp_path) == "".join(f"1 0 {product} {grade}\n" for product, grade in lines)
    assert export(page, "exportTopics", tmp_path) == "1\tred mug\n"
    expected = "query,docid,rating\n" + "".join(f"red mug,{product},{grade}\n" for product, grade in lines)
    assert export(page, "exportCsv", tmp_path) == expected
    judgments = [{"docid": product, "rating": grade} for product, grade in lines]
    assert json.loads(export(page, "exportJson", tmp_path)) == [{"qid": 1, "query": "red mug", "judgments": judgments}]
    page.click("#clear-grades")
    expect(page.locator("#clear-grades")).to_contain_text("Really clear 4 grades?")
    page.click("#clear-grades")
    expect(page.locator(".card[data-grade]")).to_have_count(0)


def test_a_csv_comes_in_and_goes_out_the_same(search, tmp_path):
    page = search("red mug")
    product = ids(page)[0]
    rows = [("red mug", product, 3), ('say "cheese", please', "p 1", 0), ("两行\n的查询", "p2", 2), ("red mug", "p3", 1)]
    file = tmp_path / "in.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out)
        writer.writerow(["rating", "query", "note", "docid"])
        writer.writerows((rating, query, "", docid) for query, docid, rating in rows)
        writer.writerow(["", "red mug", "not rated", "p9"])
    page.set_input_files("#import-file", file)
    expect(page.locator("#import-said")).to_have_text("4 grades imported")
    expect(page.locator(f'.card[data-id="{product}"] .grades [aria-pressed="true"]')).to_have_text("3")
    by_query = [rows[0], rows[3], rows[1], rows[2]]
    exported = export(page, "exportCsv", tmp_path)
    assert list(csv.reader(io.StringIO(exported, newline="")))[1:] == [[q, d, str(r)] for q, d, r in by_query]
    assert export(page, "exportQrels", tmp_path) == f"1 0 {product} 3\n1 0 p3 1\n2 0 p%201 0\n3 0 p2 2\n"
    page.click(".graded button >> text=cheese")
    expect(page.locator("#text")).to_have_value('say "cheese", please')


WRONG = {
    "query,doc\na,b\n": "must name the columns query, docid and rating",
    "query,docid,rating\na,b,1\na,c,4\n": "Line 3: the rating must be 0, 1, 2 or 3.",
    'query,docid,rating\n"a\nb",c,1\na\n': "Line 4 has too few cells",
    'query,docid,rating\n"a,b,1\n': "A quoted cell is not closed.",
    "": "must name the columns",
}


def test_a_wrong_csv_changes_nothing(graded, tmp_path):
    page, _ = graded
    for text, words in WRONG.items():
        (tmp_path / "wrong.csv").write_text(text)
        page.set_input_files("#import-file", tmp_path / "wrong.csv")
        expect(page.locator("#import-said")).to_contain_text(words)
        assert export(page, "exportCsv", tmp_path).count("\n") == 5


def test_the_same_words_with_another_picture_are_another_query(visit, picture, tmp_path):
    page = visit()
    labels = set()
    for colour in ("red", "blue", "red"):
        (tmp_path / "picture.png").write_bytes(picture(colour))
        with page.expect_response("**/v1/search"):
            page.set_input_files("#file", tmp_path / "picture.png")
        until(page, "!document.querySelector('#columns').ariaBusy && Boolean(document.querySelector('.card'))")
        labels.add(page.title())
    assert len(labels) == 2 and all(label.startswith("[picture ") for label in labels)
