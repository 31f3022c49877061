"""What a training step sees of a slate: whole families of modalities go, never all; the best candidates stay."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.ranker import Slates
from fuserank.sampling import drop_modalities, family_groups, sample_slate
from fuserank.slates import Slate

NAMES = ("text", "words", "image", "numeric")
FAMILIES = (("text", "words", "lexical"), ("image", "joint"), ("audio",))
GROUPS = family_groups(NAMES, FAMILIES)


def batch(present, asked):
    blank = torch.zeros(present.shape[:2])
    words = torch.ones(len(present), 3, dtype=torch.long)
    return Slates({}, words, asked, blank.long(), present, blank[..., None], blank == 0)


def test_families_are_groups_and_a_modality_of_none_is_one_alone():
    assert GROUPS.tolist() == [[True, True, False, False], [False, False, True, False], [False, False, False, True]]
    assert family_groups(NAMES, ()).tolist() == torch.eye(4, dtype=torch.bool).tolist()


def test_every_modality_of_the_default_settings_is_in_a_group():
    from fuserank.settings import load_settings

    settings_ = load_settings()
    groups = family_groups(settings_.features.modalities, tuple(settings_.evaluation.families.values()))
    assert (groups.sum(0) == 1).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(2, 20), st.integers(0, 9))
def test_a_sampled_slate(grades, size, seed):
    count = len(grades)
    slate = Slate(0, np.arange(count), np.array(grades, np.float32), np.zeros((count, 1), np.float32), np.ones((count, 1), bool))
    drawn = sample_slate(slate, size, np.random.default_rng(seed))
    assert len(drawn.rows) == len(set(drawn.rows.tolist())) == min(size, count)
    assert (drawn.grades == slate.grades[drawn.rows]).all()
    assert (np.diff(drawn.rows) > 0).all(), "in the order of the slate: one by grade would make every tie right"
    relevant, taken = np.sum(slate.grades > 0), np.sum(drawn.grades > 0)
    assert taken >= min(relevant, size // 2)
    left = np.delete(slate.grades, drawn.rows)
    if taken and left.any():
        assert drawn.grades[drawn.grades > 0].min() >= left.max(), "higher grades come first"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 0.9]))
def test_modality_dropout_never_takes_all(seed, probability):
    rng = torch.Generator().manual_seed(seed)
    present = torch.rand(3, 5, 4, generator=rng) > 0.5
    asked = torch.rand(3, 2, generator=rng) > 0.3
    torch.manual_seed(seed)
    given_ = batch(present, asked)
    dropped = drop_modalities(given_, probability, GROUPS)
    assert not (dropped.present & ~present).any()
    assert torch.equal(dropped.present.any(-1), present.any(-1))
    assert not (dropped.query_present & ~asked).any()
    assert torch.equal(dropped.query_present.any(-1), asked.any(-1))
    assert torch.equal(dropped.query_words, given_.query_words)


def test_without_dropout_nothing_goes():
    present, asked = torch.rand(50, 5, 4) > 0.5, torch.rand(50, 2) > 0.3
    dropped = drop_modalities(batch(present, asked), 0.0, GROUPS)
    assert torch.equal(dropped.present, present) and torch.equal(dropped.query_present, asked)


@pytest.mark.parametrize("probability", [0.1, 0.6])
def test_how_often_what_goes(probability):
    """Where all is present: of the slates hit, 1 in 8 keeps every family and 1 in 8 would lose all, and so loses nothing; a family
    is lost by the 3 draws of 8 that lack it but not all. Channels: each is lost with half the probability, unless both are."""
    torch.manual_seed(0)
    count = 20_000
    dropped = drop_modalities(
        batch(torch.ones(count, 2, 4, dtype=torch.bool), torch.ones(count, 2, dtype=torch.bool)), probability, GROUPS
    )
    lost = ~dropped.present
    assert torch.equal(lost[:, 0], lost[:, 1]), "all candidates of a slate lose the same"
    assert torch.equal(lost[:, 0, 0], lost[:, 0, 1]), "a family goes as one"
    near = {"abs": 4 * (probability / count) ** 0.5}
    assert lost[:, 0].any(-1).float().mean() == pytest.approx(probability * 6 / 8, **near)
    for modality in (0, 2, 3):
        assert lost[:, 0, modality].float().mean() == pytest.approx(probability * 3 / 8, **near)
    half = probability / 2
    assert (~dropped.query_present).float().mean(0).tolist() == pytest.approx([half * (1 - half)] * 2, **near)


def test_a_candidate_with_one_family_keeps_it():
    present = torch.zeros(200, 2, 4, dtype=torch.bool)
    present[:, 0, 0], present[:, 1] = True, True
    torch.manual_seed(0)
    dropped = drop_modalities(batch(present, torch.ones(200, 1, dtype=torch.bool)), 0.9, GROUPS)
    assert dropped.present[:, 0, 0].all(), "the text of one that has nothing else"
    assert not dropped.present[:, 1, 0].all(), "while its rivals in the same slate lose theirs"
    assert dropped.query_present.all(), "the only channel of a query stays"
