"""Contract over every fusion, on its own; with every scorer: test_scorers.py."""

import pytest
import torch

from fuserank.fusion import FUSIONS
from fuserank.fusion.attention import AttentionFusion
from fuserank.fusion.bilinear import BilinearFusion
from fuserank.fusion.gated import GatedFusion
from fuserank.fusion.transformer import TransformerFusion

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


@pytest.mark.parametrize("name", list(FUSIONS))
def test_serving_takes_the_same_way_as_training(name):
    """PyTorch has a path of its own for transformers that learn nothing."""
    torch.manual_seed(0)
    fusion = FUSIONS[name](M, D)
    x, present, query = inputs()
    learning = fusion.train()(x, present, query)
    with torch.inference_mode():
        torch.testing.assert_close(fusion.eval()(x, present, query), learning)


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


def test_gates_depend_on_the_query_and_on_every_modality():
    torch.manual_seed(0)
    x, _, query = inputs()
    fusion = GatedFusion(M, D)
    gates = fusion.gates(x, query)
    other = x.clone()
    other[:, :, 2] += 1
    assert ((gates > 0) & (gates < 1)).all()
    assert not torch.allclose(gates, fusion.gates(x, 3 * query))
    assert not torch.allclose(gates[:, :, 0], fusion.gates(other, query)[:, :, 0])


def test_a_gated_candidate_is_the_gated_sum_of_what_it_has():
    torch.manual_seed(0)
    fusion = GatedFusion(M, D)
    x, present, query = inputs()
    gates = fusion.gates(x, query)
    expected = torch.zeros(B, N, D)
    for b, n, m in present.nonzero().tolist():
        expected[b, n] += gates[b, n, m] * torch.tanh(fusion.feature[m].weight @ x[b, n, m])
    torch.testing.assert_close(fusion(x, present, query), expected)


def test_the_transformer_reads_the_tokens_that_are_there_and_no_other():
    """Each candidate equals the encoder over its own short sequence; what stands in the place of an absent modality is not read."""
    torch.manual_seed(0)
    fusion = TransformerFusion(M, D)
    x, present, query = inputs()
    present[0, 0], x[0, 0] = False, 0.0
    fused = fusion(x, present, query)
    for b, n in ((b, n) for b in range(B) for n in range(N)):
        tokens = torch.cat([fusion.query(query[b])[None], x[b, n, present[b, n]]])
        torch.testing.assert_close(fused[b, n], fusion.encoder(tokens[None])[0].mean(0))
    torch.testing.assert_close(fusion(x + 9 * ~present[..., None], present, query), fused)


def test_bilinear_multiplies_what_is_there():
    """One modality alone and two together, by hand; none: the product over nothing is 1."""
    torch.manual_seed(0)
    fusion = BilinearFusion(M, D)
    x, _, query = inputs()
    for here in ((), (1,), (0, 2)):
        present = torch.zeros(B, N, M, dtype=torch.bool)
        present[..., list(here)] = True
        product = torch.ones(B, N, 2 * D)
        for m in here:
            product = product * (1 + torch.tanh(x[:, :, m] @ fusion.factors[m].weight.T))
        torch.testing.assert_close(fusion(x * present[..., None], present, query), fusion.product(product))
