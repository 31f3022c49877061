"""Warm start: what is taken over gives the same scores, what starts fresh is named."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import InputError, ModelFolderError
from fuserank.fusion import FUSIONS
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.projection import ModalitySpec
from fuserank.ranker import Ranker, RankerSpec, Slates
from fuserank.scorers import SCORERS
from fuserank.transfer import warm_start

WORDS = ModalitySpec("words", 6, 6, ("cosine",), "unit")
SEEN = ModalitySpec("seen", 8, 8, ("cosine", "colour"), "standard")
NUMBERS = ModalitySpec("numbers", 3, 0, (), "robust")
LEXICAL = ModalitySpec("lexical", 0, 0, ("bm25",), "standard")
HEARD = ModalitySpec("heard", 5, 5, ("cosine",), "standard")
ALL = (WORDS, SEEN, NUMBERS, LEXICAL)


def ranker(modalities=ALL, fusion="sum", scorer="sequence", seed=0, **sizes):
    """A ranker as if it were trained: no weight, statistic, or trust is at its start."""
    torch.manual_seed(seed)
    made = Ranker(RankerSpec(tuple(modalities), fusion, scorer, **{"width": 8, "rank": 4, **sizes})).eval()
    with torch.no_grad():
        for value in made.state_dict().values():
            value.add_(0.3 * torch.rand_like(value))
    return made


def learned(model, vectors, query_vectors, pairs, queries_with, products_with):
    """The learned logits (B, N) of products and queries that have only the modalities named."""
    specs = model.spec.modalities
    channels = [s.name for s in specs if s.query_dim]
    projected = model.project_products({s.name: vectors[s.name] for s in specs if s.product_dim})
    present = torch.tensor([s.name in products_with for s in specs]).expand(2, 4, -1)
    slates = Slates(
        query_vectors={name: query_vectors[name] for name in channels},
        query_words=torch.zeros(2, 1, dtype=torch.long),
        query_present=torch.tensor([name in queries_with for name in channels]).expand(2, -1),
        products=torch.arange(4).expand(2, -1),
        present=present,
        pairs=torch.cat([pairs[s.name] for s in specs], dim=-1),
        mask=torch.ones(2, 4, dtype=torch.bool),
    )
    return model.parts(projected, slates)[1]


def inputs(seed=0):
    torch.manual_seed(seed)
    specs = (*ALL, HEARD)
    return (
        {s.name: torch.randn(4, s.product_dim) for s in specs},
        {s.name: torch.randn(2, s.query_dim) for s in specs},
        {s.name: torch.rand(2, 4, len(s.pair_names)) for s in specs},
    )


def copy_scaling(to, of):
    for name, value in of.state_dict().items():
        if "scaling" in name and name in to.state_dict():
            to.state_dict()[name].copy_(value)


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("scorer", SCORERS)
def test_the_same_ranker_is_taken_over_whole_but_for_what_belongs_to_the_data(fusion, scorer):
    start, new = ranker(fusion=fusion, scorer=scorer), ranker(fusion=fusion, scorer=scorer, seed=1)
    before = {name: value.clone() for name, value in new.state_dict().items()}
    assert warm_start(new, start) == []
    for name, value in new.state_dict().items():
        own = "scaling" in name or name.startswith(("prior", "trust"))
        assert torch.equal(value, before[name] if own else start.state_dict()[name]), name


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.permutations([*ALL, HEARD]), st.integers(0, 1000), st.sets(st.sampled_from([s.name for s in ALL]), min_size=1))
def test_scores_of_what_both_know_stay_in_another_order_and_beside_a_new_modality(modalities, seed, here):
    start, new = ranker(seed=seed), ranker(modalities, seed=seed + 1)
    assert warm_start(new, start) == ["modality heard starts fresh: not in the start"]
    copy_scaling(new, start)
    given_ = inputs(seed)
    asked = here & {"words", "seen"}
    expected = learned(start, *given_, asked, here)
    # A query reaches the fusion as a mean over modalities, which one more would move; the plain sum does not look at it.
    assert learned(new, *given_, asked, here).detach() == pytest.approx(expected.detach(), abs=1e-4)


@pytest.mark.parametrize("fusion", ["concat", "attention", "gated", "bilinear"])
def test_a_fusion_that_counts_modalities_starts_fresh_when_their_list_differs(fusion):
    start, new = ranker(fusion=fusion), ranker((SEEN, WORDS, NUMBERS, LEXICAL), fusion, seed=1)
    before = {name: value.clone() for name, value in new.state_dict().items() if name.startswith("fusion")}
    notes = warm_start(new, start)
    if before:
        assert "fusion starts fresh: it depends on the list of modalities, which differs" in notes
    assert all(torch.equal(new.state_dict()[name], value) for name, value in before.items())
    assert torch.equal(new.projection.product["seen"].weight, start.projection.product["seen"].weight)


def test_another_fusion_or_scorer_starts_fresh_and_is_named():
    assert warm_start(ranker(fusion="transformer"), ranker()) == [
        "fusion starts fresh: sum in the start, transformer here",
        "scorer starts fresh: sum+sequence in the start, transformer+sequence here",
    ]
    assert warm_start(ranker(scorer="attention"), ranker()) == [
        "scorer starts fresh: sum+sequence in the start, sum+attention here"
    ]


def test_a_modality_that_means_something_else_starts_fresh_and_is_named():
    other = (WORDS, replace(SEEN, pair_names=("cosine",)), replace(NUMBERS, scaling="standard"), LEXICAL)
    start, new = ranker(), ranker(other, seed=1)
    before = new.projection.product["numbers"].weight.clone()
    assert warm_start(new, start) == [
        "modality seen starts fresh: other pair scores or scaling",
        "modality numbers starts fresh: other pair scores or scaling",
    ]
    assert torch.equal(new.projection.product["numbers"].weight, before)


def test_vectors_that_were_not_there_start_fresh_and_are_named():
    """The start's data had no picture at all: its scores of pictures are the same, its vectors do not exist."""
    start, new = ranker((WORDS, replace(SEEN, product_dim=0, query_dim=0), NUMBERS, LEXICAL)), ranker(seed=1)
    notes = warm_start(new, start)
    assert notes == [
        "product layer of seen starts fresh: the start has none of its shape",
        "bilinear layer of seen starts fresh: the start has none of its shape",
        "seen of queries starts fresh: the start has none of its length",
    ]
    assert torch.equal(new.projection.pair["seen"].weight, start.projection.pair["seen"].weight)


