"""Contract over every ranker: every fusion with every scorer, and late interaction alone and beside a network."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import UnknownNameError
from fuserank.fusion import FUSIONS
from fuserank.pipeline.job import parts_of
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates
from fuserank.scorers import SCORERS

SPECS = (
    ModalitySpec("a", 5, 5, ("cosine",), "unit", is_term=True),
    ModalitySpec("b", 0, 0, ("one", "two"), "standard"),
    ModalitySpec("c", 3, 0, (), "robust"),
)
PRODUCTS = 9
NETWORKS = [f"{fusion}+{scorer}" for fusion, scorer in product(FUSIONS, SCORERS)]
EVERY = pytest.mark.parametrize("name", [*NETWORKS, "late", "late+concat+sequence", "late+attention+attention_sequence"])


def spec_of(name: str) -> RankerSpec:
    parts = parts_of(name)
    return RankerSpec(SPECS, parts.fusion, parts.scorer, width=8, rank=4, late=6 if parts.late else 0)


def shaken(name: str) -> Ranker:
    """A ranker in eval mode none of whose layers is at its start (the last one of a scorer starts at 0), that knows every word."""
    torch.manual_seed(1)
    ranker = Ranker(spec_of(name)).eval()
    if ranker.late is not None:
        ranker.late.seen[1:] = True
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return ranker


def vectors(seed: int = 0) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return {"a": torch.randn(PRODUCTS, 5, generator=rng), "c": torch.randn(PRODUCTS, 3, generator=rng)}


def slates(candidates: int = 7, batch: int = 2, seed: int = 0) -> Slates:
    rng = torch.Generator().manual_seed(seed)
    return Slates(
        query_vectors={"a": torch.randn(batch, 5, generator=rng)},
        query_words=torch.tensor([[3, 5, 0], [7, 0, 0]])[:batch],
        query_present=torch.tensor([[True], [False]])[:batch],
        products=torch.randint(0, PRODUCTS, (batch, candidates), generator=rng),
        present=torch.rand(batch, candidates, 3, generator=rng) > 0.3,
        pairs=torch.randn(batch, candidates, 3, generator=rng),
        mask=torch.ones(batch, candidates, dtype=torch.bool),
    )


def per_candidate(batch: Slates, change) -> Slates:
    """The batch with `change` applied to every tensor that has a candidate axis."""
    return replace(batch, **{name: change(getattr(batch, name)) for name in ("products", "present", "pairs", "mask")})


def scores(ranker: Ranker, batch: Slates, stored: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
    with torch.inference_mode():
        return ranker(ranker.project_products(stored or vectors()), batch)


@EVERY
@pytest.mark.parametrize("candidates", [1, 2, 7])
def test_one_finite_score_a_candidate(name, candidates):
    result = scores(shaken(name), slates(candidates))
    assert result.shape == (2, candidates)
    assert torch.isfinite(result).all()


@EVERY
def test_a_candidate_without_any_modality_and_a_slate_of_padding_alone_are_finite(name):
    batch = slates()
    batch.present[:, 0] = False
    batch.present[1], batch.mask[1] = False, False
    assert torch.isfinite(scores(shaken(name), batch)).all()


@EVERY
def test_padding_never_changes_a_real_score(name):
    ranker, batch = shaken(name), slates()
    garbage = slates(5, seed=3)
    padded = replace(
        batch,
        products=torch.cat([batch.products, garbage.products], 1),
        present=torch.cat([batch.present, garbage.present], 1),
        pairs=torch.cat([batch.pairs, 100 * garbage.pairs], 1),
        mask=torch.cat([batch.mask, torch.zeros(2, 5, dtype=torch.bool)], 1),
    )
    torch.testing.assert_close(scores(ranker, padded)[:, :7], scores(ranker, batch), atol=1e-4, rtol=1e-4)


@EVERY
def test_what_an_absent_modality_holds_does_not_matter(name):
    ranker, batch = shaken(name), slates()
    batch.present[..., 0] = False
    other = vectors() | {"a": 1000 * vectors(5)["a"]}
    pairs = batch.pairs.clone()
    pairs[..., 0] = 99.0
    absent_b = replace(batch, pairs=pairs)
    torch.testing.assert_close(scores(ranker, absent_b, other), scores(ranker, batch))
    batch.present[..., 0] = True
    assert not torch.allclose(scores(ranker, batch, other), scores(ranker, batch)), "the same change shows when it is present"


@EVERY
@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(7)))
def test_permuting_candidates_permutes_scores(name, order):
    ranker, batch = shaken(name), slates()
    moved = per_candidate(batch, lambda tensor: tensor[:, list(order)])
    torch.testing.assert_close(scores(ranker, moved), scores(ranker, batch)[:, list(order)], atol=1e-4, rtol=1e-4)


@EVERY
def test_every_parameter_learns(name):
    ranker = shaken(name)
    batch = replace(slates(), present=torch.ones(2, 7, 3, dtype=torch.bool))
    (ranker(ranker.project_products(vectors()), batch) * torch.linspace(-1, 2, 7)).sum().backward()
    still = [name for name, p in ranker.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)]
    assert not still


@pytest.mark.parametrize("name", NETWORKS)
def test_a_new_network_is_its_prior(name):
    torch.manual_seed(0)
    ranker, batch = Ranker(spec_of(name)).eval(), slates()
    expected = (batch.pairs * batch.present[..., [0, 1, 1]]).sum(-1)
    torch.testing.assert_close(scores(ranker, batch), expected)


def test_an_unknown_fusion_or_scorer_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown fusion 'sun'.*sum"):
        Ranker(RankerSpec(SPECS, "sun", "sequence"))
    with pytest.raises(UnknownNameError, match=r"unknown scorer 'sequenc'.*sequence"):
        Ranker(RankerSpec(SPECS, "sum", "sequenc"))
