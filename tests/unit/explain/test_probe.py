"""Stand-ins score as if the slate had them, and the fusion's weights are the fusion's own."""

from dataclasses import replace

import numpy as np
import pytest

from fuserank.explain.attention import fusion_weights
from fuserank.slates import score_slate


@pytest.mark.parametrize("scorer", ["sequence", "attention_sequence"])
def test_a_stand_in_scores_as_in_the_slate(tiny, shaken, probe_of, scorer):
    probe = probe_of(shaken("concat", scorer), tiny.slates[2][0])
    candidates = probe.slate.take(np.array([2, 4]))
    present = candidates.present.copy()
    present[:, 0] = False
    found = probe.stand_ins(np.array([2, 4]), replace(candidates, present=present))
    for position, score in zip((2, 4), found, strict=True):
        changed = probe.slate.present.copy()
        changed[position, 0] = False
        whole = score_slate(probe.ranker, probe.projected, tiny.features.queries, replace(probe.slate, present=changed))
        assert score == pytest.approx(whole[position], abs=1e-4)
        assert score != pytest.approx(probe.scores[position], abs=1e-4)


def test_a_slate_of_one_has_no_rivals(tiny, shaken, probe_of):
    assert not probe_of(shaken("sum", "attention_sequence"), tiny.slates[2][0].take(np.array([0]))).contextual


def test_weights_sum_to_one_over_what_is_present(tiny, trained, probe_of):
    probe = probe_of(trained, tiny.slates[2][0])
    weights = fusion_weights(trained, probe.projected, tiny.features.queries, probe.slate)
    assert weights.sum(1) == pytest.approx(np.ones(len(weights)), abs=1e-5)
    assert (weights[~probe.slate.present] == 0).all() and (weights[probe.slate.present] > 0).all()
    assert not trained.fusion._forward_hooks


def test_a_fusion_without_weights_has_none(tiny, shaken, probe_of):
    probe = probe_of(shaken("sum", "sequence"), tiny.slates[2][0])
    assert fusion_weights(probe.ranker, probe.projected, tiny.features.queries, probe.slate) is None


def test_late_interaction_alone_has_no_fusion_to_weigh(tiny, shaken, probe_of):
    probe = probe_of(shaken("", "", 8), tiny.slates[2][0])
    assert not probe.contextual, "candidates are scored apart"
    assert fusion_weights(probe.ranker, probe.projected, tiny.features.queries, probe.slate) is None
    beside = probe_of(shaken("attention", "sequence", 8), tiny.slates[2][0])
    assert fusion_weights(beside.ranker, beside.projected, tiny.features.queries, beside.slate) is not None
