"""The rule-made Chinese of the fashion set: wordings of tuples, titles word by word, and the importer's option."""

import csv
import itertools
import re

import pytest

from fuserank.data.importers import fashion_glossary as glossary
from fuserank.data.importers import import_fashion
from fuserank.data.importers.fashion_chinese import chinese_query, chinese_title
from fuserank.data.leakage import leaks
from fuserank.errors import SchemaError

TUPLE = {"gender": "Men", "baseColour": "Navy Blue", "usage": "", "articleType": "Shirts"}
HAN = re.compile(r"[一-鿿]")


def worded(**values):
    return {chinese_query(TUPLE | values | {"query_id": f"f{n:04d}"}) for n in range(60)}


def test_a_query_is_worded_in_the_orders_of_chinese_shoppers():
    assert worded() == {"男士海军蓝衬衫", "海军蓝衬衫 男款", "衬衫 海军蓝 男士", "男款海军蓝衬衫"}
    assert chinese_query(TUPLE | {"query_id": "f0000"}) == chinese_query(TUPLE | {"query_id": "f0000"})


def test_what_is_not_asked_leaves_no_trace():
    assert worded(gender="", baseColour="") == {"衬衫"}


def test_a_usage_that_the_type_says_already_is_not_said_twice():
    assert worded(gender="", baseColour="", usage="Casual", articleType="Casual Shoes") == {"休闲鞋"}
    assert worded(gender="", baseColour="", usage="Casual") == {"休闲衬衫"}


def test_a_value_without_a_chinese_word_is_named():
    with pytest.raises(SchemaError, match=r"query 'q': baseColour 'Puce' has no Chinese word"):
        chinese_query(TUPLE | {"baseColour": "Puce", "query_id": "q"})


@pytest.mark.parametrize(
    ("english", "chinese", "translated", "words"),
    [
        ("Nike Men Lunarglide Black Sports Shoes", "Nike 男士 Lunarglide 黑色运动鞋", 4, 6),
        ("Puma Men's Navy Blue T-shirts", "Puma 男士海军蓝T恤", 5, 6),
        ("United Colors of Benetton Women White T Shirt", "United Colors of Benetton 女士白色T恤", 4, 8),
        ("Red Tape Men Red Belt", "Red Tape 男士红色腰带", 3, 5),
        ("Carlton London Women  Off-White   Flats", "Carlton London 女士米白色平底鞋", 4, 6),
        ("nike men as nike eleme tshirt", "nike 男士 as nike eleme T恤", 2, 6),
        ("Mr.Men Little Miss Girls Pink Top", "Mr.Men Little Miss 女童粉色上衣", 3, 6),
        ("Test Product 17444", "Test Product 17444", 0, 3),
        ("Blackberry Redness", "Blackberry Redness", 0, 2),
        ("", "", 0, 0),
    ],
)
def test_a_title_is_translated_by_its_own_words(english, chinese, translated, words):
    assert chinese_title(english) == (chinese, translated, words)


def test_translating_again_changes_nothing():
    once = chinese_title("Nike Women Dri Fit Navy Blue Track Pants")[0]
    assert chinese_title(once)[0] == once


def test_query_words_of_one_column_differ():
    """Two values under one word would be one query."""
    for table in (glossary.COLOURS, glossary.GENDERS, glossary.USAGES, glossary.TYPES):
        assert len(set(table.values())) == len(table)
        assert all(HAN.search(chinese) for chinese in table.values())


def test_title_words_are_lower_case_and_no_name_is_translated():
    tables = (glossary.TITLE_COLOURS, glossary.TITLE_GENDERS, glossary.TITLE_TYPES, glossary.TITLE_LOOKS)
    for key in itertools.chain(*tables):
        assert key == key.lower()
    assert [name for name in glossary.NAMES if chinese_title(name)[1]] == []


@pytest.fixture(scope="module")
def imported(real, tmp_path_factory):
    root = tmp_path_factory.mktemp("fashion")
    return {locale: import_fashion(real("fashion"), root / locale, locale=locale) for locale in ("en", "zh", "cross")}


def test_the_glossary_has_every_value_of_the_benchmark(real):
    with (real("fashion") / "benchmark/queries.csv").open() as file:
        assert all(HAN.search(chinese_query(row)) for row in csv.DictReader(file))


def test_locales_have_the_same_queries_products_and_grades(imported):
    english = imported["en"]
    for locale in ("zh", "cross"):
        other = imported[locale]
        assert [(q.query_id, q.split, q.group) for q in other.queries] == [(q.query_id, q.split, q.group) for q in english.queries]
        assert [(p.product_id, p.split, p.image) for p in other.products] == [
            (p.product_id, p.split, p.image) for p in english.products
        ]
        assert other.qrels == english.qrels
        assert {q.locale for q in other.queries} == {"zh"}
        assert not any("a" <= c <= "s" for q in other.queries for c in q.text.lower())  # the T of T恤 is the only letter
        assert leaks(other) == []


def test_cross_has_the_english_titles_and_zh_none_of_the_common_words(imported):
    titles = {locale: [p.title for p in data.products] for locale, data in imported.items()}
    assert titles["cross"] == titles["en"]
    assert not [t for t in titles["zh"] if re.search(r"\b(men|women|shirts?|shoes|navy)\b", t, re.IGNORECASE) and "Mr" not in t]
    assert {p.locale for p in imported["zh"].products} == {"zh"}
    assert imported["zh"].manifest.regime == "full_zh"
    share = int(imported["zh"].warnings[0].split("%")[0])
    assert 55 <= share <= 75


def test_the_late_batch_has_titles_only(real, tmp_path):
    late = import_fashion(real("fashion"), tmp_path / "late", batch="late", locale="zh")
    assert sum(bool(HAN.search(p.title)) for p in late.products) > 1900
    with pytest.raises(SchemaError, match="locale 'cross'"):
        import_fashion(real("fashion"), tmp_path / "late", batch="late", locale="cross")
