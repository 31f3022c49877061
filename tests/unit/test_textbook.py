"""The textbook baseline: the words it reads, and that it learns what it is shown and sees what it is said to see."""

from dataclasses import replace

import numpy as np
import torch

from fuserank.baselines.textbook import Textbook, textbook
from fuserank.baselines.word_ids import LENGTH, UNKNOWN, WordIds
from fuserank.losses.bce import bce
from fuserank.modalities.lexical import LexicalIndex
from fuserank.types import Product


def test_words_get_numbers_and_strangers_share_one():
    words = WordIds([["red", "shoe"], ["blue", "shoe"]])
    ids = words.ids([["shoe", "green", "red"], [], ["blue"] * (LENGTH + 3)])
    assert ids.shape == (3, LENGTH)
    assert len({*ids[0, :3].tolist(), int(ids[2, 0])}) == 4
    assert ids[0, 1] == UNKNOWN
    assert not ids[0, 3:].any() and not ids[1].any()
    assert ids[2].tolist() == [ids[2, 0]] * LENGTH
    assert ids.max() < len(words) == 5


def test_an_index_gives_the_words_of_a_field_back():
    index = LexicalIndex.build([Product("a", "Red shoes red"), Product("b", ""), Product("c", "Blue shoe", brand="Ours")])
    assert index.words("title") == [["red", "shoe"], [], ["shoe", "blue"]]
    assert index.words("description") == [[], [], []]


def test_what_stands_behind_the_last_word_is_not_read(tiny):
    torch.manual_seed(0)
    net = Textbook(tiny.features, tiny.slates[0]).eval()
    ids = np.zeros((2, LENGTH), np.int64)
    ids[0, :2] = 2, 3
    alone = net.title(ids[:1])
    ids[1] = 2
    together = net.title(ids)
    torch.testing.assert_close(together[:1], alone)
    assert not net.title(np.zeros((1, LENGTH), np.int64)).any()


def test_an_absent_vector_is_not_read(tiny):
    torch.manual_seed(0)
    features = tiny.features
    catalogue = replace(features.catalogue, present=np.zeros_like(features.catalogue.present))
    net = Textbook(features, tiny.slates[0]).double().eval()
    net.features = type(features)(features.modalities, catalogue, features.queries)
    with torch.inference_mode():
        steps = net.products(np.arange(3))
    assert steps[:, 0].any() and not steps[:, 1:].any(), "the title is there, every vector is absent"


def test_a_scorer_of_some_products_scores_them_as_one_of_all_does(tiny):
    torch.manual_seed(0)
    net = Textbook(tiny.features, tiny.slates[0]).double().eval()
    slate = tiny.slates[1][0].take(np.array([5, 0, 3]))
    some, every = np.unique([*slate.rows, slate.rows.max() + 1]), np.arange(len(tiny.features.catalogue))
    scores = net.scorer(every)(slate)
    assert len({*scores.tolist()}) == 3
    np.testing.assert_allclose(net.scorer(some)(slate), scores, rtol=1e-6)


def test_training_lowers_the_cross_entropy_and_leaves_the_global_random_state_alone(tiny):
    before = torch.random.get_rng_state()
    (score,) = textbook(tiny.features, tiny.slates[0], tiny.slates[1], 0).values()
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(0)
    start = Textbook(tiny.features, tiny.slates[0]).double().eval()

    def entropy(scorer):
        logits = [torch.from_numpy(scorer(s)) for s in tiny.slates[0]]
        return np.mean(
            [
                bce(x[None], torch.from_numpy(s.grades)[None], torch.ones(1, len(x), dtype=torch.bool))
                for x, s in zip(logits, tiny.slates[0], strict=True)
            ]
        )

    assert entropy(score) < entropy(start.scorer(np.arange(len(tiny.features.catalogue)))) - 0.02
