"""Late interaction learns words one by one: of colours and types it was asked for, it knows combinations that it was not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from coloured_shop import COLOURS, PAIRS, TYPES, coloured_shop

from fuserank.features.query_words import query_words, word_id
from fuserank.metrics.ndcg import ndcg
from fuserank.ranker import RankerSpec
from fuserank.slates import project_catalogue, score_slate
from fuserank.training import TrainingKnobs, train

EACH = 5
KNOBS = TrainingKnobs(
    epochs=40, patience=40, batch_queries=6, slate=64, late_learning_rate=1e-2, late_weight_decay=0.01, device="cpu"
)


@pytest.fixture(scope="module")
def shop():
    """Features, training slates and validation slates; every colour and every type is in both, no combination is."""
    features, shown = coloured_shop(EACH)
    new = {(n, n) for n in range(len(COLOURS))}
    sold = np.array([n for n, pair in enumerate(shown) if pair not in new])
    slates = {True: [], False: []}
    for q, pair in enumerate(PAIRS):
        rows = np.arange(len(shown)) if pair in new else sold
        slates[pair in new].append(features.slate(q, rows, np.array([3.0 * (shown[r] == pair) for r in rows], np.float32)))
    return features, slates[False], slates[True]


def run(shop, knobs=KNOBS, seed=0, ranker=("", "", 16), **options):
    fusion, scorer, late = ranker
    spec = RankerSpec(shop[0].specs(), fusion, scorer, width=8, rank=4, late=late)
    return train(spec, *shop, knobs, seed=seed, **options)


def weights(trained):
    return trained.ranker.state_dict()


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def trained(shop):
    return run(shop)


def test_combinations_never_asked_for_are_found(shop, trained):
    """30 queries of 36 were seen. Chance is the mean over random orders of the same slates."""
    rng = np.random.default_rng(0)
    chance = np.mean([ndcg(rng.random(len(s.rows)), s.grades) for s in shop[2] for _ in range(50)])
    assert chance < 0.1
    assert trained.best.val_ndcg > 0.8
    assert float(trained.ranker.trust) > 0, "there is no prior to fall back on"


def test_a_word_not_learned_is_left_out(shop, trained):
    late, knows = trained.ranker.late, {word_id(word) for word in (*COLOURS, *TYPES)}
    assert set(late.seen.nonzero().flatten().tolist()) == knows
    features, val = shop[0], shop[2]
    projected = project_catalogue(trained.ranker, features)
    texts = [f"{text} anybody?" for text in features.queries.texts]
    stranger = replace(features.queries, words=query_words(texts))
    assert stranger.words.shape[1] == 3
    for slate in val:
        plain = score_slate(trained.ranker, projected, features.queries, slate)
        assert score_slate(trained.ranker, projected, stranger, slate) == pytest.approx(plain, abs=1e-5)


def test_words_of_validation_alone_are_not_known(shop):
    features, train_slates, val = shop
    some = [s for s in train_slates if "red" not in features.queries.texts[s.query]]
    late = run((features, some, val), replace(KNOBS, epochs=1)).ranker.late
    assert not late.seen[word_id("red")] and late.seen[word_id("mug")]


def test_the_same_seed_gives_the_same_weights_and_another_other_ones(shop, trained):
    assert equal(weights(run(shop)), weights(trained))
    assert not equal(weights(run(shop, seed=1)), weights(trained))


@pytest.mark.parametrize("ranker", [("", "", 16), ("concat", "sequence", 16)])
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(shop, tmp_path, ranker):
    knobs = replace(KNOBS, epochs=3)

    def stop(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(shop, knobs, ranker=ranker, checkpoint=tmp_path, on_epoch=stop)
    seen = []
    resumed = run(shop, knobs, ranker=ranker, checkpoint=tmp_path, on_epoch=seen.append)
    whole = run(shop, knobs, ranker=ranker)
    assert [e.epoch for e in seen] == [3]
    assert equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("ranker", [("", "", 16), ("concat", "sequence", 16)])
def test_bfloat16_trains_to_finite_weights(shop, ranker):
    result = run(shop, replace(KNOBS, epochs=1, precision="bfloat16"), ranker=ranker)
    assert all(torch.isfinite(value).all() for value in weights(result).values())
    assert np.isfinite(result.history[0].loss)


def test_each_part_has_its_own_rate_and_decay(shop):
    """A rate of nearly 0 for one leaves it where it was; the other moves."""
    knobs = replace(KNOBS, epochs=1, weight_decay=0.0, late_weight_decay=0.0)
    ranker = ("concat", "sequence", 16)
    still = weights(run(shop, replace(knobs, learning_rate=1e-12, late_learning_rate=1e-12), ranker=ranker))
    for moving, rates in (
        ("late.", {"learning_rate": 1e-12}),
        ("projection.product.", {"late_learning_rate": 1e-12}),
    ):
        moved = weights(run(shop, replace(knobs, **rates), ranker=ranker))
        far = {
            name for name in moved if moved[name].is_floating_point() and not torch.allclose(moved[name], still[name], atol=1e-6)
        }
        assert any(name.startswith(moving) for name in far)
        other = "projection." if moving == "late." else "late."
        assert not any(name.startswith(other) for name in far)


def test_a_start_is_where_training_goes_on(shop, trained):
    """At a rate of nearly 0 the first epoch is as good as the start; a new ranker is not."""
    knobs = replace(KNOBS, epochs=1, late_learning_rate=1e-12)
    warm, cold = run(shop, knobs, seed=5, start=trained.ranker), run(shop, knobs, seed=5)
    assert warm.fresh == () and cold.fresh == ()
    assert warm.best.val_ndcg == pytest.approx(trained.best.val_ndcg, abs=0.02)
    assert cold.best.val_ndcg < 0.5
