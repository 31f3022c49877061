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
