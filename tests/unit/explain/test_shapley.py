"""The axioms that define Shapley shares, on random games and on the ranker."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.explain.modality_shares import modality_shares, scores_of_nothing
from fuserank.explain.shapley import coalitions, divide, exact_shares

GAMES = st.integers(0, 5).flatmap(lambda p: st.lists(st.floats(-9, 9), min_size=2**p, max_size=2**p))


@given(GAMES)
@settings(max_examples=25, deadline=None)
def test_efficiency(values):
    shares = exact_shares(np.array(values)[:, None])[0]
    assert shares.sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(GAMES.filter(lambda v: len(v) >= 4), st.floats(-3, 3))
@settings(max_examples=25, deadline=None)
def test_symmetry_and_dummy(values, alone):
    """Players 0 and 1 made interchangeable have one share; a further player that adds a constant has that constant, 0 or not."""
    values = np.array(values)
    masks = coalitions(len(values).bit_length() - 1)
    swapped = masks.copy()
    swapped[:, [0, 1]] = masks[:, [1, 0]]
    values = (values + values[swapped @ (1 << np.arange(masks.shape[1]))]) / 2
    shares = exact_shares(np.concatenate([values, values + alone])[:, None])[0]
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    assert shares[-1] == pytest.approx(alone, abs=1e-9)


def test_the_glove_game():
    """One left glove, two right ones; a pair is worth 1. By hand (and in Shapley's textbooks): 2/3, 1/6, 1/6."""
    masks = coalitions(3)
    worth = (masks[:, 0] & (masks[:, 1] | masks[:, 2])).astype(float)
    assert exact_shares(worth[:, None])[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_sampled_shares_are_efficient_near_the_exact_ones_and_leave_randomness_alone():
    import torch

    weights = np.array([[3.0, -1, 0, 2, 0.5], [0, 1, 1, 0, -2]])
    asked = []

    def game(masks):
        asked.extend(map(tuple, masks))
        return masks @ weights.T + np.outer(masks[:, 0] & masks[:, 3], [4, 0])

    before = torch.random.get_rng_state()
    sampled = divide(game, 5, exact_up_to=4, orders=200)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(asked) == len(set(asked)) <= 32
    exact = divide(game, 5, exact_up_to=5)
    assert (sampled.exact, exact.exact) == (False, True)
    assert sampled.values.sum(1) == pytest.approx(sampled.full - sampled.base)
    assert np.allclose(sampled.values, exact.values, atol=0.3)
    assert np.allclose(sampled.values[1], weights[1], atol=1e-5)  # a sum has its terms as shares, whatever the orders


def test_nobody_shares_nothing():
    shares = divide(lambda masks: np.full((len(masks), 2), 3.0), 0, exact_up_to=3)
    assert shares.values.shape == (2, 0) and shares.base.tolist() == shares.full.tolist() == [3, 3]


@pytest.mark.parametrize("scorer", ["sequence", "attention_sequence"])
def test_shares_of_modalities_sum_to_the_score_and_absent_ones_have_none(tiny, shaken, probe_of, scorer):
    probe = probe_of(shaken("attention", scorer), tiny.slates[2][0])
    assert probe.contextual == (scorer == "attention_sequence")
    names, positions = [m.name for m in tiny.features.modalities], [0, 3, 5]
    families = {
        "words": ["text", "multilingual", "words", "lexical"],
        "rest": ["image", "audio", "numeric", "history", "behaviour"],
    }
    for groups in (None, families):
        shares, base = modality_shares(probe, positions, groups), scores_of_nothing(probe, positions)
        for share, start, position in zip(shares, base, positions, strict=True):
            assert start + sum(share.values()) == pytest.approx(probe.scores[position], abs=1e-3)
            if groups is None:
                assert set(share) == {name for name, here in zip(names, probe.slate.present[position], strict=True) if here}


def test_no_candidates_have_no_shares(tiny, trained, probe_of):
    assert modality_shares(probe_of(trained, tiny.slates[2][0]), []) == []
