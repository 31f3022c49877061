"""A worse order and another taste are drops of quality; shoppers who look deeper, or click less, are none."""

import numpy as np
import pytest

from fuserank.click_models.click_log import HIGHEST
from fuserank.metrics.ndcg import ndcg
from fuserank.monitoring import Shown, judge
from fuserank.monitoring.quality import DEPTH, FEWEST_ACTS, conclude_quality, measure_quality, too_few
from fuserank.pipeline.studies.drift_feedback import STORIES, Story, drops, shown
from tests.unit.monitoring.sides import side


def answers(*rows):
    """Of (shopper, query, gains at p1, p2, …)."""
    products = np.full((len(rows), DEPTH), "", object)
    gains = np.zeros((len(rows), DEPTH))
    for place, (_, _, given) in enumerate(rows):
        products[place, : len(given)] = [f"p{rank}" for rank in range(1, len(given) + 1)]
        gains[place, : len(given)] = given
    return Shown(np.array([row[0] for row in rows], object), np.array([row[1] for row in rows], object), products, gains)


def measured(before, now, **knobs):
    return measure_quality(before, now, **({"position_bias": 1.0, "count": 19, "rng": np.random.default_rng(0)} | knobs))


def test_ndcg_is_by_clicks_over_expected_looks():
    side = answers(("a", "mug", [1, 0, 1]), ("b", "mug", [0, 0, 1]), ("c", "cup", [0, 2]), ("d", "tea", [0, 0]))
    gains = {"mug": [1 / 2, 0, min(HIGHEST, 2 / (2 / 3))], "cup": [0, min(HIGHEST, 2 / (1 / 2))]}
    expected = {query: ndcg(-np.arange(len(gain)), np.array(gain)) for query, gain in gains.items()}
    found = measured(side, side)
    assert found.values[0] == found.values[1] == pytest.approx((2 * expected["mug"] + expected["cup"]) / 3, abs=1e-6)
    assert found.first == pytest.approx((0.25, 0.25))


def test_without_position_bias_every_look_is_one():
    side = answers(("a", "mug", [1, 0, 1]), ("b", "mug", [0, 0, 1]))
    expected = ndcg(-np.arange(3), np.array([0.5, 0, 1]))
    assert measured(side, side, position_bias=0.0).values[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("story", ["a worse order", "another taste, the same order"])
def test_what_is_worse_is_found(story):
    assert sum(drops(story, 1000, np.random.default_rng(seed)) for seed in range(8)) == 8


@pytest.mark.parametrize("story", ["as before", "shoppers look deeper", "shoppers look less deep"])
def test_what_is_no_worse_is_no_drop(story):
    assert sum(drops(story, 1000, np.random.default_rng(seed)) for seed in range(20)) <= 2


def test_deeper_shoppers_would_be_a_drop_by_ndcg_alone():
    rng = np.random.default_rng(3)
    found = measured(shown(Story(), 2000, rng), shown(STORIES["shoppers look deeper"], 2000, rng), count=199)
    assert found.fall.statistic > found.fall.threshold(0.05) and found.first_fall.p > 0.05


def test_half_of_the_shoppers_gone_is_no_drop():
    rng = np.random.default_rng(4)
    before, now = (shown(Story(), 1000, rng) for _ in range(2))
    idle = Shown(now.shoppers, now.queries, now.products, now.gains * (rng.random(1000) < 0.5)[:, None])
    found = measured(before, idle, count=199)
    assert found.first_fall.p < 0.05
    assert not conclude_quality(found, 0.05, before, idle).drift


def test_one_busy_shopper_is_no_drop():
    rng = np.random.default_rng(5)
    before, now = shown(Story(), 400, rng), shown(Story(noise=2.5), 400, rng)
    bot = Shown(np.full(400, "bot", object), now.queries, now.products, now.gains)
    found = measured(before, bot, count=99)
    assert not conclude_quality(found, 0.05, before, bot).drift
    found = measured(before, now, count=99)
    assert conclude_quality(found, 0.05, before, now).drift


def test_too_few_clicks_are_said_in_the_verdict():
    rng = np.random.default_rng(6)
    few = shown(Story(), 20, rng)
    assert few.with_acts < FEWEST_ACTS and str(FEWEST_ACTS) in too_few(shown(Story(), 400, rng), few)
    verdict = judge(side("a", 1), side("b", 2), feedback=(few, few))
    assert verdict.quality is None and any(note.startswith(f"quality: {few.with_acts} answers before") for note in verdict.notes)


def test_a_drop_alone_is_drift():
    rng = np.random.default_rng(7)
    verdict = judge(side("a", 1), side("b", 2), feedback=(shown(Story(), 900, rng), shown(Story(noise=2.5), 900, rng)))
    assert verdict.drift and verdict.reason.startswith("quality from feedback fell (nDCG@10 0.")
    assert verdict.quality.drift and verdict.quality.answers == (900, 900)
    assert verdict.quality.current < verdict.quality.reference - verdict.quality.threshold
