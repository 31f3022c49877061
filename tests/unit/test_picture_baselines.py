"""Trained picture models and the plain MLP, in a shop of two words a query that its pictures show and its texts do not."""

import gc
import importlib
import weakref
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fuserank.baselines import picture_scores as stacking
from fuserank.baselines.components import Side, principal_components
from fuserank.baselines.contrastive_projection import contrastive_projection
from fuserank.baselines.lambdamart import lambdamart
from fuserank.baselines.padded import Padded
from fuserank.baselines.plain_mlp import PlainMLP, plain_mlp
from fuserank.baselines.remembered import remembered
from fuserank.baselines.word_tagger import known_words, word_tagger
from fuserank.metrics.ndcg import ndcg
from fuserank.slates import Slate

COLOURS, TYPES, PRODUCTS = ("red", "blue", "green"), ("shoe", "bag", "hat"), 240
UNSEEN = (0, 4)  # red shoe and blue bag are asked in no training query


class Table(SimpleNamespace):
    """A catalogue or the queries, as far as baselines read them."""

    def __len__(self):
        return self.count

    def has(self, modality):
        return np.full(self.count, modality in self.there)


@dataclass(eq=False)
class Shop:
    """Features, as far as baselines read them."""

    modalities: list
    catalogue: Table
    queries: Table
    pair_names = ("nothing",)


