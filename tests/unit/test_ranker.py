"""Building rankers, absence, and the stored half of the first layer against the plain computation."""

import json
from itertools import product

import numpy as np
import pytest
import torch

from fuserank.errors import InputError, UnknownNameError
from fuserank.fusion import FUSIONS
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates, gathered_products
from fuserank.scorers import SCORERS
from fuserank.slates import project_catalogue, score_slate

SPECS = (
    ModalitySpec("words", 6, 6, ("cosine",), "unit"),
    ModalitySpec("lexical", 0, 0, ("bm25", "overlap"), "unit"),
    ModalitySpec("numbers", 3, 0, (), "robust"),
)

PARTS = [*product([0], FUSIONS, SCORERS), (12, "", ""), (12, "concat", "sequence")]


def shaken(spec, seed=0):
    """A ranker every part of which shows in a score, and that knows every word."""
    torch.manual_seed(seed)
    ranker = Ranker(spec).eval()
    if ranker.late is not None:
        ranker.late.seen[1:] = True
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return ranker


def batch(present):
    generator = torch.Generator().manual_seed(1)
    b, n, _ = present.shape
    return Slates(
        query_vectors={"words": torch.randn(b, 6, generator=generator)},
        query_words=torch.tensor([3, 5, 0]).expand(b, 3),
        query_present=torch.ones(b, 1, dtype=torch.bool),
        products=torch.arange(n).expand(b, n),
        present=present,
        pairs=torch.randn(b, n, 3, generator=generator),
        mask=torch.ones(b, n, dtype=torch.bool),
    )


def vectors(count):
    generator = torch.Generator().manual_seed(2)
    return {"words": torch.randn(count, 6, generator=generator), "numbers": torch.randn(count, 3, generator=generator)}


def test_a_spec_comes_back_from_json():
    spec = RankerSpec(SPECS, "concat", "attention", width=8, rank=4, dropout=0.1)
    assert RankerSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    assert (spec.name, spec.pair_owners) == ("concat+attention", [0, 1, 1])


@pytest.mark.parametrize(
    ("late", "fusion", "scorer", "name"),
    [(0, "sum", "lstm", "sum+lstm"), (8, "", "", "late"), (8, "concat", "sequence", "late+concat+sequence")],
)
def test_a_ranker_is_named_by_its_parts(late, fusion, scorer, name):
    spec = RankerSpec(SPECS, fusion, scorer, late=late)
    assert spec.name == name
    assert RankerSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    ranker = Ranker(spec)
    assert (ranker.late is not None, ranker.fusion is not None, ranker.scorer is not None) == (bool(late), *[bool(fusion)] * 2)


@pytest.mark.parametrize(("fusion", "scorer"), [("", ""), ("sum", ""), ("", "sequence")])
def test_a_ranker_of_nothing_or_half_a_network_is_refused(fusion, scorer):
    with pytest.raises(InputError, match="late interaction, a fusion with a scorer, or both"):
        Ranker(RankerSpec(SPECS, fusion, scorer))


@pytest.mark.parametrize(("fusion", "scorer"), [("summ", "sequence"), ("sum", "sequense")])
def test_an_unknown_name_is_refused_with_the_nearest(fusion, scorer):
    with pytest.raises(UnknownNameError, match="sum" if fusion == "summ" else "sequence"):
        Ranker(RankerSpec(SPECS, fusion, scorer))


def test_no_product_vectors_at_all_is_refused():
    with pytest.raises(InputError, match="have no vectors"):
        Ranker(RankerSpec(SPECS[1:2], "sum", "sequence"))


@pytest.mark.parametrize(("late", "fusion", "scorer"), PARTS)
def test_absence(late, fusion, scorer):
    """A candidate without anything has a finite score; what an absent modality holds does not matter, its pair scores included."""
    ranker = shaken(RankerSpec(SPECS, fusion, scorer, width=8, rank=4, late=late))
    present = torch.ones(1, 5, 3, dtype=torch.bool)
    present[0, 0], present[0, 1, 0], present[0, 2, 1] = False, False, False
    inputs, products = batch(present), vectors(5)
    before = ranker(ranker.project_products(products), inputs)
    assert torch.isfinite(before).all()
    products["words"][:2] = 99.0
    products["numbers"][0] = -99.0
    inputs.pairs[0, 0], inputs.pairs[0, 1, 0], inputs.pairs[0, 2, 1:] = 99.0, 99.0, 99.0
    assert torch.equal(ranker(ranker.project_products(products), inputs), before)
    inputs.pairs[0, 3, 0] += 1
    assert not torch.equal(ranker(ranker.project_products(products), inputs), before)


@pytest.mark.parametrize("scorer", SCORERS)
def test_everything_absent_is_finite_with_finite_gradients(scorer):
    ranker = shaken(RankerSpec(SPECS, "attention", scorer, width=8, rank=4)).train()
    inputs = batch(torch.zeros(2, 4, 3, dtype=torch.bool))
    scores = ranker(ranker.project_products(vectors(4)), inputs)
    scores.sum().backward()
    assert torch.isfinite(scores).all()
    assert all(torch.isfinite(p.grad).all() for p in ranker.parameters() if p.grad is not None)


def test_a_new_ranker_is_its_prior():
    ranker = Ranker(RankerSpec(SPECS, "sum", "sequence", width=8, rank=4)).eval()
    inputs = batch(torch.ones(1, 4, 3, dtype=torch.bool))
    assert torch.allclose(ranker(ranker.project_products(vectors(4)), inputs), inputs.pairs.sum(-1))


@pytest.mark.parametrize(("late", "fusion", "scorer"), PARTS)
def test_stored_float16_projections_order_a_slate_as_float32_ones_do(tiny, late, fusion, scorer):
    """Float16 has 11 bits: scores differ by less than 1/200 of their spread, and only neighbours so close may change places."""
    ranker = shaken(RankerSpec(tiny.features.specs(), fusion, scorer, width=16, rank=8, late=late))
    ranker.fit_scaling(tiny.features.product_vectors(np.arange(len(tiny.features.catalogue))), {})
    stored = project_catalogue(ranker, tiny.features, chunk=7)
    assert stored.dtype == torch.float16
    with torch.no_grad():
        plain = ranker.project_products(tiny.features.product_vectors(np.arange(len(tiny.features.catalogue))))
    for slate in tiny.slates[2]:
        fast, slow = (score_slate(ranker, p, tiny.features.queries, slate) for p in (stored, plain))
        tolerance = 0.005 * np.std(slow)
        assert np.abs(fast - slow).max() < tolerance
        order = np.argsort(-fast, kind="stable")
        assert (np.diff(slow[order]) < 2 * tolerance).all()


def test_the_gradient_of_gathered_products_is_the_same_to_the_last_bit_each_time():
    """Else a training begun again would end elsewhere. Indexing sums it in several threads, in whichever order they come."""
    generator = torch.Generator().manual_seed(0)
    products = torch.randn(40, 4, 64, generator=generator, requires_grad=True)
    rows = torch.randint(0, 40, (16, 256), generator=generator)
    upstream = torch.randn(16, 256, 4, 64, generator=generator)
    gathered = gathered_products(products, rows)
    assert torch.equal(gathered, products[rows])
    threads = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        found = [torch.autograd.grad(gathered_products(products, rows), products, upstream)[0] for _ in range(8)]
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(found[0], other) for other in found[1:])
    exact = torch.autograd.grad(products.double()[rows], products, upstream.double())[0]
    torch.testing.assert_close(found[0], exact.to(found[0].dtype), rtol=1e-4, atol=1e-4)
