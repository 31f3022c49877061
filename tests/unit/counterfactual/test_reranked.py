"""Another ranking valued by the clicks on the one that was shown: by hand, and against shoppers whose truth is known."""

import numpy as np
import pytest

from fuserank.click_models import ClickEstimate
from fuserank.click_models.pbm import position_based
from fuserank.counterfactual import WORTHS, as_logged, difference, estimated, reranked
from fuserank.data.sample.biased_shoppers import Crowd
from tests.unit.click_models.known_shoppers import known_log, truth
from tests.unit.click_models.test_click_models import logged

THETA = np.array([1.0, 0.5])


def known(log):
    """The true examination of places 1 and 2."""
    return ClickEstimate(THETA, np.zeros(len(log.pair_query)), np.zeros(len(log.pair_query)))


def test_a_click_below_counts_for_more_when_its_product_moves_up():
    log = logged(("q", "ab", "b"), ("q", "ab", "a"), ("q", "ab", ""), ("q", "ab", ""))
    swapped = reranked(log, known(log), {"q": ["b", "a"]}, THETA)
    assert swapped.weighted.tolist() == [1 / 0.5, 0.5 / 1, 0, 0]
    assert swapped.weight == pytest.approx([1.5] * 4) and swapped.due == 1.5 and swapped.covered == 1
    assert estimated(swapped, "ips").value == pytest.approx(2.5 / 4)
    same = reranked(log, known(log), {"q": ["a", "b"]}, THETA)
    assert estimated(same, "ips").value == estimated(as_logged(log, known(log), THETA), "ips").value == 0.5


def test_what_was_shown_seldom_is_not_punished_and_what_never_was_is_nothing_to_ips():
    log = logged(("q", "a", "a"), ("q", "a", "a"), ("q", "b", "b"), ("q", "a", "a"))
    b_first = reranked(log, known(log), {"q": ["b"]}, THETA)
    assert estimated(b_first, "ips").value == 1, "each who saw b clicked it"
    unknown = {"q": ["c", "b"]}
    seen = reranked(log, known(log), unknown, THETA, attraction={"q": {"c": 0.4, "b": 1.0}})
    assert (seen.due, seen.covered) == (1.5, pytest.approx(0.5 / 1.5))
    assert estimated(seen, "ips").value == pytest.approx(0.5)
    assert estimated(seen, "snips").value == pytest.approx(1.5), "as good as what was seen"
    assert estimated(seen, "dr").value == pytest.approx(0.5 + 0.4), "as the model says"


def test_looks_are_shared_among_the_lists_of_their_own_query():
    log = logged(("q", "ab", "a"), ("r", "ab", ""), ("r", "ab", ""), ("r", "ab", ""))
    seen = reranked(log, known(log), {"q": ["a", "b"], "r": ["a", "b"]}, THETA)
    assert seen.weighted.tolist() == [1, 0, 0, 0], "a was looked at in each list of q"


def test_no_weight_is_above_the_clip_and_snips_makes_up_for_it():
    log = logged(("q", "ab", "b"), ("q", "ab", "a"))
    clipped = reranked(log, known(log), {"q": ["b", "a"]}, THETA, clip=1.0)
    assert clipped.weighted.tolist() == [1.0, 0.5]
    assert estimated(clipped, "snips").value == pytest.approx(1.5 * 1.5 / 2)


def test_only_the_first_places_are_worth_something():
    log = logged(("q", "ab", "ab"), ("q", "ba", "a"))
    top = reranked(log, known(log), {"q": ["a", "b"]}, np.array([1.0]))
    assert estimated(top, "ips").value == pytest.approx(2 / 2 / 0.75)


def ideal(grades):
    order = np.argsort(-grades, axis=1, kind="stable")[:, :10]
    return {f"q{q}": [f"p{p}" for p in row] for q, row in enumerate(order)}, order


@pytest.mark.parametrize("seed", range(3))
def test_the_value_of_the_ideal_ranking_is_found_with_estimated_propensities(seed):
    """Against its true clicks a list, over queries as they were asked; products that were never shown are the model's guess."""
    crowd, (grades, _) = Crowd(sessions=20_000), truth()
    log = known_log(seed, sessions=20_000)
    estimate = position_based(log)
    rankings, order = ideal(grades)
    asked = np.bincount([int(q[1:]) for q in log.queries[log.query]], minlength=len(grades)) / log.lists
    clicks = np.array(crowd.click_given_seen)[np.take_along_axis(grades, order, axis=1)] @ crowd.examination
    value = float(asked @ clicks)
    seen = reranked(log, estimate, rankings, WORTHS["clicks"](estimate.examination), attraction=dict(estimate.by_query(log)))
    for name in ("snips", "dr"):
        found = estimated(seen, name)
        half = (found.high - found.low) / 2
        assert found.value == pytest.approx(value, abs=2 * half + 0.02 * value), "twice the interval, and 2 % for the propensities"
    shown = estimated(as_logged(log, estimate, estimate.examination), "ips")
    assert shown.value == pytest.approx(log.clicked.sum() / log.lists)
    better = difference(seen, as_logged(log, estimate, estimate.examination), "dr")
    assert better.low > 0, "the ideal ranking earns more than the older ranker's"


def test_dcg_is_the_other_worth():
    assert WORTHS["dcg"](THETA) == pytest.approx([1, 1 / np.log2(3)])
    assert WORTHS["clicks"](THETA) is THETA
