"""Trained picture models and the plain MLP, in a shop of two words a query that its pictures show and its texts do not."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fuserank.baselines import picture_scores as stacking
from fuserank.baselines.components import vectors_of
from fuserank.baselines.contrastive_projection import contrastive_projection
from fuserank.baselines.padded import Padded
from fuserank.baselines.plain_mlp import PlainMLP, plain_mlp
from fuserank.baselines.word_tagger import known_words, word_tagger
from fuserank.metrics.ndcg import ndcg
from fuserank.slates import Slate

COLOURS, TYPES, PRODUCTS = ("red", "blue", "green"), ("shoe", "bag", "hat"), 240
UNSEEN = (0, 4)  # red shoe and blue bag are asked in no training query


class Side(SimpleNamespace):
    """A catalogue or the queries, as far as baselines read them."""

    def __len__(self):
        return self.count

    def has(self, modality):
        return np.full(self.count, modality in self.there)


def shop(pictures=True):
    """Features, and slates of training (products 0..119), validation (120..179) and test (180..239, the unseen queries)."""
    rng = np.random.default_rng(0)
    colour, kind = rng.integers(0, 3, PRODUCTS), rng.integers(0, 3, PRODUCTS)
    shown = np.concatenate([np.eye(3)[colour], np.eye(3)[kind], rng.normal(size=(PRODUCTS, 4))], axis=1).astype(np.float16)
    asked = [(c, k) for c in range(3) for k in range(3)]
    words = np.array([np.concatenate([np.eye(3)[c], np.eye(3)[k]]) for c, k in asked], np.float32)
    empty = np.zeros((len(asked), shown.shape[1]), np.float32)
    catalogue = Side(
        count=PRODUCTS,
        there={"image"} if pictures else set(),
        vectors={"text": np.zeros((PRODUCTS, 6), np.float16), "image": shown if pictures else 0 * shown},
    )
    queries = Side(
        count=len(asked),
        there={"text"},
        vectors={"text": words, "image": empty},
        modalities=("text", "image"),
        texts=[f"{COLOURS[c]} {TYPES[k]}" for c, k in asked],
    )
    modalities = [
        SimpleNamespace(name="text", scaling="unit", encoder=True, query_is_term=False, query_from_history=False),
        SimpleNamespace(name="image", scaling="standard", encoder=True, query_is_term=True, query_from_history=False),
    ]

    def slate(query, rows):
        grades = (colour[rows] == asked[query][0]) + (kind[rows] == asked[query][1]).astype(np.float32)
        present = np.tile([False, pictures], (len(rows), 1))
        return Slate(query, rows, grades.astype(np.float32), np.zeros((len(rows), 1), np.float32), present)

    seen = [q for q in range(len(asked)) if q not in UNSEEN]
    train, val = ([slate(q, np.arange(*span)) for q in seen] for span in ((0, 120), (120, 180)))
    return SimpleNamespace(modalities=modalities, catalogue=catalogue, queries=queries), train, val, [
        slate(q, np.arange(180, 240)) for q in UNSEEN
    ]  # fmt: skip


def quality(score, slates):
    return np.mean([ndcg(score(s), s.grades) for s in slates])


@pytest.mark.parametrize(
    ("fit", "name"),
    [
        (contrastive_projection, "picture: contrastive projection"),
        (word_tagger, "picture: word tagger"),
        (plain_mlp, "plain MLP"),
    ],
)
def test_words_learned_apart_are_found_together_in_new_pictures(fit, name):
    features, train, val, test = shop()
    before = torch.random.get_rng_state()
    fitted = fit(features, train, val, 0)
    assert list(fitted) == [name]
    assert quality(fitted[name], test) > 0.75
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("fit", [contrastive_projection, word_tagger])
def test_without_pictures_or_without_words_there_is_no_picture_model(fit):
    features, train, val, _ = shop(pictures=False)
    assert fit(features, train, val, 0) == {}
    features, train, val, _ = shop()
    features.queries.there, features.queries.texts = set(), [""] * len(features.queries)
    assert fit(features, train, val, 0) == {}


def test_without_pictures_the_plain_mlp_still_ranks():
    features, train, val, test = shop(pictures=False)
    (score,) = plain_mlp(features, train, val, 0).values()
    assert np.isfinite(score(test[0])).all()


def test_a_word_fails_only_where_all_others_of_the_query_hold():
    asked = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0]], np.float32)  # "red shoe", "shoe leather", "red"
    grades = ([2, 0, 0, 0], [0, 2, 1, 0], [0, 0, 2, 0])
    rows = np.array([3, 1, 0, 2])
    blank = np.zeros((4, 1), np.float32)
    slates = [Slate(q, rows, np.array(g, np.float32), blank, blank > 0) for q, g in enumerate(grades)]
    holds, known = known_words(asked, slates, 5)
    # 3 is a red shoe, and no leather; 1 a leather shoe, and not red; 0 is red and so no shoe; 2 is not red; nobody judged 4.
    assert holds.T[[3, 1, 0, 2, 4]].tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert known.T[[3, 1, 0, 2, 4]].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("new_products", [True, False])
def test_training_pairs_are_scored_by_models_that_did_not_see_them(monkeypatch, new_products):
    features, train, val, test = shop()

    def remembers(features, train, val, seed, vectors):
        seen = {(s.query, row) for s in train for row in s.rows.tolist()}
        return {"seen": lambda s: np.array([(s.query, row) in seen for row in s.rows.tolist()], np.float32)}

    monkeypatch.setattr(stacking, "MODELS", (remembers,))
    val = val if new_products else train
    found, columns = stacking.picture_scores(features, train, val, 0, vectors_of(features, train, 0))
    assert [table.shape for table in found] == [(len(s.rows), 1) for s in train]
    assert not np.concatenate(found).any()
    assert columns(train[0]).all() and not columns(test[0]).any()


@pytest.mark.parametrize(("new_products", "split"), [(True, True), (False, False)])
def test_folds_go_over_what_validation_has_anew(new_products, split):
    _, train, val, _ = shop()
    folds = stacking._folds(train, val if new_products else train, PRODUCTS, np.random.default_rng(0))
    assert all((len(set(fold.tolist())) > 1) == split for fold in folds)


def test_scores_of_the_plain_mlp_do_not_depend_on_the_form():
    torch.manual_seed(0)
    _, train, _, _ = shop()
    products, queries = torch.randn(PRODUCTS, 5), torch.randn(9, 5)
    net = PlainMLP([products], [queries], train).eval()
    part = [train[0].take(np.arange(7)), train[1].take(np.arange(3))]
    batch = Padded.of(part)
    with torch.inference_mode():
        together = net(batch, torch.zeros(2, 7, 1))
        pair = products[part[1].rows[2]], queries[part[1].query]
        scores = net.of_scores(net.scale(torch.zeros(1)))
        first = net.of_product(pair[0]) + net.of_query(pair[1]) + net.of_both(pair[0] * pair[1]) + scores
        plain = net.rest(first)
    np.testing.assert_allclose(together[1, 2].item(), plain.item(), rtol=1e-4, atol=1e-6)
    for b, slate in enumerate(part):
        np.testing.assert_allclose(together[b][batch.mask[b]].numpy(), net.scorer()(slate), rtol=1e-4, atol=1e-6)
