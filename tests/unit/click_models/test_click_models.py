"""Every click model on shoppers whose truth is known, and on logs that say nothing.

Bounds: a place's θ is a ratio of counts, whose relative standard error is about 1 / sqrt(clicks at that place); bounds are four of
these, so one of a thousand right programs would fail, and the seeds are fixed.
"""

import numpy as np
import pytest

from fuserank.click_models import CLICK_MODELS, ClickLog
from fuserank.click_models.coec import coec
from fuserank.click_models.estimate import PRIOR, shrunk
from fuserank.click_models.pbm import position_based
from fuserank.data.sample.biased_shoppers import Crowd
from fuserank.errors import TooFewError
from tests.unit.click_models.known_shoppers import known_log, truth

PLACES = ("pbm", "pbm_em")


def logged(*lists):
    """A ClickLog of (query, products best first, clicked ones), each of another shopper."""
    queries, products = (sorted({name for entry in lists for name in entry[part]}) for part in (0, 1))
    shown = [(n, k, p, p in clicked) for n, (_, list_, clicked) in enumerate(lists) for k, p in enumerate(list_, start=1)]
    row, place, name, gain = zip(*shown, strict=True) if shown else [()] * 4
    product = [products.index(p) for p in name]
    query = [queries.index(q) for q, _, _ in lists]
    names = (np.array(ids, object) for ids in (queries, products))
    return ClickLog(
        *names, *(np.array(column, int) for column in (query, range(len(lists)), row, place, product)), np.array(gain, float)
    )


def liked(log, estimate):
    return {(query, product): value for query, found in estimate.by_query(log) for product, value in found.items()}


@pytest.mark.parametrize("model", PLACES)
@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_propensities_are_recovered_within_five_per_cent(model, eta):
    crowd = Crowd(sessions=60_000, eta=eta)
    log = known_log(sessions=60_000, eta=eta)
    error = CLICK_MODELS[model](log).examination / crowd.examination - 1
    clicks = np.bincount(log.place, log.clicked)[1:]
    assert (np.abs(error) < np.maximum(0.05, 4 * (1 / clicks + 1 / clicks[0]) ** 0.5)).all(), error
    assert np.abs(error).mean() < 0.05, error


def test_propensities_of_many_small_logs_are_right_on_average():
    """Few looks a pair: maximum likelihood would be off by more than this; the mean of 30 logs has a thirtieth of the variance."""
    crowd = Crowd(sessions=1500)
    found = np.array([position_based(known_log(seed, sessions=1500)).examination for seed in range(30)])
    standard_error = found.std(axis=0, ddof=1) / 30**0.5
    off = np.abs(found.mean(axis=0) - crowd.examination)[1:]
    assert (off < 4 * standard_error[1:]).all(), off / standard_error[1:]


@pytest.mark.parametrize("model", PLACES)
def test_attraction_goes_by_grades(model):
    """The mean attraction of a grade, over pairs with many looks, against the probability that made the clicks.

    Of n looks the rate has a standard error of sqrt(p (1 - p) / n); the prior adds two looks at the mean rate to fifty or more; and
    γ is in units of the first place's θ, whose own error is 4 / sqrt(its clicks).
    """
    log, (grades, _) = known_log(sessions=60_000), truth()
    estimate = CLICK_MODELS[model](log)
    grade = grades[[int(q[1:]) for q in log.queries[log.pair_query]], [int(p[1:]) for p in log.products[log.pair_product]]]
    unit = 4 / log.clicked[log.place == 1].sum() ** 0.5
    for number, probability in enumerate(Crowd().click_given_seen):
        pairs = (grade == number) & (estimate.looks > 50)
        looks = estimate.looks[pairs]
        rate, drawn = np.average(estimate.attraction[pairs], weights=looks), PRIOR * len(looks) / looks.sum()
        bound = 4 * (probability * (1 - probability) / looks.sum()) ** 0.5 + drawn + unit * probability
        assert rate == pytest.approx(probability, abs=bound), (number, rate)


