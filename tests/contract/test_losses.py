"""Contract over every loss. Expected values are computed here, from the papers' formulas, with loops of plain Python."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.losses import LOSSES

EVERY = pytest.mark.parametrize("name", list(LOSSES))
RANKING = pytest.mark.parametrize("name", [n for n in LOSSES if n != "bce"])
slate = st.lists(st.tuples(st.floats(-5, 5, width=32), st.integers(0, 3)), min_size=2, max_size=8, unique_by=lambda pair: pair[0])


def tensors(pairs, requires_grad=False):
    logits = torch.tensor([[s for s, _ in pairs]], dtype=torch.float32, requires_grad=requires_grad)
    grades = torch.tensor([[float(g) for _, g in pairs]])
    return logits, grades, torch.ones(grades.shape, dtype=torch.bool)


@EVERY
def test_scalar_and_finite_even_with_extreme_logits(name):
    logits = torch.tensor([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]], requires_grad=True)
    value = LOSSES[name](logits, torch.tensor([[0.0, 3.0, 1.0], [1.0, 2.0, 0.0]]), torch.ones(2, 3, dtype=torch.bool))
    value.backward()
    assert value.shape == ()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()


@EVERY
def test_a_batch_of_padding_alone_is_zero_with_zero_gradient(name):
    logits = torch.randn(2, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    value = LOSSES[name](logits, torch.zeros(2, 4), torch.zeros(2, 4, dtype=torch.bool))
    value.backward()
    assert value.item() == 0
    assert torch.equal(logits.grad, torch.zeros(2, 4))


@RANKING
@pytest.mark.parametrize("grade", [0.0, 2.0])
def test_equal_grades_teach_nothing(name, grade):
    logits = torch.tensor([[0.3, -1.0, 2.0]], requires_grad=True)
    value = LOSSES[name](logits, torch.full((1, 3), grade), torch.ones(1, 3, dtype=torch.bool))
    value.backward()
    assert value.item() == 0
    assert torch.equal(logits.grad, torch.zeros(1, 3))


@EVERY
@settings(max_examples=25, deadline=None)
@given(pairs=slate, padding=st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=4))
def test_appending_padding_changes_nothing(name, pairs, padding):
    logits, grades, mask = tensors(pairs)
    extra = torch.tensor([padding])
    padded = LOSSES[name](
        torch.cat([logits, extra], 1),
        torch.cat([grades, torch.zeros_like(extra)], 1),
        torch.cat([mask, torch.zeros_like(extra) > 0], 1),
    )
    torch.testing.assert_close(padded, LOSSES[name](logits, grades, mask), atol=1e-5, rtol=1e-5)


@EVERY
@settings(max_examples=25, deadline=None)
@given(pairs=slate, data=st.data())
def test_the_order_of_candidates_does_not_matter(name, pairs, data):
    moved = data.draw(st.permutations(pairs))
    torch.testing.assert_close(LOSSES[name](*tensors(moved)), LOSSES[name](*tensors(pairs)), atol=1e-5, rtol=1e-5)


@EVERY
def test_a_useless_slate_does_not_dilute_the_mean(name):
    logits, grades, mask = tensors([(0.1, 0), (0.5, 3), (-0.3, 1)])
    more = LOSSES[name](torch.cat([logits, logits]), torch.cat([grades, 0 * grades]), torch.cat([mask, mask & False]))
    torch.testing.assert_close(more, LOSSES[name](logits, grades, mask))


@EVERY
def test_descending_sorts_by_grade(name):
    logits, grades, mask = tensors([(1.0, 0), (0.5, 1), (0.0, 2), (-0.5, 3)], requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    first = LOSSES[name](logits, grades, mask).item()
    for _ in range(150):
        optimizer.zero_grad()
        LOSSES[name](logits, grades, mask).backward()
        optimizer.step()
    assert LOSSES[name](logits, grades, mask).item() < first
    assert logits.detach()[0].argsort().tolist() == [0, 1, 2, 3]


@EVERY
@settings(max_examples=25, deadline=None)
@given(
    grades=st.lists(st.integers(0, 3), min_size=2, max_size=12).filter(lambda grades: len(set(grades)) > 1),
    scale=st.floats(1, 20),
)
def test_the_perfect_order_costs_less_than_the_reversed_one(name, grades, scale):
    grades = torch.tensor([sorted(grades, reverse=True)], dtype=torch.float32)
    logits, mask = scale * torch.arange(grades.shape[1], 0, -1)[None], torch.ones(grades.shape, dtype=torch.bool)
    assert LOSSES[name](logits, grades, mask) < LOSSES[name](logits.flip(1), grades, mask)


@EVERY
@settings(max_examples=25, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.floats(-1e4, 1e4, width=32), st.integers(0, 3)), min_size=1, max_size=8),
    padding=st.integers(0, 4),
)
def test_value_and_gradient_are_finite_and_padding_has_none(name, pairs, padding):
    logits, grades, mask = tensors([*pairs, *[(7.0, 0)] * padding], requires_grad=True)
    mask[:, len(pairs) :] = False
    value = LOSSES[name](logits, grades, mask)
    value.backward()
    assert value.dtype == torch.float32
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    assert not logits.grad[:, len(pairs) :].any()


@EVERY
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), levels=st.sampled_from([3, 1000]))
def test_long_slates_with_ties_follow_the_same_rules(name, seed, levels):
    """Longer than any loss keeps whole, many candidates of equal logit: order, padding and the other slates still play no part."""
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randint(0, levels, (2, 150), generator=rng) / levels
    grades = (torch.randint(0, 12, (2, 150), generator=rng) - 8).clamp(min=0).float()
    mask = torch.rand(2, 150, generator=rng) < torch.tensor([[0.9], [0.3]])
    moved = torch.randperm(150, generator=rng)
    whole = LOSSES[name](logits, grades, mask)
    close = {"atol": 1e-4, "rtol": 1e-4}
    torch.testing.assert_close(LOSSES[name](logits[:, moved], grades[:, moved], mask[:, moved]), whole, **close)
    alone = [LOSSES[name](logits[[b]][:, mask[b]], grades[[b]][:, mask[b]], mask[[b]][:, mask[b]]) for b in range(2)]
    torch.testing.assert_close(torch.stack(alone).mean(), whole, **close)


LOGITS, GRADES = (0.5, -1.0, 2.0), (1, 2, 0)


def softplus(value):
    return math.log1p(math.exp(value))


def by_hand_bce():
    return sum(softplus(s) - s * g / 3 for s, g in zip(LOGITS, GRADES, strict=True)) / 3


def by_hand_ranknet():
    pairs = [softplus(LOGITS[j] - LOGITS[i]) for i in range(3) for j in range(3) if GRADES[i] > GRADES[j]]
    return sum(pairs) / len(pairs)


def cross_entropy(target):
    total = sum(math.exp(s) for s in LOGITS)
    return -sum(t / sum(target) * math.log(math.exp(s) / total) for t, s in zip(target, LOGITS, strict=True))


def by_hand_listnet():
    return cross_entropy([math.exp(g) for g in GRADES])


def by_hand_softmax():
    return cross_entropy([2**g - 1 for g in GRADES])


def by_hand_lambdaloss():
    """Swap each pair in the list itself and take the change of nDCG."""
    order = sorted(range(3), key=lambda i: -LOGITS[i])

    def dcg(order):
        return sum(GRADES[i] / math.log2(rank + 2) for rank, i in enumerate(order))

    ideal, total = dcg(sorted(range(3), key=lambda i: -GRADES[i])), 0.0
    for i in range(3):
        for j in range(3):
            if GRADES[i] > GRADES[j]:
                swapped = [{i: j, j: i}.get(k, k) for k in order]
                total += abs(dcg(swapped) - dcg(order)) / ideal * softplus(LOGITS[j] - LOGITS[i])
    return total


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bce", by_hand_bce),
        ("ranknet", by_hand_ranknet),
        ("listnet", by_hand_listnet),
        ("softmax", by_hand_softmax),
        ("lambdaloss", by_hand_lambdaloss),
    ],
)
def test_value_by_the_formula(name, expected):
    assert LOSSES[name](*tensors(list(zip(LOGITS, GRADES, strict=True)))).item() == pytest.approx(expected(), rel=1e-5)
