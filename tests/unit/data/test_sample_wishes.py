import numpy as np
import pytest

from fuserank.data.sample.vocabulary import KINDS
from fuserank.data.sample.wishes import FORMS, Wish, all_wishes
from fuserank.data.sample.wordings import phrase


def wish(*constraints, flavour="text"):
    return Wish(flavour, "mug", "kitchen", constraints)


@pytest.mark.parametrize(
    ("constraints", "truth", "grade"),
    [
        ((("colour", "red"),), {"type": "mug", "category": "kitchen", "colour": "red"}, 3),
        ((("colour", "red"),), {"type": "mug", "category": "kitchen", "colour": "blue"}, 1),
        ((("colour", "red"),), {"type": "plate", "category": "kitchen", "colour": "red"}, 1),
        ((("colour", "red"),), {"type": "plate", "category": "kitchen", "colour": "blue"}, 0),
        ((("colour", "red"),), {"type": "clock", "category": "sound", "colour": "red"}, 0),
        ((("colour", "red"), ("pattern", "plain")), {"type": "mug", "category": "kitchen", "colour": "red", "pattern": "plain"}, 3),
        (
            (("colour", "red"), ("pattern", "plain")),
            {"type": "mug", "category": "kitchen", "colour": "red", "pattern": "dotted"},
            2,
        ),
        (
            (("colour", "red"), ("pattern", "plain")),
            {"type": "mug", "category": "kitchen", "colour": "blue", "pattern": "dotted"},
            1,
        ),
        (
            (("colour", "red"), ("pattern", "plain")),
            {"type": "plate", "category": "kitchen", "colour": "red", "pattern": "plain"},
            1,
        ),
        ((("cheap", "yes"),), {"type": "mug", "category": "kitchen"}, 1),
    ],
)
def test_grades(constraints, truth, grade):
    assert wish(*constraints).grade(truth) == grade


@pytest.mark.parametrize(
    ("constraints", "english", "chinese"),
    [
        ((("colour", "red"), ("pattern", "striped")), "striped red mug", "红色条纹马克杯"),
        ((("cheap", "yes"), ("colour", "blue")), "cheap blue mug", "便宜的蓝色马克杯"),
        ((("use", "camping"),), "mug for camping", "露营用的马克杯"),
        ((("material", "glass"),), "glass mug", "玻璃马克杯"),
    ],
)
def test_phrases(constraints, english, chinese):
    assert phrase(wish(*constraints), KINDS["mug"], "en") == english
    assert phrase(wish(*constraints), KINDS["mug"], "zh") == chinese


def test_tone_phrase():
    doorbell = Wish("text", "doorbell", "sound", (("rated", "yes"), ("tone", "deep")))
    assert phrase(doorbell, KINDS["doorbell"], "en") == "well rated doorbell with a deep tone"
    assert phrase(doorbell, KINDS["doorbell"], "zh") == "评价好的声音低沉的门铃"


def test_a_personal_wish_is_another_group_than_the_same_words():
    assert wish(("colour", "red"), flavour="personal").group != wish(("colour", "red")).group


@pytest.mark.parametrize("flavour", FORMS)
def test_all_wishes_are_distinct_and_deal_the_forms_in_turn(flavour):
    wishes = all_wishes(flavour, KINDS, np.random.default_rng(0))
    assert len({one.group for one in wishes}) == len(wishes)
    forms = [tuple(key for key, _ in one.constraints) for one in wishes[: len(FORMS[flavour])]]
    assert sorted(forms) == sorted(FORMS[flavour])