@pytest.mark.parametrize("robots", ["all", "first"])
def test_five_per_cent_robots_change_propensities_by_less_than_chance_does(robots):
    plain, with_robots = (known_log(sessions=20_000, robots=share, robots_click=robots) for share in (0.0, 0.05))
    before, after = (position_based(log).examination for log in (plain, with_robots))
    clicks = np.bincount(plain.place, plain.clicked)[1:]
    assert (np.abs(after / before - 1) < 4 / clicks**0.5).all()


def test_robots_that_nobody_leaves_out_would_matter():
    """The test above can fail: with the robots' lists in, low places seem to be looked at far more."""
    from dataclasses import replace

    log = known_log(sessions=20_000)
    spoilt = replace(log, gain=np.where(log.row % 20 == 0, 1.0, log.gain))
    assert position_based(spoilt).examination[-1] > 1.5 * position_based(log).examination[-1]


def test_the_cascade_by_hand():
    log = logged(("q", "abc", "b"), ("q", "bca", ""), ("q", "abc", "ac"))
    estimate = CLICK_MODELS["cascade"](log)
    assert estimate.examination.tolist() == [1, pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert estimate.looks.tolist() == [3, 2, 1], "a: everybody; b: all but who left with a; c: who clicked nothing"
    rate = 2 / 6  # b and a, of six looks; what is clicked after the first click is not read
    expected = [(clicks + PRIOR * rate) / (looks + PRIOR) for clicks, looks in ((1, 3), (1, 2), (0, 1))]
    assert list(liked(log, estimate).values()) == pytest.approx(expected)


def test_coec_by_hand():
    log = logged(("q", "ab", "a"), ("q", "ba", "ba"), ("q", "ab", ""), ("q", "ab", "a"))
    estimate = coec(log)
    assert estimate.examination == pytest.approx([1, 1 / 3]), "3 clicks in 4 lists on top, 1 below"
    assert estimate.looks == pytest.approx([3 + 1 / 3, 1 + 1])


def test_two_places_by_hand():
    """Three lists each way round; clicks a: 3 of 3 on top, 1 of 3 below, b: 2 and 0. So θ_2 is 1/5, and both make up all clicks."""
    lists = [("q", "ab", "a"), ("q", "ab", "a"), ("q", "ab", "a"), ("q", "ba", "ba"), ("q", "ba", "b"), ("q", "ba", "")]
    estimate = position_based(logged(*lists))
    assert estimate.examination == pytest.approx([1, 1 / 5])
    assert estimate.looks == pytest.approx([3 + 3 / 5] * 2)


@pytest.mark.parametrize("model", CLICK_MODELS)
@pytest.mark.parametrize("lists", [[], [("q", "ab", "")]])
def test_a_log_without_clicks_is_refused(model, lists):
    with pytest.raises(TooFewError, match="0 clicks"):
        CLICK_MODELS[model](logged(*lists))


@pytest.mark.parametrize("model", PLACES)
def test_what_cannot_be_told_apart_is_refused(model):
    with pytest.raises(TooFewError, match="same place every time"):
        CLICK_MODELS[model](logged(("q", "ab", "a"), ("q", "ab", "b")))
    with pytest.raises(TooFewError, match="place 1"):
        CLICK_MODELS[model](logged(("q", "ab", "b"), ("q", "ba", "a")))


@pytest.mark.parametrize("model", CLICK_MODELS)
def test_an_estimate_is_in_its_range(model):
    log = known_log(sessions=300)
    estimate = CLICK_MODELS[model](log)
    for values in (estimate.examination, estimate.attraction):
        assert np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()
    assert (estimate.looks >= 0).all() and len(estimate.looks) == len(log.pair_query)


def test_products_with_few_looks_are_drawn_to_the_mean_and_can_be_left_out():
    assert shrunk(np.array([1.0, 0.0]), np.array([1.0, 9.0]), 2.0) == pytest.approx([(1 + 0.2) / 3, 0.2 / 11])
    assert shrunk(np.array([0.0]), np.array([0.0]), 0.0).tolist() == [0.0]
    log = logged(("q", "ab", "a"), ("q", "ba", "b"), ("q", "ac", "a"))
    found = dict(coec(log).by_query(log, fewest=1.5))
    assert set(found["q"]) == {"a"}
