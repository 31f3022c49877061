"""Values of the losses over whole orders: by the papers' formulas in plain numpy here, and as allRank 1.4.3 computed them once."""

import itertools
import math

import numpy as np
import pytest
import torch

from fuserank.losses import LOSSES
from fuserank.losses.neural_ndcg import CANDIDATES, neural_ndcg

LOGITS, GRADES = (0.5, -1.0, 2.0, 0.25, -0.75), (1, 2, 0, 3, 0)
DISTINCT = (0.5, -1.0, 2.0), (1, 2, 0)


def value(loss, logits, grades):
    grades = torch.tensor([grades], dtype=torch.float32)
    return loss(torch.tensor([logits], dtype=torch.float32), grades, torch.ones(grades.shape, dtype=torch.bool)).item()


def dcg(gains):
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def chance(order, logits):
    """Plackett-Luce: of those that are left, each is drawn with a chance that goes with exp(logit)."""
    return math.prod(math.exp(logits[i]) / sum(math.exp(logits[j]) for j in order[place:]) for place, i in enumerate(order))


def listmle(logits, grades):
    """Xia et al. 2008, equation of the likelihood loss, for grades that leave one order only."""
    return -math.log(chance(sorted(range(len(grades)), key=lambda i: -grades[i]), logits))


def listmle_with_ties(logits, grades):
    """Candidate by candidate: all of its grade and below compete with it."""
    rivals = [[s for s, g in zip(logits, grades, strict=True) if g <= grade] for grade in grades]
    each = zip(logits, grades, rivals, strict=True)
    return sum(math.log(sum(map(math.exp, those))) - s for s, g, those in each if g > min(grades))


def p_listmle(logits, grades):
    """Lan et al. 2014 with the discount of nDCG as weights, for grades that leave one order only but at the bottom."""
    order, total = sorted(range(len(grades)), key=lambda i: -grades[i]), 0.0
    for place, i in enumerate(order):
        if grades[i] > min(grades):
            left = sum(math.exp(logits[j]) for j in order[place:])
            total += (math.log(left) - logits[i]) / math.log2(place + 2)
    return total


def approx_ndcg(logits, grades):
    """Qin et al. 2010, equations of the smooth rank and of nDCG, α = 1."""
    total = 0.0
    for i, grade in enumerate(grades):
        rank = 1 + sum(1 / (1 + math.exp(logits[i] - s)) for j, s in enumerate(logits) if j != i)
        total += grade / math.log2(1 + rank)
    return 1 - total / dcg(sorted(grades, reverse=True))


def neural_ndcg_of(logits, grades, scalings):
    """Pobrotyn & Białobrzeski 2021: NeuralSort at τ = 1, rows and columns scaled in turns, nDCG of the softly sorted gains."""
    s, n = np.array(logits, np.float64), len(logits)
    energy = [(n + 1 - 2 * place) * s - np.abs(s[:, None] - s[None, :]).sum(1) for place in range(1, n + 1)]
    share = np.exp([row - row.max() for row in energy])
    share /= share.sum(1, keepdims=True)
    for _ in range(scalings):
        share /= share.sum(0, keepdims=True)
        share /= share.sum(1, keepdims=True)
    return 1 - dcg(share @ np.array(grades)) / dcg(sorted(grades, reverse=True))


@pytest.mark.parametrize(
    ("name", "case", "expected"),
    [
        ("listmle", DISTINCT, listmle(*DISTINCT)),
        ("listmle", (LOGITS, GRADES), listmle_with_ties(LOGITS, GRADES)),
        ("p_listmle", (LOGITS, GRADES), p_listmle(LOGITS, GRADES)),
        ("approx_ndcg", (LOGITS, GRADES), approx_ndcg(LOGITS, GRADES)),
        ("neural_ndcg", (LOGITS, GRADES), neural_ndcg_of(LOGITS, GRADES, 20)),
    ],
)
def test_value_by_the_formula(name, case, expected):
    assert value(LOSSES[name], *case) == pytest.approx(expected, rel=1e-5)


# allRank 1.4.3, torch 2.13: listMLE; 1 + approxNDCGLoss(alpha=1) with log2(1 + grade) for the linear gain; 1 + neuralNDCG(
# powered_relevancies=False), which scales up to 50 times, so that the last digits differ from 20 times.
@pytest.mark.parametrize(
    ("name", "case", "expected", "within"),
    [
        ("listmle", DISTINCT, 4.9427247, 1e-6),
        ("approx_ndcg", DISTINCT, 1 - 0.6368558, 1e-6),
        ("approx_ndcg", (LOGITS, GRADES), 1 - 0.6111730, 1e-6),
        ("neural_ndcg", DISTINCT, 1 - 0.6522853, 1e-5),
        ("neural_ndcg", (LOGITS, GRADES), 1 - 0.6544335, 1e-4),
    ],
)
def test_value_as_allrank_gives_it(name, case, expected, within):
    assert value(LOSSES[name], *case) == pytest.approx(expected, abs=within)


def test_ties_weigh_the_mean_of_their_places():
    """p-ListMLE over two of grade 1 above one of grade 0: the mean over both orders of the two, each with Breslow's denominator."""
    logits, grades = (0.3, -0.2, 1.0), (1, 1, 0)
    rest = math.log(sum(map(math.exp, logits)))
    orders = [(rest - logits[i]) + (rest - logits[j]) / math.log2(3) for i, j in itertools.permutations((0, 1))]
    assert value(LOSSES["p_listmle"], logits, grades) == pytest.approx(sum(orders) / 2, rel=1e-5)


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_twenty_scalings_are_near_the_limit(scale):
    rng = np.random.default_rng(0)
    logits, grades = (scale * rng.standard_normal(CANDIDATES)).tolist(), rng.integers(0, 4, CANDIDATES).tolist()
    assert value(neural_ndcg, logits, grades) == pytest.approx(neural_ndcg_of(logits, grades, 2000), abs=2e-3)


def test_smooth_ndcg_becomes_ndcg_as_logits_are_spread():
    exact = 1 - dcg([GRADES[i] for i in np.argsort(-np.array(LOGITS))]) / dcg(sorted(GRADES, reverse=True))
    spread = tuple(100 * s for s in LOGITS)
    for name in ("approx_ndcg", "neural_ndcg"):
        assert value(LOSSES[name], spread, GRADES) == pytest.approx(exact, abs=1e-4)


def test_a_long_slate_keeps_the_best_grades_and_the_hardest_rivals():
    """What neural_ndcg leaves out is what stands low with a low grade: its logits carry no gradient, those kept do."""
    logits = torch.linspace(2, -2, 3 * CANDIDATES)[None].requires_grad_()
    grades = torch.zeros(1, 3 * CANDIDATES)
    grades[0, -3:] = torch.tensor([1.0, 3.0, 2.0])
    neural_ndcg(logits, grades, torch.ones(1, 3 * CANDIDATES, dtype=torch.bool)).backward()
    moved = set(logits.grad[0].nonzero().flatten().tolist())
    assert moved == {*range(CANDIDATES - 3), *range(3 * CANDIDATES - 3, 3 * CANDIDATES)}
