"""What is stored of products gives the scores of the plain path, grows without copying, and is refused when it does not fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import ModelFolderError
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates
from fuserank.slates import project_catalogue, score_slate, store_catalogue
from fuserank.stored_products import StoredProducts

SPECS = (
    ModalitySpec("text", 5, 5, ("cosine",), "unit"),
    ModalitySpec("lexical", 0, 0, ("bm25",), "standard"),
    ModalitySpec("past", 5, 5, ("cosine",), "unit", is_term=True),  # absent for queries without one
    ModalitySpec("picture", 4, 6, (), "standard", is_term=True),
)
NAMES = tuple(spec.name for spec in SPECS)
P, B, N = 9, 2, 7
KINDS = [(12, "", ""), (0, "concat", "sequence"), (12, "attention", "attention_sequence")]


def ranker_of(kind, seed=0):
    """Every part of it shows in a score."""
    late, fusion, scorer = kind
    torch.manual_seed(seed)
    ranker = Ranker(RankerSpec(SPECS, fusion, scorer, width=8, rank=4, late=late)).eval()
    if ranker.late is not None:
        ranker.late.seen[1:] = True
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return ranker


def case(seed=0):
    """Vectors and present mask of products, and slates of two queries, of which the second has no past."""
    rng = torch.Generator().manual_seed(seed)
    vectors = {spec.name: torch.randn(P, spec.product_dim, generator=rng) for spec in SPECS if spec.product_dim}
    present = torch.rand(P, len(SPECS), generator=rng) > 0.3
    rows = torch.randint(0, P, (B, N), generator=rng)
    shown = present[rows].clone()
    shown[1, :, NAMES.index("past")] = False
    slates = Slates(
        query_vectors={spec.name: torch.randn(B, spec.query_dim, generator=rng) for spec in SPECS if spec.query_dim},
        query_words=torch.randint(0, 50, (B, 3), generator=rng),
        query_present=torch.tensor([[True, True, True], [True, False, True]]),
        products=rows,
        present=shown,
        pairs=torch.randn(B, N, 3, generator=rng),
        mask=torch.ones(B, N, dtype=torch.bool),
    )
    return vectors, present, slates


def part_of(slates, b):
    """The slate of one query as a batch of its own."""
    one = {
        name: getattr(slates, name)[b : b + 1] for name in ("query_words", "query_present", "products", "present", "pairs", "mask")
    }
    return replace(slates, query_vectors={name: v[b : b + 1] for name, v in slates.query_vectors.items()}, **one)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999))
def test_stored_scores_are_those_of_the_plain_path(kind, seed):
    """Up to what float16 rounds; candidates change places only where they are that near to each other."""
    ranker, (vectors, present, slates) = ranker_of(kind, seed), case(seed)
    with torch.no_grad():
        plain = ranker(ranker.project_products(vectors), slates)
        found = ranker(ranker.store_products(vectors, present, {"past"}), slates)
        alone = torch.cat([ranker(ranker.store_products(vectors, present, {"past"}), part_of(slates, b)) for b in range(B)])
    tolerance = 2e-3 * (1 + plain.abs().max())
    assert (found - plain).abs().max() < tolerance
    torch.testing.assert_close(alone, found, atol=1e-4, rtol=1e-4)
    ordered = plain.gather(1, found.argsort(dim=1, descending=True))
    assert (ordered.diff(dim=1) < 2 * tolerance).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogue_is_stored_as_slates_see_it(tiny, kind):
    late, fusion, scorer = kind
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(tiny.features.specs(), fusion, scorer, width=8, rank=4, late=late)).eval()
    if ranker.late is not None:
        ranker.late.seen[1:] = True
    ranker.fit_scaling(tiny.features.product_vectors(np.arange(len(tiny.features.catalogue))), {})
    plain, stored = project_catalogue(ranker, tiny.features), store_catalogue(ranker, tiny.features, chunk=7)
    with_past = tiny.features.queries.has("history")
    seen = set()
    for slate in (slate for slates in tiny.slates for slate in slates):
        expected, found = (score_slate(ranker, p, tiny.features.queries, slate) for p in (plain, stored))
        assert found == pytest.approx(expected, abs=2e-3 * max(1.0, float(np.abs(expected).max())))
        seen.add(bool(with_past[slate.query]))
    assert seen == {True, False}


def test_late_interaction_stores_a_vector_and_one_for_what_only_some_queries_compare(tiny):
    ranker = Ranker(RankerSpec(tiny.features.specs(), "", "", late=12))
    stored = store_catalogue(ranker, tiny.features)
    assert {name: tuple(rows.base.shape) for name, rows in stored.parts.items()} == {
        "evidence": (len(stored), 12),
        "evidence_history": (len(stored), 12),
    }
    assert stored.bytes_per_product == 2 * 2 * 12
    assert len(stored) == len(tiny.features.catalogue)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_stands_behind_and_nothing_is_copied(kind):
    ranker, (vectors, present, slates) = ranker_of(kind), case()
    cuts = [slice(0, 5), slice(5, 6), slice(6, P)]
    with torch.no_grad():
        whole = ranker.store_products(vectors, present, {"past"})
        first, *rest = [ranker.store_products({m: v[c] for m, v in vectors.items()}, present[c], {"past"}) for c in cuts]
        grown = first
        for more in rest:
            grown = grown.extended(more)
        assert len(grown) == P and grown.bytes_per_product == whole.bytes_per_product
        for name, rows in first.parts.items():
            assert grown.parts[name].base.data_ptr() == rows.base.data_ptr()
        torch.testing.assert_close(ranker(grown, slates), ranker(whole, slates))
        old = replace(slates, products=slates.products % 5)
        torch.testing.assert_close(ranker(grown, old), ranker(first, old))


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_gives_back_what_was_stored(tmp_path, kind):
    ranker, (vectors, present, slates) = ranker_of(kind), case()
    with torch.no_grad():
        stored = ranker.store_products({m: v[:6] for m, v in vectors.items()}, present[:6], {"past"})
        stored = stored.extended(ranker.store_products({m: v[6:] for m, v in vectors.items()}, present[6:], {"past"}))
        stored.save(tmp_path / "stored")
        loaded = StoredProducts.load(tmp_path / "stored", NAMES, ranker.stored_shapes(P))
        assert torch.equal(ranker(loaded, slates), ranker(stored, slates))


@pytest.mark.parametrize("damage", ["none", "missing", "further", "shape", "width", "type", "file"])
def test_a_folder_that_does_not_fit_is_refused(tmp_path, damage):
    ranker, (vectors, present, _) = ranker_of(KINDS[2]), case()
    with torch.no_grad():
        ranker.store_products(vectors, present, {"past"}).save(tmp_path / "stored")
    folder = tmp_path / "stored"
    rows = np.load(folder / "evidence.npy")
    damages = {
        "none": lambda: None,
        "missing": (folder / "evidence.npy").unlink,
        "further": lambda: np.save(folder / "evidence_ghost.npy", rows),
        "shape": lambda: np.save(folder / "evidence.npy", rows[:-1]),
        "width": lambda: np.save(folder / "halves.npy", np.load(folder / "halves.npy")[..., :-1]),
        "type": lambda: np.save(folder / "evidence.npy", rows.astype(np.float32)),
        "file": lambda: (folder / "evidence.npy").write_bytes(b"no array"),
    }
    damages[damage]()
    if damage == "none":
        StoredProducts.load(folder, NAMES, ranker.stored_shapes(P))
    else:
        with pytest.raises(ModelFolderError, match="build the package again"):
            StoredProducts.load(folder, NAMES, ranker.stored_shapes(P))


def test_nothing_stored_is_nothing_scored():
    ranker, (vectors, present, _) = ranker_of(KINDS[0]), case()
    none = ranker.store_products({m: v[:0] for m, v in vectors.items()}, present[:0], {"past"})
    some = ranker.store_products(vectors, present, {"past"})
    assert len(none) == 0 and len(none.extended(some)) == P
    assert none.extended(some).bytes_per_product == some.bytes_per_product