def shop(pictures=True):
    """Features, and slates of training (products 0..119), validation (120..179) and test (180..239, the unseen queries)."""
    rng = np.random.default_rng(0)
    colour, kind = rng.integers(0, 3, PRODUCTS), rng.integers(0, 3, PRODUCTS)
    shown = np.concatenate([np.eye(3)[colour], np.eye(3)[kind], rng.normal(size=(PRODUCTS, 4))], axis=1).astype(np.float16)
    asked = [(c, k) for c in range(3) for k in range(3)]
    words = np.array([np.concatenate([np.eye(3)[c], np.eye(3)[k]]) for c, k in asked], np.float32)
    empty = np.zeros((len(asked), shown.shape[1]), np.float32)
    catalogue = Table(
        count=PRODUCTS,
        there={"image"} if pictures else set(),
        vectors={"text": np.zeros((PRODUCTS, 6), np.float16), "image": shown if pictures else 0 * shown},
    )
    queries = Table(
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
    return Shop(modalities, catalogue, queries), train, val, [slate(q, np.arange(180, 240)) for q in UNSEEN]


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
def test_training_pairs_have_out_of_fold_scores(monkeypatch, new_products):
    features, train, val, test = shop()

    def knows_training(features, train, val, seed, vectors=None):
        seen = {(s.query, row) for s in train for row in s.rows.tolist()}
        return {"seen": lambda s: np.array([(s.query, row) in seen for row in s.rows.tolist()], np.float32)}

    monkeypatch.setattr(stacking, "MODELS", ((knows_training, knows_training),))
    val = val if new_products else train
    found, columns = stacking.picture_scores(features, train, val, 0)
    assert [table.shape for table in found] == [(len(s.rows), 1) for s in train]
    assert not np.concatenate(found).any()
    assert columns(train[0]).all() and not columns(test[0]).any()


def test_a_model_that_a_fold_lacks_leaves_its_own_column_0(monkeypatch):
    features, train, _, test = shop()

    def always(name, value, least=0):
        def fit(features, train, val, seed, vectors=None):
            return {name: lambda s: np.full(len(s.rows), value, np.float32)} if len(train) > least else {}

        return fit, fit

    monkeypatch.setattr(stacking, "MODELS", (always("no fold's", 1, least=6), always("everybody's", 2)))
    found, columns = stacking.picture_scores(features, train, train, 0)
    assert np.unique(np.concatenate(found), axis=0).tolist() == [[0, 2]]
    assert np.unique(columns(test[0]), axis=0).tolist() == [[1, 2]]


def test_the_scores_of_a_single_query_are_0_out_of_fold():
    features, train, _, test = shop()
    (found,), columns = stacking.picture_scores(features, train[:1], train[:1], 0)
    assert found.shape == (120, 2) and not found.any()
    assert columns(test[0]).shape == (60, 2) and columns(test[0]).any(axis=0).all()


@pytest.mark.parametrize("fit", [lambdamart, plain_mlp])
def test_a_single_query_is_enough_to_rank(fit):
    features, train, _, test = shop()
    (score,) = fit(features, train[:1], train[:1], 0).values()
    assert np.isfinite(score(test[0])).all()


def test_without_pictures_there_are_no_columns():
    features, train, val, test = shop(pictures=False)
    found, columns = stacking.picture_scores(features, train, val, 0)
    assert [table.shape for table in found] == [(120, 0)] * len(train)
    assert columns(test[0]).shape == (60, 0)


def test_each_picture_net_is_fitted_once_a_seed_and_gives_every_peer_what_it_would_alone(monkeypatch):
    fits = []
    for module in map(importlib.import_module, ("fuserank.baselines.contrastive_projection", "fuserank.baselines.word_tagger")):

        def counted(*given, fit_net=module.fit_net, **options):
            fits.append(fit_net)
            fit_net(*given, **options)

        monkeypatch.setattr(module, "fit_net", counted)
    features, train, val, test = shop()
    peers = (lambdamart, contrastive_projection, word_tagger, plain_mlp)
    together = {seed: {} for seed in (0, 1)}
    for peer in peers:
        for seed in together:
            together[seed] |= peer(features, train, val, seed)
    assert len(fits) == 2 * 2 * (1 + stacking.FOLDS)
    for peer in peers:
        ((name, score),) = peer(*shop()[:3], 1).items()
        # Not to the last bit: float32 sums were seen to depend on where the memory lies. Scores of another seed correlate by .96.
        assert np.corrcoef(together[1][name](test[0]), score(test[0]))[0, 1] > 0.999


def test_a_fit_is_remembered_for_the_same_slates_and_seed_only():
    fits = []
    fit = remembered(lambda features, train, val, seed: fits.append(seed) or len(fits))
    features, train, val, _ = shop()
    assert [fit(features, train, val, 0), fit(features, [*train], tuple(val), 0)] == [1, 1]
    assert [fit(features, train, val, seed) for seed in (1, 0, 1)] == [2, 1, 2]
    assert fit(shop()[0], train, val, 0) == 3
    assert fit(features, train[:-1], val, 0) == 4
    assert fit(features, [*train[:-1], replace(train[-1])], val, 0) == 5
    assert fit(features, train, val[:-1], 0) == 6
    assert fit(features, train, val, 0) == 7, "only the latest is kept"
    train.pop()
    assert fit(features, train, val, 0) == 8, "a list that has changed is another"


def test_what_is_remembered_goes_with_the_features():
    features, train, val, _ = shop()
    stacking.picture_scores(features, train, val, 0)
    gone = weakref.ref(features)
    del features
    gc.collect()
    assert gone() is None


def test_principal_components_know_only_what_is_there_and_in_training():
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(50, 8)) * np.arange(8, 0, -1) + 5).astype(np.float32)
    has, rows = np.arange(50) % 3 > 0, np.arange(40)
    (found,) = principal_components([Side(vectors, has, rows)], 4, 0)
    known = found[rows[has[rows]]]
    assert found.shape == (50, 4) and found.dtype == np.float32
    assert not found[~has].any() and found[40:][has[40:]].any()
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(known.var(axis=0, ddof=1).mean(), 1, rtol=1e-4)
    other = np.where(has[:, None], vectors, 9)
    other[40:] += 1
    (again,) = principal_components([Side(other, has, rows)], 4, 0)
    np.testing.assert_allclose(again[:40], found[:40], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("there", [0, 1])
def test_one_vector_or_none_has_no_components(there):
    (found,) = principal_components([Side(np.ones((5, 3), np.float32), np.ones(5, bool), np.arange(there))], 2, 0)
    assert found.shape == (5, 0)


def test_the_table_of_the_trees_has_components_of_what_is_there():
    features, train, _, _ = shop()
    there = np.arange(PRODUCTS) % 2 == 0
    features.catalogue.has = lambda modality: there & (modality == "image")
    table = importlib.import_module("fuserank.baselines.lambdamart").TreeTable(features, train, 0)
    text, picture = table.products
    assert text.shape == (PRODUCTS, 0)
    assert not picture[~there].any()
    np.testing.assert_allclose(picture[:120][there[:120]].mean(axis=0), 0, atol=1e-5)


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
