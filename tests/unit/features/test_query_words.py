"""Words of queries as ids: the same in every shop and on every day, since a trained model keeps nothing else of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.features.query_words import LIMIT, query_words, word_id
from fuserank.late_interaction import WORD_IDS
from fuserank.modalities.tokens import tokenize


def test_golden_ids():
    """CRC-32 modulo 8191 and plus one. 0xCBF43926 is the check value of CRC-32/ISO-HDLC in the catalogue of such codes; the others
    are ours. A change of them makes every trained model forget."""
    assert word_id("123456789") == 0xCBF43926 % 8191 + 1
    assert [word_id(word) for word in ("red", "shirt", "mug", "红色")] == [4825, 2403, 3777, 5502]


def test_rows_are_padded_with_0_to_the_longest():
    found = query_words(["red shirt", "", "shirt"])
    assert found.dtype == np.int64
    assert found.tolist() == [[word_id("red"), word_id("shirt")], [0, 0], [word_id("shirt"), 0]]
    assert query_words([""]).tolist() == [[0]]
    assert query_words([]).shape == (0, 1)


def test_a_word_counts_once_and_forms_of_it_are_one():
    assert query_words(["red red shirt RED"]).tolist() == query_words(["red shirt"]).tolist()
    assert query_words(["shirts"]).tolist() == query_words(["shirt"]).tolist()


def test_only_the_first_words_are_read():
    words = [f"w{n}" for n in range(LIMIT + 5)]
    assert query_words([" ".join(words)]).tolist() == [[word_id(word) for word in words[:LIMIT]]]


def test_chinese():
    """Words and characters, as the lexical index reads them."""
    (row,) = query_words(["红色连衣裙"])
    assert row.tolist() == [word_id(word) for word in dict.fromkeys(tokenize("红色连衣裙"))]
    assert word_id("红色") in row and word_id("连衣裙") in row


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=12))
def test_an_id_is_never_that_of_padding(word):
    assert 1 <= word_id(word) < WORD_IDS
