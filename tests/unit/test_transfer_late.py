"""Warm start of late interaction: words and what modalities say of them are taken over, with or without a network beside."""

from dataclasses import replace

import pytest
import torch

from fuserank.errors import InputError
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec
from fuserank.transfer import warm_start

TITLE = ModalitySpec("title", 6, 6, ("cosine",), "unit")
SEEN = ModalitySpec("seen", 8, 5, ("cosine",), "standard", is_term=True)
HEARD = ModalitySpec("heard", 4, 4, (), "robust", is_term=True)
ALL = (TITLE, SEEN)
LATE, BOTH, NETWORK = ("", "", 8), ("sum", "sequence", 8), ("sum", "sequence", 0)
NO_LATE, NO_NETWORK = (
    "late interaction starts fresh: the start has none of its width",
    "the network starts fresh: the start has none of its widths",
)


def ranker(parts=LATE, modalities=ALL, seed=0, words=(), **sizes):
    """A ranker as if it were trained on `words`: no weight, statistic, or trust is at its start."""
    fusion, scorer, late = parts
    torch.manual_seed(seed)
    made = Ranker(RankerSpec(tuple(modalities), fusion, scorer, **{"width": 8, "rank": 4, "late": late, **sizes})).eval()
    with torch.no_grad():
        for value in made.state_dict().values():
            if value.is_floating_point():
                value.add_(0.3 * torch.rand_like(value))
    if words:
        made.late.seen[list(words)] = True
    return made


def taken(new, start, before):
    """The names of the values that are now those of the start, and were not before."""
    theirs, found = start.state_dict(), new.state_dict()
    return {n for n, v in found.items() if n in theirs and torch.equal(v, theirs[n]) and not torch.equal(v, before[n])}


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("parts", [LATE, BOTH])
def test_the_same_ranker_is_taken_over_whole_but_for_what_belongs_to_the_data(parts):
    start, new = ranker(parts, words=(3, 4)), ranker(parts, seed=1, words=(4, 5))
    before = state(new)
    assert warm_start(new, start) == []
    for name, value in new.state_dict().items():
        own = "scaling" in name or name.startswith(("prior", "trust"))
        if name != "late.seen":
            assert torch.equal(value, before[name] if own else start.state_dict()[name]), name
    assert new.late.seen.nonzero().flatten().tolist() == [3, 4, 5], "what either has seen"


@pytest.mark.parametrize(
    ("of", "to", "notes", "shared"),
    [
        (LATE, BOTH, [NO_NETWORK], {"late"}),
        (BOTH, LATE, [], {"late"}),
        (NETWORK, BOTH, [NO_LATE], {"projection", "scorer"}),
        (BOTH, NETWORK, [], {"projection", "scorer"}),
    ],
)
def test_what_both_have_is_taken_over_and_the_rest_named(of, to, notes, shared):
    """The sum has no weights of its own to take."""
    start, new = ranker(of), ranker(to, seed=1)
    before = state(new)
    assert warm_start(new, start) == notes
    assert {name.split(".")[0] for name in taken(new, start, before)} == shared


def test_nothing_but_other_parts_is_refused():
    for of, to in ((LATE, NETWORK), (NETWORK, LATE)):
        with pytest.raises(InputError, match="it has other parts, or parts of other widths"):
            warm_start(ranker(to), ranker(of))


def test_another_width_is_refused_or_named():
    with pytest.raises(InputError, match="other widths"):
        warm_start(ranker(late=16), ranker())
    assert warm_start(ranker(BOTH, late=16), ranker(BOTH)) == [NO_LATE]
    assert warm_start(ranker(BOTH, width=16), ranker(BOTH)) == [NO_NETWORK]


def test_a_new_modality_starts_fresh_beside_what_is_known():
    start, new = ranker(), ranker(modalities=(HEARD, *ALL), seed=1)
    before = state(new)
    assert warm_start(new, start) == ["modality heard starts fresh: not in the start"]
    assert not any("heard" in name for name in taken(new, start, before))
    rows = {"title": torch.randn(3, 6), "seen": torch.randn(3, 8), "heard": torch.randn(3, 4)}
    assert torch.equal(new.late.project_products(rows)[:, 1:], start.late.project_products(rows))


def test_vectors_that_were_not_there_start_fresh_and_are_named_once():
    """The start's data had no picture at all."""
    start, new = ranker(modalities=(TITLE, replace(SEEN, product_dim=0, query_dim=0))), ranker(seed=1)
    before = state(new)
    assert warm_start(new, start) == ["late interaction with seen starts fresh: the start has none of its shape"]
    assert {n.split(".")[1] for n in taken(new, start, before)} == {"product", "look", "words", "bias", "importance"}
    assert not any("seen." in name for name in taken(new, start, before))


def test_a_channel_that_became_a_term_starts_fresh():
    start, new = ranker(modalities=(TITLE, replace(SEEN, is_term=False))), ranker(seed=1)
    before = state(new)
    assert warm_start(new, start) == ["late interaction with seen starts fresh: the start has none of its shape"]
    assert torch.equal(new.late.product["seen"].weight, start.late.product["seen"].weight)
    assert all(torch.equal(value, before[name]) for name, value in new.state_dict().items() if "terms" in name)


def test_a_model_folder_is_a_start(tmp_path):
    start = ranker(words=(7,))
    meta = ModelMeta(name="late", ranker=start.spec.as_dict(), encoders={}, data=DataIdentity(name="d", version="v"))
    save_model(tmp_path / "model", start, meta)
    new = ranker(BOTH, seed=1)
    assert warm_start(new, tmp_path / "model") == [NO_NETWORK]
    assert torch.equal(new.late.words.weight, start.late.words.weight) and new.late.seen[7]
