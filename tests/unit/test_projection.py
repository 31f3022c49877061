"""The split first layer against one matrix over the joined vector [q; i], on which nothing is precomputed."""

import pytest
import torch
import torch.nn.functional as F

from fuserank.projection import ModalitySpec, SplitProjection, Standardiser

SPECS = (
    ModalitySpec("a", 5, 6, ("one", "two"), "standard"),
    ModalitySpec("b", 0, 0, ("three",), "standard"),
    ModalitySpec("c", 4, 3, (), "robust"),
)
B, N, P, D = 2, 6, 9, 8


@pytest.fixture(params=[0, 4], ids=["linear", "bilinear"])
def projection(request):
    torch.manual_seed(0)
    made = SplitProjection(SPECS, D, request.param, dropout=0.5).eval()
    for group in (made.product_scaling, made.query_scaling):
        for standardiser in group.values():
            standardiser.fit(3 + 2 * torch.randn(50, len(standardiser.centre)), "standard")
    return made


@pytest.fixture
def case():
    rng = torch.Generator().manual_seed(1)
    products = {"a": torch.randn(P, 5, generator=rng), "c": torch.randn(P, 4, generator=rng)}
    queries = {"a": torch.randn(B, 6, generator=rng), "c": torch.randn(B, 3, generator=rng)}
    rows = torch.randint(0, P, (B, N), generator=rng)
    pairs, present = torch.randn(B, N, 3, generator=rng), torch.rand(B, N, 3, generator=rng) > 0.3
    return products, queries, torch.tensor([[True, True], [True, False]]), rows, pairs, present


def plain(projection, products, queries, query_present, rows, pairs, present):
    """x_m by the formula, candidate by candidate."""
    stored, result = D + projection.rank, torch.zeros(B, N, len(SPECS), D)
    owners = {"a": [0, 1], "b": [2], "c": []}
    for b in range(B):
        q = [projection.query_scaling[name](queries[name][b]) * query_present[b, c] for c, name in enumerate(("a", "c"))]
        q = torch.cat([*q, query_present[b].float()])
        for n in range(N):
            for m, spec in enumerate(SPECS):
                weight = projection.query.weight[m * stored : (m + 1) * stored]
                bias = projection.query.bias[m * stored : (m + 1) * stored]
                x = F.linear(q, weight[:D], bias[:D])
                if spec.product_dim:
                    i = projection.product_scaling[spec.name](products[spec.name][rows[b, n]])
                    of_product = projection.product[spec.name].weight
                    x = F.linear(torch.cat([q, i]), torch.cat([weight[:D], of_product[:D]], 1), bias[:D])
                    if projection.rank:
                        term = F.linear(q, weight[D:], bias[D:]) * F.linear(i, of_product[D:])
                        x = x + projection.bilinear[spec.name].weight @ term
                if spec.pair_names:
                    x = x + projection.pair[spec.name].weight @ pairs[b, n, owners[spec.name]]
                result[b, n, m] = F.gelu(x) * present[b, n, m]
    return result


@torch.no_grad()
def test_fast_path_is_the_plain_path(projection, case):
    products, queries, query_present, rows, pairs, present = case
    stored = projection.project_products(projection.scale_products(products))
    asked = projection.project_queries(queries, query_present)
    expected = plain(projection, *case)
    torch.testing.assert_close(projection.combine(asked, stored[rows], pairs, present), expected, atol=1e-5, rtol=1e-5)
    halved = projection.combine(asked, stored.half().float()[rows], pairs, present)
    torch.testing.assert_close(halved, expected, atol=5e-3, rtol=5e-3)
    assert expected.std() > 0.05


def test_absent_vectors_are_exactly_zero(projection, case):
    products, queries, query_present, rows, pairs, present = case
    x = projection.combine(
        projection.project_queries(queries, query_present),
        projection.project_products(projection.scale_products(products))[rows],
        pairs,
        present,
    )
    assert (x[~present] == 0).all()


def test_content_of_an_absent_query_channel_does_not_matter(projection, case):
    _, queries, query_present, *_ = case
    before = projection.project_queries(queries, query_present)
    queries["c"][1] = 1e6
    assert torch.equal(projection.project_queries(queries, query_present), before)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [("unit", [[2**0.5, 7 * 2**0.5]]), ("standard", [[-(1.5**0.5), 0.0]]), ("robust", [[-1.0, 0.0]])],
)
def test_standardiser(scaling, expected):
    standardiser = Standardiser(2)
    standardiser.fit(torch.tensor([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]]), scaling)
    torch.testing.assert_close(standardiser(torch.tensor([[1.0, 7.0]])), torch.tensor(expected))


def test_an_outlier_is_clipped():
    standardiser = Standardiser(1)
    standardiser.fit(torch.tensor([[0.0], [1.0], [2.0]]), "standard")
    assert standardiser(torch.tensor([[1e9], [-1e9]])).flatten().tolist() == [10, -10]


def test_without_a_query_channel_the_query_says_the_same_to_every_product():
    """Products of numbers found by words: the pair scores alone know the query. torch's own layer would warn, an error here."""
    projection = SplitProjection((SPECS[1], ModalitySpec("n", 4, 0, (), "robust")), D, 4, 0.0)
    said = projection.project_queries({}, torch.zeros(B, 0, dtype=torch.bool))
    assert said.shape == (B, 2, D + 4) and not said.any()
    said.sum().backward()
    assert (projection.query.bias.grad == B).all()
