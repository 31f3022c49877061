"""Training from clicks: what clicks weigh, where candidates stood, and that serving knows nothing of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fuserank.click_models.pbm import position_based
from fuserank.click_models.weighting import WEIGHTINGS, graded
from fuserank.data.dataset import write_dataset
from fuserank.errors import SettingsError, TooFewError
from fuserank.pipeline.clicked import clicked_slates, slates_of_log
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import judged_splits, plans, train_plan
from fuserank.position_term import PositionTerm
from fuserank.ranker import RankerSpec
from fuserank.settings import load_settings
from fuserank.slates import judged_slates
from fuserank.training import TrainingKnobs, train
from fuserank.types import Interaction
from tests.unit.click_models.test_click_models import logged

KNOBS = TrainingKnobs(epochs=3, patience=3, batch_queries=8, slate=16, device="cpu", modality_dropout=0.0)
LISTS = [("q", "ab", "a"), ("q", "ab", "a"), ("q", "ba", "a"), ("q", "ba", "b")]  # θ_2 = 1/3


def test_what_clicks_weigh_by_hand():
    log = logged(*LISTS)
    assert WEIGHTINGS["naive"](log).tolist() == [3, 1]
    assert WEIGHTINGS["rate"](log).tolist() == [3 / 4, 1 / 4]
    looks = 2 + 2 * (1 / 3)
    assert WEIGHTINGS["ipw"](log) == pytest.approx([3 / looks, 1 / looks])


def test_a_lucky_click_at_the_end_is_clipped():
    lists = (*LISTS * 3, ("q", "abc", "c"), ("z", "c", "c"), ("z", "dc", ""))
    log = logged(*lists)
    lucky = int(np.flatnonzero((log.queries[log.pair_query] == "q") & (log.products[log.pair_product] == "c"))[0])
    assert position_based(log).looks[lucky] < 0.5
    assert WEIGHTINGS["ipw"](log)[lucky] == 1.0, "one click, less than half a look: not 2 or more"


def test_gains_are_in_proportion_to_weights_and_queries_without_a_click_are_left_out():
    log = logged(("q", "abc", "ab"), ("z", "ab", ""))
    found = graded(log, np.array([2.0, 1.0, 0.0, 0.0, 0.0]), 3.0)
    assert set(found) == {"q"}
    gains = {product: 2**grade - 1 for product, grade in found["q"].items()}
    assert gains == pytest.approx({"a": 7, "b": 3.5, "c": 0})


def events(tiny):
    """Each train query shown in two orders to four shoppers each; what is clicked is what has grade 3 or 2."""
    dataset = tiny.job.dataset
    found = []
    for q, query in enumerate(query for query in dataset.queries if query.split == "train"):
        grades = dataset.qrels.get(query.query_id, {})
        liked, rest = ([p for p, g in grades.items() if (g >= 2) is wanted][:5] for wanted in (True, False))
        for visit in range(8):
            shown = (liked + rest if visit % 2 else rest + liked)[:10]
            for place, product in enumerate(shown, start=1):
                told = Interaction(q * 100 + visit, f"u{q}-{visit}", "s", query.query_id, product, "impression", place)
                found.append(told)
                if product in liked and visit % 4 < 5 - place / 3:
                    found.append(replace(told, action="click"))
    return found


@pytest.fixture(scope="module")
def clicked(tiny, tmp_path_factory):
    """The tiny store with clicks on training queries; settings by way of learning."""
    base, root = tiny.job.dataset, tmp_path_factory.mktemp("clicked") / "data"
    write_dataset(
        root,
        base.manifest,
        products=base.products,
        queries=base.queries,
        judgments=base.table("judgments"),
        interactions=events(tiny),
        media=(base.media.get(h) for row in (*base.products, *base.queries) for h in (row.image, row.audio) if h),
    )
    settings = tiny.job.settings

    def job(way):
        training = {"clicks": way, "epochs": 2, "rankers": ("concat+sequence",), "width": 8, "interaction": 4, "slate": 16}
        return Job(root, settings.model_copy(update={"training": settings.training.model_copy(update=training)}))

    return job


@pytest.mark.parametrize("way", WEIGHTINGS)
def test_weighted_slates_hold_all_candidates_and_grades_of_clicks(tiny, clicked, way):
    job = clicked(way)
    slates = clicked_slates(tiny.features, job.dataset, way, pool=None)
    judged = list(judged_slates(tiny.features, job.dataset, "train"))
    assert {s.query for s in slates} <= {s.query for s in judged} and slates
    assert all(s.places is None and s.grades.max() == pytest.approx(3.0) and len(s.rows) > 10 for s in slates)
    queries = {query.query_id: query.split for query in job.dataset.queries}
    assert all(queries[tiny.features.queries.query_ids[s.query]] == "train" for s in slates)


def test_additive_slates_are_lists_with_their_places_and_products_beside_them(tiny, clicked):
    slates = clicked_slates(tiny.features, clicked("additive").dataset, "additive", pool=None)
    assert len(slates) > len(clicked_slates(tiny.features, clicked("ipw").dataset, "ipw", pool=None))
    for slate in slates:
        shown = np.count_nonzero(slate.places)
        beside = len(slate.rows) - shown
        assert slate.places.tolist() == [*range(1, shown + 1), *[0] * beside]
        assert set(slate.grades[:shown].tolist()) == {0.0, 3.0} and not slate.grades[shown:].any()
        assert beside and len(set(slate.rows.tolist())) == len(slate.rows)
    part = slates[0].take(np.array([2, 0]))
    assert part.places.tolist() == [3, 1]


def test_only_training_queries_are_learned_from_clicks(tiny, clicked):
    by_clicks, judged = (judged_splits(clicked(way), tiny.features, ("train", "val")) for way in ("ipw", "off"))
    assert any(not np.array_equal(a.grades, b.grades) for a, b in zip(by_clicks[0], judged[0], strict=False))
    assert all(np.array_equal(a.grades, b.grades) for a, b in zip(by_clicks[1], judged[1], strict=True))


@pytest.mark.parametrize("way", ["naive", "ipw", "additive"])
def test_a_model_is_trained_and_is_not_that_of_another_way(tiny, clicked, way):
    job, other = clicked(way), clicked("off")
    plan = plans(job, tiny.features)[0]
    train_slates, val_slates = judged_splits(job, tiny.features, ("train", "val"))
    model = train_plan(job, tiny.features, plan, train_slates, val_slates)
    assert 0 < model.val_ndcg <= 1
    assert model.folder != train_plan(other, tiny.features, plan, *judged_splits(other, tiny.features, ("train", "val"))).folder


def test_no_clicks_to_learn_from_is_an_error(tiny):
    with pytest.raises(TooFewError, match="0 clicks"):
        slates_of_log(tiny.features, tiny.job.dataset, logged(("q", "ab", "")), "ipw", "train")


def test_an_unknown_way_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"training\.clicks"):
        load_settings(training={"clicks": "magic"})


def test_the_position_term_adds_a_number_by_place_and_nothing_where_it_is_not_known(tiny):
    slates = [replace(tiny.slates[0][0].take(np.arange(n)), places=places) for n, places in ((3, np.array([2, 0, 1])), (2, None))]
    assert PositionTerm.of([slates[1]]) is None
    term = PositionTerm.of(slates)
    assert not term(slates).any(), "0 at the start"
    term.logits.data = torch.tensor([-1.0, -2.0])
    assert term(slates).tolist() == [[-2.0, 0.0, -1.0], [0.0, 0.0, 0.0]]


def shuffled_lists(tiny, by_place):
    """Lists in random order, clicked by `by_place` alone: a ranker can learn nothing from them but the place."""
    rng, found = np.random.default_rng(0), []
    for slate in tiny.slates[0] * 48:
        chosen = rng.permutation(len(slate.rows))[:5]
        grades = np.zeros(5, np.float32)
        grades[rng.choice(5, p=by_place)] = 3
        found.append(replace(slate.take(chosen), grades=grades, places=np.arange(1, 6)))
    return found


def test_the_position_term_learns_the_bias_and_the_ranker_is_given_back_without_it(tiny, monkeypatch):
    kept = []
    of = PositionTerm.of
    monkeypatch.setattr(PositionTerm, "of", classmethod(lambda cls, slates: kept.append(of(slates)) or kept[-1]))
    by_place = np.array([0.5, 0.25, 0.125, 0.075, 0.05])
    spec = RankerSpec(tiny.features.specs(), "concat", "sequence", width=8, rank=4)
    knobs = replace(KNOBS, epochs=15, patience=15, late_learning_rate=0.1)
    trained = train(spec, tiny.features, shuffled_lists(tiny, by_place), tiny.slates[1], knobs, seed=0)
    assert not any("logits" in name for name in trained.ranker.state_dict())
    learned = torch.softmax(kept[0].logits.detach(), dim=0).numpy()
    lists = 48 * len(tiny.slates[0])
    assert learned == pytest.approx(by_place, abs=5 * (0.25 / lists) ** 0.5), "five standard errors of a share, at most"


def test_a_run_with_places_is_resumed_bit_for_bit(tiny, tmp_path):
    spec = RankerSpec(tiny.features.specs(), "concat", "sequence", width=8, rank=4)
    slates = shuffled_lists(tiny, np.full(5, 0.2))[:24]

    def run(**options):
        return train(spec, tiny.features, slates, tiny.slates[1], KNOBS, seed=0, **options)

    def stop(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=tmp_path, on_epoch=stop)
    resumed, whole = run(checkpoint=tmp_path), run()
    assert [e.loss for e in resumed.history] == [e.loss for e in whole.history]
    assert all(torch.equal(value, whole.ranker.state_dict()[name]) for name, value in resumed.ranker.state_dict().items())
