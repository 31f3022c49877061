"""Calibration error, Brier score and reliability against values by hand, and what must hold for any pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import UnknownNameError
from fuserank.metrics.calibration import BINNINGS, brier, ece, reliability

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_equal_width_by_hand():
    """Two bins: [0, .5) holds .1 and .3 (none relevant), [.5, 1] holds .6 and .8 (one relevant)."""
    stated, relevant = np.array([0.1, 0.6, 0.3, 0.8]), np.array([False, True, False, False])
    curve = reliability(stated, relevant, binning="equal width", bins=2)
    assert curve.stated.tolist() == pytest.approx([0.2, 0.7])
    assert curve.found.tolist() == pytest.approx([0.0, 0.5])
    assert curve.pairs.tolist() == [2, 2]
    assert ece(stated, relevant, binning="equal width", bins=2) == pytest.approx((2 * 0.2 + 2 * 0.2) / 4)


def test_equal_mass_by_hand():
    """Of eight pairs crowded at the low end two bins take four each, where equal widths would put seven into one."""
    stated = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.9])
    relevant = np.array([0, 0, 0, 0, 0, 0, 1, 1], bool)
    curve = reliability(stated, relevant, binning="equal mass", bins=2)
    assert curve.pairs.tolist() == [4, 4]
    assert ece(stated, relevant, binning="equal mass", bins=2) == pytest.approx((0.025 + (0.5 - 0.27)) / 2)
    assert reliability(stated, relevant, binning="equal width", bins=2).pairs.tolist() == [7, 1]


def test_equal_probabilities_share_a_bin():
    curve = reliability(np.full(30, 0.2), np.arange(30) < 6)
    assert curve.pairs.tolist() == [30]
    assert ece(np.full(30, 0.2), np.arange(30) < 6) == pytest.approx(0.0)


def test_brier_by_hand():
    assert brier(np.array([0.5, 1.0]), np.array([True, False])) == pytest.approx((0.25 + 1.0) / 2)


def test_probabilities_that_are_drawn_from_are_calibrated_and_their_odds_squared_are_not():
    rng = np.random.default_rng(0)
    honest = rng.beta(1, 3, 20_000)
    relevant = rng.random(20_000) < honest
    bold = honest**2 / (honest**2 + (1 - honest) ** 2)
    for binning in BINNINGS:
        assert ece(honest, relevant, binning=binning) < 0.015
        assert ece(bold, relevant, binning=binning) > 0.05
    assert brier(honest, relevant) < brier(bold, relevant)


@settings(max_examples=25, deadline=None)
@given(PAIRS, st.sampled_from(list(BINNINGS)), st.integers(1, 20))
def test_bins_hold_every_pair_once(pairs, binning, bins):
    stated, relevant = np.array([p for p, _ in pairs]), np.array([r for _, r in pairs])
    curve = reliability(stated, relevant, binning=binning, bins=bins)
    assert curve.pairs.sum() == len(pairs) and (curve.pairs > 0).all() and len(curve.pairs) <= bins
    assert (np.diff(curve.stated) > 0).all()
    assert np.average(curve.stated, weights=curve.pairs) == pytest.approx(stated.mean())
    assert np.average(curve.found, weights=curve.pairs) == pytest.approx(relevant.mean())
    error = ece(stated, relevant, binning=binning, bins=bins)
    assert abs(stated.mean() - relevant.mean()) - 1e-9 <= error <= 1, "bins can only add to the error in the large"
    order = np.random.default_rng(0).permutation(len(pairs))
    assert ece(stated[order], relevant[order], binning=binning, bins=bins) == pytest.approx(error)


def test_no_pairs_other_shapes_and_unknown_binnings_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        ece(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(ValueError, match="same pairs"):
        ece(np.zeros(2), np.zeros(3, bool))
    with pytest.raises(UnknownNameError, match="equal mass"):
        ece(np.zeros(2), np.zeros(2, bool), binning="equal maas")
