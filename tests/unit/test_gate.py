"""Each rule of the gate turns the decision on its own, in both directions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fuserank.errors import InputError
from fuserank.gate import Evidence, Without, decide

LIMITS = {"slice_tolerance": 0.02, "latency_ms": 50.0, "missing_tolerance": 0.5, "alpha": 0.05}
IDS = [f"q{i}" for i in range(20)]


def evidence(values=0.7, **changes):
    values = dict(zip(IDS, np.broadcast_to(values, len(IDS)).tolist(), strict=True))
    fields = {
        "ranker": "r",
        "per_query": values,
        "slices": {"first": IDS[:5]},
        "latency_ms_per_1000": 10.0,
        "missing": {"text": Without(ndcg=0.5, rest=0.6)},
    }
    return Evidence(**{**fields, **changes})


def failed(decision):
    assert decision.promote == all(check.passed for check in decision.reasons)
    return [check.name for check in decision.reasons if not check.passed]


def test_a_clearly_better_challenger_is_promoted():
    assert failed(decide(evidence(0.7), evidence(0.6), **LIMITS)) == []


def test_the_first_champion_is_compared_with_nobody():
    decision = decide(evidence(0.01, missing={"text": Without(ndcg=0.01, rest=0.0)}), None, **LIMITS)
    assert decision.promote
    assert {check.name for check in decision.reasons} == {"latency", "missing:text"}


@pytest.mark.parametrize("champion", [0.7, 0.71, 0.8])
def test_equal_or_worse_does_not_beat(champion):
    assert "beats_champion" in failed(decide(evidence(0.7), evidence(champion), **LIMITS))


def test_a_gain_within_noise_does_not_beat():
    noise = np.where(np.arange(20) % 2, 0.3, -0.29)
    assert failed(decide(evidence(0.5 + noise, slices={}), evidence(0.5, slices={}), **LIMITS)) == ["beats_champion"]


def test_one_query_can_never_beat():
    one = {"per_query": {"q0": 1.0}, "slices": {}}
    assert failed(decide(evidence(**one), evidence(**one | {"per_query": {"q0": 0.0}}), **LIMITS)) == ["beats_champion"]


def test_p_value_of_five_equal_gains_is_exactly_one_in_32():
    # All 2^5 sign flips are enumerated; only the observed one reaches the observed mean.
    five = {"slices": {}, "per_query": dict.fromkeys(IDS[:5], 0.6)}
    decision = decide(evidence(**five), evidence(**five | {"per_query": dict.fromkeys(IDS[:5], 0.5)}), **LIMITS)
    assert decision.reasons[0].observed == pytest.approx(1 / 32)


@pytest.mark.parametrize(("loss", "passes"), [(0.019, True), (0.021, False)])
def test_a_protected_slice_may_lose_the_tolerance_and_no_more(loss, passes):
    values = np.full(20, 0.7)
    values[:5] = 0.6 - loss
    assert failed(decide(evidence(values), evidence(0.6), **LIMITS)) == ([] if passes else ["slice:first"])


def test_a_slice_of_the_champion_stays_protected_when_the_challenger_drops_it():
    values = np.full(20, 0.7)
    values[:5] = 0.3
    assert failed(decide(evidence(values, slices={}), evidence(0.5), **LIMITS)) == ["slice:first"]


@pytest.mark.parametrize(("latency", "passes"), [(50.0, True), (50.1, False)])
def test_latency_budget(latency, passes):
    assert failed(decide(evidence(latency_ms_per_1000=latency), None, **LIMITS)) == ([] if passes else ["latency"])


@pytest.mark.parametrize(("without", "passes"), [(0.351, True), (0.349, False)])
def test_each_modality_may_be_missing(without, passes):
    decision = decide(
        evidence(missing={"image": Without(ndcg=0.7, rest=0.5), "text": Without(ndcg=without, rest=0.7)}), None, **LIMITS
    )
    assert failed(decision) == ([] if passes else ["missing:text"])


def test_a_missing_modality_that_was_not_tried_was_not_survived():
    assert failed(decide(evidence(missing=None), None, **LIMITS)) == ["missing"]
    assert failed(decide(evidence(missing={}), None, **LIMITS)) == []  # one family of modalities: nothing else can be missing


def test_different_judgments_are_refused():
    with pytest.raises(InputError, match="different queries: q19"):
        decide(evidence(), evidence(per_query=dict.fromkeys(IDS[:19], 0.5)), **LIMITS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_query": {}},
        {"per_query": {"q0": float("nan")}},
        {"per_query": {"q0": 1.2}},
        {"slices": {"a": []}},
        {"slices": {"a": ["x"]}},
        {"latency_ms_per_1000": -1.0},
        {"latency_ms_per_1000": float("inf")},
        {"missing": {"text": {"ndcg": float("nan"), "rest": 0.5}}},
        {"extra": 1},
    ],
)
def test_evidence_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        evidence(**wrong)


values_of_20 = st.lists(st.floats(0, 1), min_size=20, max_size=20)


@settings(max_examples=25, deadline=None)
@given(new=values_of_20, old=values_of_20)
def test_never_both_ways_and_the_same_twice(new, old):
    a, b = evidence(new), evidence(old)
    there, back = decide(a, b, **LIMITS), decide(b, a, **LIMITS)
    assert not (there.promote and back.promote)
    assert decide(a, b, **LIMITS) == there


@settings(max_examples=25, deadline=None)
@given(new=values_of_20, old=values_of_20)
def test_a_stricter_gate_never_promotes_more(new, old):
    strict = LIMITS | {"slice_tolerance": 0.0, "alpha": 0.01, "latency_ms": 11.0, "missing_tolerance": 0.3}
    a, b = evidence(new), evidence(old)
    assert decide(a, b, **LIMITS).promote or not decide(a, b, **strict).promote
