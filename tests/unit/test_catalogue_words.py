"""Words that nobody asked for in training are learned from titles: they find what they name, and change nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coloured_shop import COLOURS, PAIRS, Picture, coloured_shop

from fuserank import catalogue_words
from fuserank.catalogue_words import FEWEST, GOAL, infer_words, products_of_words, ridge
from fuserank.features.query_words import word_id
from fuserank.late_interaction import WORD_IDS
from fuserank.metrics.ndcg import ndcg
from fuserank.modalities.lexical import LexicalIndex
from fuserank.ranker import RankerSpec
from fuserank.slates import Features, project_catalogue, score_slate
from fuserank.training import TrainingKnobs, train
from fuserank.training_vectors import ScaledVectors
from fuserank.types import Product

HIDDEN = "green"  # no training query has it
EACH = 4
KNOBS = TrainingKnobs(
    epochs=30, patience=30, batch_queries=6, slate=64, late_learning_rate=1e-2, late_weight_decay=0.01, device="cpu"
)


@pytest.fixture(scope="module")
def shop():
    """Features with a word index, training slates without the hidden word, and validation slates with it."""
    features, shown = coloured_shop(EACH, titles=True)
    slates = {True: [], False: []}
    for q, pair in enumerate(PAIRS):
        grades = np.array([3.0 * (other == pair) for other in shown], np.float32)
        slates[COLOURS[pair[0]] == HIDDEN].append(features.slate(q, np.arange(len(shown)), grades))
    return features, slates[False], slates[True]


@pytest.fixture(scope="module")
def ranker(shop):
    return train(RankerSpec(shop[0].specs(), "", "", width=8, rank=4, late=16), *shop, KNOBS, seed=0).ranker


def quality(ranker, features, slates):
    projected = project_catalogue(ranker, features)
    return float(np.mean([ndcg(score_slate(ranker, projected, features.queries, s), s.grades) for s in slates]))


def test_a_word_nobody_asked_for_finds_what_it_names(shop, ranker):
    """The pictures of new words are found by words that only titles taught; without them a query is as good as its other word."""
    features, _, hidden = shop
    late = ranker.late
    assert late.inferred.nonzero().flatten().tolist() == [word_id(HIDDEN)]
    assert not late.seen[word_id(HIDDEN)]
    with_it = quality(ranker, features, hidden)
    late.inferred[word_id(HIDDEN)] = False
    without = quality(ranker, features, hidden)
    late.inferred[word_id(HIDDEN)] = True
    assert with_it > 0.9
    assert without < 0.6


def test_words_that_were_asked_for_keep_their_embeddings(shop, ranker):
    features, train_slates, _ = shop
    trained = ranker.late.words.weight.detach().clone()
    with torch.no_grad():
        ranker.late.words.weight.add_(0.1)  # what was inferred before is no longer what follows
    before = ranker.late.words.weight.detach().clone()
    infer_words(ranker, ScaledVectors(ranker, features, train_slates), train_slates)
    changed = (ranker.late.words.weight != before).any(1).nonzero().flatten().tolist()
    with torch.no_grad():
        ranker.late.words.weight.copy_(trained)
    assert changed == [word_id(HIDDEN)]


def test_what_slates_mask_gives_no_evidence(shop, ranker):
    """Evidence from nothing is the same for every product, so nothing tells them apart."""
    features, train_slates, _ = shop
    blind = [replace(s, present=np.zeros_like(s.present)) for s in train_slates]
    before = ranker.late.words.weight.detach().clone()
    infer_words(ranker, ScaledVectors(ranker, features, train_slates), blind)
    direction = ranker.late.words.weight[word_id(HIDDEN)].detach().clone()
    with torch.no_grad():
        ranker.late.words.weight.copy_(before)
    bias = ranker.late.bias.weight[0].detach()
    assert abs(float(torch.nn.functional.cosine_similarity(direction, bias, dim=0))) == pytest.approx(1, abs=1e-3)


def test_without_an_index_or_late_interaction_there_is_nothing_to_do(shop, ranker):
    features, train_slates, _ = shop
    bare = Features([Picture()], replace(features.catalogue, lexical=None), features.queries)
    assert infer_words(ranker, ScaledVectors(ranker, bare, train_slates), train_slates) == 0
    network = train(RankerSpec(features.specs(), "concat", "sequence", width=8, rank=4), *shop, replace(KNOBS, epochs=1), seed=0)
    assert network.ranker.late is None


def test_the_closed_form_is_where_the_objective_is_least():
    torch.manual_seed(0)
    inputs, offset = torch.randn(40, 6, dtype=torch.float64), 0.3
    positives = [np.arange(5), np.array([1, 7, 30])]
    found = ridge(inputs, positives, offset)
    shrinkage = catalogue_words.SHRINKAGE * float((inputs**2).mean())
    for rows, embedding in zip(positives, found, strict=True):
        e = embedding.clone().requires_grad_()
        inside = torch.zeros(40, dtype=torch.bool)
        inside[torch.from_numpy(rows)] = True
        z = inputs @ e + offset
        objective = ((z[inside] - GOAL) ** 2).mean() + ((z[~inside] + GOAL) ** 2).mean() + shrinkage * (e**2).sum()
        (gradient,) = torch.autograd.grad(objective, e)
        assert float(gradient.abs().max()) < 1e-8


def test_rare_words_common_words_and_known_ids_are_left_out():
    titles = ["red mug", "red lamp", "red mug", "red green coat", "red green coat", "red sofa"]
    index = LexicalIndex.build([Product(product_id=str(n), title=title) for n, title in enumerate(titles)])
    known = np.zeros(WORD_IDS, bool)
    known[word_id("mug")] = True
    found = products_of_words(index, np.array([0, 2, 3, 4, 5]), known)
    assert FEWEST == 2
    assert {number: rows.tolist() for number, rows in found.items()} == {word_id("green"): [2, 3], word_id("coat"): [2, 3]}


def test_words_that_share_an_id_are_left_out(monkeypatch):
    index = LexicalIndex.build(
        [Product(product_id=str(n), title=title) for n, title in enumerate(["nut", "nut", "oak", "elm", "elm"])]
    )
    ids = {"nut": 1, "oak": 1, "elm": 2}
    monkeypatch.setattr(catalogue_words, "word_id", ids.__getitem__)
    found = products_of_words(index, np.arange(5), np.zeros(WORD_IDS, bool))
    assert {number: rows.tolist() for number, rows in found.items()} == {2: [3, 4]}
