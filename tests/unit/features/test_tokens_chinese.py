"""Chinese product titles as shops write them: mixed scripts, full-width characters, traditional characters, units, brackets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.encoders.text_cleaning import clean_text
from fuserank.modalities.lexical import LexicalIndex
from fuserank.modalities.tokens import tokenize
from fuserank.types import Product


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("耐克(NIKE)AIR MAX 270男鞋气垫鞋 黑白 42.5码", {"耐克", "nike", "air", "max", "270", "男鞋", "气垫", "黑白", "码"}),
        (
            "【官方旗舰】卡西欧 CASIO 手表 MTP-1374D 防水50米",
            {"官方", "旗舰", "卡西欧", "casio", "手表", "1374d", "防水", "50", "米"},
        ),
        (
            "优衣库 女装 V领针织衫/开衫（长袖）2024春季新款",
            {"优衣库", "女装", "v", "领", "针织衫", "开衫", "长袖", "2024", "春季", "新款"},
        ),
        ("100%纯棉T恤男士短袖，3件装", {"100", "纯棉", "t恤", "男士", "短袖", "3", "件"}),
        ("iPhone15Pro手机壳·磁吸款", {"iphone15pro", "手机", "壳", "磁"}),
        ("维生素C泡腾片", {"维生素", "c", "泡腾片"}),
    ],
)
def test_titles_of_shops(title, words):
    assert words <= set(tokenize(title))


@pytest.mark.parametrize("punctuation", ["，", "。", "【】", "（）", "、", "·", "・", "“”", "！", "～", "★", "　"])
def test_punctuation_is_no_token(punctuation):
    assert tokenize(f"红色{punctuation}裙") == [*tokenize("红色"), "裙"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＮＩＫＥ　运动鞋　３８码", "nike 运动鞋 38码"),
        ("Ｔ恤", "t恤"),
        ("紅色連衣裙 女裝", "红色连衣裙 女装"),
        ("運動鞋 45碼", "运动鞋 45码"),
        ("頭髮護理 乾燥", "头发护理 干燥"),
        ("男士Polo衫", "男士POLO衫"),
    ],
)
def test_spellings_of_one_title_meet(one, other):
    assert tokenize(one) == tokenize(other)


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("鞋", "运动鞋"),
        ("裙", "连衣裙"),
        ("裤", "牛仔裤"),
        ("男", "男士衬衫"),
        ("蓝", "海军蓝毛衣"),
        ("包", "双肩包"),
        ("恤", "T恤"),
    ],
)
def test_a_part_finds_the_whole(part, whole):
    assert set(tokenize(part)) <= set(tokenize(whole))


@pytest.mark.parametrize("text", ["T恤", "男士T恤", "纯棉T恤", "白T恤 女", "想买T恤"])
def test_a_letter_that_touches_chinese_belongs_to_its_word(text):
    assert "t恤" in tokenize(text)


def test_a_letter_in_a_chinese_word_is_no_english_stop_word():
    assert "a" in tokenize("A字裙")
    assert "a" in tokenize("维生素A")
    assert "a" not in tokenize("a dress 连衣裙")
    assert "s" not in tokenize("men's连衣裙")


def test_function_words_are_left_out_and_words_that_hold_them_stay():
    assert "的" not in tokenize("便宜的红色马克杯")
    assert "和服" in tokenize("和服")
    assert "无" in tokenize("无袖")


def test_japanese_characters_are_left_as_they_are():
    assert clean_text("國の靴") == "國の靴"
    assert clean_text("國") == "国"


def test_words_outrank_their_scattered_characters():
    index = LexicalIndex.build(
        [Product(str(n), title) for n, title in enumerate(["红豆与白色外衣", "红色毛衣", "色红外套", "杯子"])]
    )
    assert index.top("红色", 1).tolist() == [1]


CHINESE = st.text(st.sampled_from("红紅色連连衣裙頭头发髮乾干后後裏里台臺表錶著着 Tt恤0３，的和"), max_size=30)


@settings(max_examples=50)
@given(CHINESE)
def test_cleaning_chinese_twice_changes_nothing(text):
    assert clean_text(clean_text(text)) == clean_text(text)


@settings(max_examples=50)
@given(CHINESE)
def test_every_chinese_character_is_found_by_itself_except_function_words(text):
    tokens = set(tokenize(text))
    assert {c for c in clean_text(text) if "一" <= c <= "鿿"} - {"的", "和", "着"} <= tokens
    assert all(token.strip() == token != "" for token in tokens)
