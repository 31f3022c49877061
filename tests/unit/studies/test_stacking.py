"""Stacked shops: every candidate keeps its own vectors, query and pair scores."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fuserank.errors import InputError
from fuserank.pipeline.stacking import stack, stack_slates
from fuserank.ranker import Ranker, RankerSpec
from fuserank.slates import Features, project_catalogue, score_slate


@pytest.fixture(scope="module")
def other(tiny):
    """The tiny store with its products in another order, so that rows of the two do not agree by chance."""
    order = np.random.default_rng(0).permutation(len(tiny.features.catalogue))
    catalogue = tiny.features.catalogue
    turned = replace(
        catalogue,
        product_ids=[catalogue.product_ids[row] for row in order],
        vectors={name: vectors[order] for name, vectors in catalogue.vectors.items()},
        present=catalogue.present[order],
    )
    return Features(tiny.features.modalities, turned, tiny.features.queries), np.argsort(order)


def test_scores_are_those_of_each_shop_alone(tiny, other):
    features, row_of = other
    theirs = [replace(slate, rows=row_of[slate.rows]) for slate in tiny.slates[2]]
    both = stack([("here", tiny.features), ("there", features)])
    slates = stack_slates([(tiny.features, tiny.slates[2]), (features, theirs)])
    assert (len(both.catalogue), len(slates)) == (2 * len(features.catalogue), 2 * len(theirs))
    assert both.specs() == tiny.features.specs()
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(both.specs(), "concat", "sequence", width=8, rank=4)).eval()
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    projected, alone = project_catalogue(ranker, both), project_catalogue(ranker, tiny.features)
    expected = [score_slate(ranker, alone, tiny.features.queries, slate) for slate in tiny.slates[2]]
    found = [score_slate(ranker, projected, both.queries, slate) for slate in slates]
    assert np.ptp(found[0]) > 0
    for ours, wanted in zip(found, expected * 2, strict=True):
        assert np.allclose(ours, wanted, atol=1e-4)


def test_ids_say_the_shop_and_stay_apart(tiny, other):
    both = stack([("here", tiny.features), ("there", other[0])])
    assert len(set(both.catalogue.product_ids)) == len(both.catalogue)
    assert len(set(both.queries.query_ids)) == len(both.queries)
    slate = stack_slates([(tiny.features, tiny.slates[0]), (other[0], tiny.slates[0])])[-1]
    assert both.queries.query_ids[slate.query].startswith("there/")
    assert all(both.catalogue.product_ids[row].startswith("there/") for row in slate.rows)


def test_what_a_shopper_took_points_at_the_same_products(tiny, other):
    both = stack([("a", tiny.features), ("b", tiny.features)])
    count, ids = len(tiny.features.queries), tiny.features.catalogue.product_ids
    taken = [[both.catalogue.product_ids[row] for row in past.rows] for past in both.queries.pasts]
    assert any(taken)
    wanted = [[f"{name}/{ids[row]}" for row in past.rows] for name in "ab" for past in tiny.features.queries.pasts]
    assert (taken, len(taken)) == (wanted, 2 * count)


def test_other_modalities_are_refused(tiny, bench):
    with pytest.raises(InputError, match=r"2 shops .* next: extract them"):
        stack([("a", tiny.features), ("b", bench.features)])
    with pytest.raises(InputError, match="0 shops"):
        stack([])
