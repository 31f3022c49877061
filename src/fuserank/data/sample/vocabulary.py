"""The words of the sample shop in English and Chinese, and what each word means for a picture, a sound or a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """One meaning in two languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Kind:
    """A product type.

    Attributes:
        name: what queries call it.
        synonyms: other names that titles may use.
        category: a key of CATEGORIES.
        outline: a key of `shapes.OUTLINES`.
        price: median price.
        share: relative share of the range.
        rhythm: a key of `sounds.RHYTHMS`; "" for a type that makes no sound.
    """

    name: Word
    synonyms: tuple[Word, ...]
    category: str
    outline: str
    price: float
    share: int
    rhythm: str = ""
    materials: tuple[str, ...] = ("ceramic", "glass", "steel")
    uses: tuple[str, ...] = ("camping", "office", "gift")


CATEGORIES = {
    "kitchen": Word("Kitchen", "厨房用品"),
    "home": Word("Home", "家居用品"),
    "outdoor": Word("Bags & Outdoor", "箱包户外"),
    "sound": Word("Bells & Clocks", "铃与钟"),
    "toys": Word("Toys", "玩具"),
    "lighting": Word("Lighting", "灯具"),
}
KINDS: dict[str, Kind] = {
    "mug": Kind(Word("mug", "马克杯"), (Word("coffee cup", "咖啡杯"),), "kitchen", "mug", 11, 11),
    "plate": Kind(Word("plate", "盘子"), (Word("dinner dish", "餐盘"),), "kitchen", "plate", 9, 9),
    "teapot": Kind(Word("teapot", "茶壶"), (Word("tea kettle", "泡茶壶"),), "kitchen", "teapot", 26, 9),
    "cushion": Kind(
        Word("cushion", "靠垫"),
        (Word("throw pillow", "抱枕"),),
        "home",
        "cushion",
        17,
        10,
        materials=("cotton", "linen", "wool"),
        uses=("sofa", "travel", "gift"),
    ),
    "tote": Kind(
        Word("tote bag", "手提袋"),
        (Word("shopper bag", "购物袋"),),
        "outdoor",
        "tote",
        21,
        10,
        materials=("cotton", "canvas", "leather"),
        uses=("travel", "office", "school"),
    ),
    "umbrella": Kind(
        Word("umbrella", "雨伞"),
        (Word("rain shade", "晴雨伞"),),
        "outdoor",
        "umbrella",
        19,
        9,
        materials=("nylon", "polyester"),
        uses=("travel", "school", "gift"),
    ),
    "doorbell": Kind(
        Word("doorbell", "门铃"),
        (Word("entrance bell", "迎宾铃"),),
        "sound",
        "doorbell",
        28,
        10,
        "ding_dong",
        materials=("plastic", "brass"),
        uses=("flat", "shop"),
    ),
    "clock": Kind(
        Word("alarm clock", "闹钟"),
        (Word("bedside clock", "床头钟"),),
        "sound",
        "clock",
        23,
        11,
        "beeps",
        materials=("plastic", "steel", "wood"),
        uses=("travel", "bedroom"),
    ),
    "chime": Kind(
        Word("wind chime", "风铃"),
        (Word("wind bells", "风铃挂件"),),
        "sound",
        "chime",
        15,
        10,
        "scatter",
        materials=("bamboo", "brass", "glass"),
        uses=("garden", "gift"),
    ),
    "piano": Kind(
        Word("toy piano", "玩具钢琴"),
        (Word("kids keyboard", "儿童电子琴"),),
        "toys",
        "piano",
        34,
        11,
        "arpeggio",
        materials=("plastic", "wood"),
        uses=("school", "gift"),
    ),
}
# Not in the range of the committed sample; a drifted batch may carry it.
NEW_KINDS: dict[str, Kind] = {
    "lamp": Kind(
        Word("table lamp", "台灯"),
        (Word("desk light", "桌灯"),),
        "lighting",
        "lamp",
        39,
        25,
        materials=("steel", "wood"),
        uses=("office", "bedroom"),
    ),
}
COLOURS: dict[str, tuple[Word, tuple[int, int, int], int]] = {  # word, sRGB, relative share
    "red": (Word("red", "红色"), (200, 36, 44), 5),
    "blue": (Word("blue", "蓝色"), (38, 84, 190), 5),
    "green": (Word("green", "绿色"), (40, 140, 70), 4),
    "yellow": (Word("yellow", "黄色"), (236, 196, 40), 4),
    "black": (Word("black", "黑色"), (36, 36, 40), 4),
    "pink": (Word("pink", "粉色"), (236, 130, 170), 3),
}
PATTERNS: dict[str, tuple[Word, int]] = {  # word, relative share
    "plain": (Word("plain", "纯色"), 4),
    "striped": (Word("striped", "条纹"), 4),
    "dotted": (Word("dotted", "圆点"), 3),
    "checked": (Word("checked", "格子"), 3),
}
TONES: dict[str, Word] = {
    "deep": Word("deep", "低沉"),
    "bright": Word("bright", "清脆"),
    "warbling": Word("warbling", "婉转"),
    "buzzing": Word("buzzing", "嗡嗡作响"),
}
MATERIALS: dict[str, Word] = {
    "ceramic": Word("ceramic", "陶瓷"),
    "glass": Word("glass", "玻璃"),
    "steel": Word("steel", "不锈钢"),
    "cotton": Word("cotton", "棉质"),
    "linen": Word("linen", "亚麻"),
    "wool": Word("wool", "羊毛"),
    "canvas": Word("canvas", "帆布"),
    "leather": Word("leather", "皮革"),
    "nylon": Word("nylon", "尼龙"),
    "polyester": Word("polyester", "涤纶"),
    "plastic": Word("plastic", "塑料"),
    "brass": Word("brass", "黄铜"),
    "wood": Word("wooden", "木制"),
    "bamboo": Word("bamboo", "竹制"),
}
USES: dict[str, Word] = {
    "camping": Word("camping", "露营"),
    "office": Word("the office", "办公室"),
    "gift": Word("gifts", "送礼"),
    "sofa": Word("the sofa", "沙发"),
    "travel": Word("travel", "旅行"),
    "school": Word("school", "上学"),
    "flat": Word("flats", "公寓"),
    "shop": Word("shops", "店铺"),
    "bedroom": Word("the bedroom", "卧室"),
    "garden": Word("the garden", "花园"),
}
BRANDS = ("Norva", "Tilde & Co", "Halden", "Mistral", "Quill", "Ostara")  # made up
SERIES = (
    Word("Alder", "赤杨"),
    Word("Birch", "白桦"),
    Word("Cedar", "雪松"),
    Word("Dune", "沙丘"),
    Word("Ember", "余烬"),
    Word("Fjord", "峡湾"),
    Word("Grove", "林间"),
    Word("Harbour", "海港"),
    Word("Isle", "小岛"),
    Word("Juniper", "杜松"),
    Word("Lark", "云雀"),
    Word("Meadow", "草甸"),
)
