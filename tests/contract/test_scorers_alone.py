"""Contract over every scorer on its own: what of a slate it sees. With every fusion, through the ranker: test_scorers.py."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.scorers import SCORERS
from fuserank.scorers.base import Scorer

M, D, F = 3, 8, 6
EVERY = pytest.mark.parametrize("name", list(SCORERS))
CONTEXT = {"attention_sequence"}  # scorers that see the rivals of a candidate


def bare(name: str) -> Scorer:
    """A scorer on its own, none of whose layers is at its start."""
    torch.manual_seed(2)
    scorer = SCORERS[name](M, D, F, 0.2).eval()
    with torch.no_grad():
        for parameter in scorer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return scorer


def slate_of(batch: int, candidates: int, seed: int, *, real: float = 0.7) -> tuple[torch.Tensor, ...]:
    """fused, x, present, mask of random slates; padding stands anywhere among the candidates."""
    rng = torch.Generator().manual_seed(seed)
    present = torch.rand(batch, candidates, M, generator=rng) > 0.3
    x = torch.randn(batch, candidates, M, D, generator=rng) * present[..., None]
    return torch.randn(batch, candidates, F, generator=rng), x, present, torch.rand(batch, candidates, generator=rng) < real


def score(scorer: Scorer, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    with torch.inference_mode():
        return scorer(*inputs)


@EVERY
@settings(max_examples=25, deadline=None)
@given(candidates=st.integers(1, 40), seed=st.integers(0, 2**16))
def test_scores_move_with_their_candidates_wherever_padding_stands(name, candidates, seed):
    """Permutation-equivariant, on slates shorter and longer than the inducing points."""
    scorer, inputs = bare(name), slate_of(2, candidates, seed)
    order = torch.randperm(candidates, generator=torch.Generator().manual_seed(seed + 1))
    moved = score(scorer, tuple(part[:, order] for part in inputs))
    torch.testing.assert_close(moved, score(scorer, inputs)[:, order], atol=1e-5, rtol=1e-4)


@EVERY
@settings(max_examples=25, deadline=None)
@given(candidates=st.integers(2, 40), seed=st.integers(0, 2**16))
def test_a_slate_scores_as_its_real_candidates_alone(name, candidates, seed):
    """Neither padding, whatever it holds, nor another slate of the batch is seen."""
    scorer, (fused, x, present, mask) = bare(name), slate_of(2, candidates, seed)
    mask[:, 0] = True
    garbage = ~mask[..., None]
    whole = score(scorer, (fused + 50 * garbage, x + 50 * garbage[..., None], present, mask))
    for b in range(2):
        alone = score(scorer, tuple(part[[b]][:, mask[b]] for part in (fused, x, present, mask)))
        torch.testing.assert_close(whole[[b]][:, mask[b]], alone, atol=1e-5, rtol=1e-4)


@EVERY
def test_a_rival_counts_where_the_scorer_sees_rivals_and_nowhere_else(name):
    scorer, (fused, x, present, mask) = bare(name), slate_of(1, 12, 0, real=1.0)
    other, other_x = fused.clone(), x.clone()
    other[:, 1:], other_x[:, 1:] = -other[:, 1:], -other_x[:, 1:]
    before, after = score(scorer, (fused, x, present, mask))[0, 0], score(scorer, (other, other_x, present, mask))[0, 0]
    assert (abs(before - after) > 1e-3) == (name in CONTEXT)


@EVERY
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_gradients_are_finite_on_slates_of_padding_and_candidates_without_modalities(name, seed):
    scorer, (fused, x, present, mask) = bare(name), slate_of(2, 5, seed)
    present[:, 0], mask[1] = False, False
    fused.requires_grad_()
    (scorer(fused, x * present[..., None], present, mask) * mask).sum().backward()
    assert torch.isfinite(fused.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in scorer.parameters() if p.grad is not None)
    assert not fused.grad[1].any()


def test_the_lstm_skips_the_step_of_an_absent_modality():
    """A candidate without its second modality goes through the LSTM cell with the first and the third, and no other."""
    scorer, (fused, x, present, mask) = bare("lstm"), slate_of(1, 4, 0)
    present[:] = torch.tensor([True, False, True])
    hidden = scorer.enter(fused[0])
    state = hidden, torch.zeros_like(hidden)
    for m in (0, 2):
        state = scorer.cell(x[0, :, m], state)
    torch.testing.assert_close(scorer(fused, x, present, mask)[0], scorer.head(state[0]).squeeze(-1))