@pytest.mark.parametrize("sizes", [{"width": 16}, {"rank": 8}])
def test_another_size_is_refused(sizes):
    with pytest.raises(InputError, match=r"ranker sum\+sequence can be taken over: it has other parts, or parts of other widths"):
        warm_start(ranker(**sizes), ranker())


def test_nothing_in_common_is_refused():
    with pytest.raises(InputError, match="modality heard starts fresh: not in the start"):
        warm_start(ranker((HEARD,)), ranker())


def info(name):
    return EncoderInfo(name, "1", 6, "MIT", "0" * 64)


@pytest.fixture
def folder(tmp_path):
    start = ranker()
    encoders = {"words": info("minilm"), "seen": info("clip"), "numbers": info("numbers")}
    meta = ModelMeta(name="m", ranker=start.spec.as_dict(), encoders=encoders, data=DataIdentity(name="d", version="v"))
    save_model(tmp_path / "model", start, meta)
    return tmp_path / "model"


def test_a_model_folder_is_a_start_and_another_encoder_is_noticed(folder):
    new = ranker(seed=1)
    same = {"words": info("minilm"), "seen": info("clip"), "numbers": info("numbers")}
    assert warm_start(new, folder, same) == []
    assert torch.equal(new.projection.query.weight, ranker().projection.query.weight)
    assert warm_start(ranker(seed=2), folder, {**same, "seen": info("dinov2")}) == ["modality seen starts fresh: another encoder"]


def test_a_damaged_folder_is_refused(folder):
    (folder / "weights.safetensors").write_bytes(b"half")
    with pytest.raises(ModelFolderError, match="altered"):
        warm_start(ranker(), folder)
