import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.encoders.text_cleaning import clean_text, has_cjk


@settings(max_examples=300)
@given(st.text(max_size=200), st.integers(1, 50))
def test_cleaned_text_is_stable_printable_and_bounded(text, limit):
    cleaned = clean_text(text, limit)
    assert clean_text(cleaned, limit) == cleaned
    assert len(cleaned) <= limit
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in cleaned)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned


@settings(max_examples=200)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), st.integers(1, 60))
def test_plain_text_takes_a_short_cut_to_the_same_place(text, limit):
    text = text.replace("&", "")
    assert clean_text(text, limit) == clean_text(text + "\x00", limit)  # a control character sends it the long way


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("naÃ¯ve cafÃ©", "naïve café"),  # UTF-8 read as Latin-1
        ("ｒｅｄ　ｓｈｉｒｔ", "red shirt"),  # full-width forms
        ("red\x00\u200b\tshirt\r\n", "red shirt"),
        ("men&#39;s &amp; women&#39;s", "men's & women's"),
        ("红色　连衣裙", "红色 连衣裙"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_what_is_repaired(dirty, clean):
    assert clean_text(dirty) == clean


@pytest.mark.parametrize(
    ("text", "expected"), [("red", False), ("红", True), ("かばん", True), ("가방", True), ("T恤", True), ("é", False)]
)
def test_has_cjk(text, expected):
    assert has_cjk(text) is expected
