import pytest

from fuserank.modalities.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Running shoes for the Men", ["run", "shoe", "men"]),
        ("Men's T-Shirts", ["men", "tshirt"]),
        ("t shirt tshirts", ["tshirt", "tshirt"]),
        ("a red shirt", ["red", "shirt"]),
        ("men's red shirt", ["men", "red", "shirt"]),
        ("", []),
        ("...", []),
    ],
)
def test_english_is_stemmed_without_stop_words(text, tokens):
    assert tokenize(text) == tokens


def test_chinese_is_segmented_and_mixed_text_goes_run_by_run():
    tokens = tokenize("红色连衣裙 Nike 12cm")
    assert tokens[0] == "红色"
    assert {"连衣裙", "nike", "12cm"} <= set(tokens)


def test_a_part_of_a_chinese_word_finds_the_whole():
    assert set(tokenize("裙")) & set(tokenize("连衣裙")) or set(tokenize("衣裙")) & set(tokenize("连衣裙"))
