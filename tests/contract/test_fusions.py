"""Contract over every fusion, on its own; with every scorer: test_scorers.py."""

import pytest
import torch

from fuserank.fusion import FUSIONS
from fuserank.fusion.attention import AttentionFusion

B, N, M, D = 2, 5, 3, 4


def inputs(seed=0):
    rng = torch.Generator().manual_seed(seed)
    present = torch.rand(B, N, M, generator=rng) > 0.4
    x = torch.randn(B, N, M, D, generator=rng) * present[..., None]
    return x, present, torch.randn(B, D, generator=rng)


@pytest.mark.parametrize("name", list(FUSIONS))
def test_shape_and_finite(name):
    torch.manual_seed(0)
    fusion = FUSIONS[name](M, D)
    x, present, query = inputs()
    present[0, 0], x[0, 0] = False, 0.0
    fused = fusion(x, present, query)
    assert fused.shape == (B, N, fusion.fused_width)
    assert torch.isfinite(fused).all()


@pytest.mark.parametrize("name", list(FUSIONS))
def test_candidates_are_fused_apart(name):
    torch.manual_seed(0)
    fusion = FUSIONS[name](M, D)
    x, present, query = inputs()
    alone = torch.cat([fusion(x[:, [n]], present[:, [n]], query) for n in range(N)], dim=1)
    torch.testing.assert_close(fusion(x, present, query), alone)


def test_attention_weights_sum_to_one_over_the_present():
    torch.manual_seed(0)
    x, present, query = inputs()
    present[0, 0] = False
    weights = AttentionFusion(M, D).weights(x, present, query)
    assert (weights >= 0).all()
    assert (weights[~present] == 0).all()
    torch.testing.assert_close(weights.sum(-1), present.any(-1).float())


def test_attention_depends_on_the_query():
    torch.manual_seed(0)
    x, _, query = inputs()
    everything = torch.ones(B, N, M, dtype=torch.bool)
    fusion = AttentionFusion(M, D)
    assert not torch.allclose(fusion.weights(x, everything, query), fusion.weights(x, everything, 3 * query))


def test_sum_adds_and_concat_tells_absent_from_zero():
    x, present, query = inputs()
    expected = torch.stack([x[:, :, m] for m in range(M)]).sum(0)
    torch.testing.assert_close(FUSIONS["sum"](M, D)(x, present, query), expected)
    concat, zero = FUSIONS["concat"](M, D), torch.zeros_like(x)
    assert not torch.equal(concat(zero, present, query), concat(zero, ~present, query))
