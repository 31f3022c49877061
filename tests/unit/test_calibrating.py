"""Calibration in the chain: on the scores that serving gives, from validation only, reported on test before and after."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from fuserank.calibration import FOLDS, Calibration
from fuserank.evaluation.plots import reliability_plot
from fuserank.model_folder import load_model
from fuserank.pipeline.calibrate import SHOWN, before_and_after, calibrate, in_words
from fuserank.pipeline.evaluate import evaluate
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import plans, train_plan
from fuserank.ranker import Ranker, RankerSpec
from fuserank.settings import load_settings
from fuserank.slates import Slate

PLATT = Calibration(method="platt", values={"slope": (1.0,), "bias": (-2.0,)}, queries=9, pairs=90, relevant=9)


def slate(grades):
    count = len(grades)
    return Slate(0, np.arange(count), np.array(grades, np.float32), np.zeros((count, 1), np.float32), np.ones((count, 1), bool))


@pytest.mark.parametrize(("fusion", "scorer", "late"), [("sum", "sequence", 0), ("", "", 16)])
def test_it_is_fitted_on_the_scores_of_the_model(tiny, fusion, scorer, late):
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(tiny.features.specs(), fusion, scorer, width=16, rank=8, late=late)).eval()
    assert len(tiny.slates[0]) >= FOLDS
    fitted = calibrate(ranker, tiny.features, tiny.slates[0], 2)
    assert fitted.queries == len(tiny.slates[0])
    assert fitted.pairs == sum(len(s.rows) for s in tiny.slates[0])
    assert fitted.relevant == sum(int((s.grades >= 2).sum()) for s in tiny.slates[0])


def test_before_is_the_sigmoid_and_shown_are_the_best(tiny):
    """Eleven candidates, the worst of them relevant: it counts over all pairs and is not shown."""
    slates = [slate([0] * 10 + [3])]
    scores = -np.arange(11.0)
    measured = before_and_after(lambda _: scores, PLATT, slates, 2)
    sigmoid = 1 / (1 + np.exp(-scores))
    assert measured["before"]["all"]["Brier"] == pytest.approx((np.sum(sigmoid[:10] ** 2) + (1 - sigmoid[10]) ** 2) / 11)
    assert measured["before"]["shown"]["Brier"] == pytest.approx(np.mean(sigmoid[:SHOWN] ** 2))
    assert measured["before"]["shown"]["relevant"] == 0.0
    assert measured["after"]["shown"]["stated"] == pytest.approx(PLATT.probability(scores)[:SHOWN].mean())
    assert sum(measured["after"]["curve"]["pairs"]) == SHOWN
    assert json.loads(json.dumps(measured)) == measured
    assert "sum+sequence (platt, fitted on validation)" in in_words(measured, "sum+sequence")
    assert reliability_plot(measured).startswith("<svg")


def test_extreme_scores_are_probabilities_too():
    measured = before_and_after(lambda _: np.array([-800.0, 800.0]), PLATT, [slate([0, 3])], 2)
    assert measured["before"]["all"]["Brier"] == pytest.approx(0.0)


@pytest.fixture
def small(tiny, tmp_path):
    settings = load_settings(
        home=tmp_path / "home",
        reports=tmp_path / "reports",
        training={"rankers": ["sum+sequence"], "epochs": 1, "width": 16, "interaction": 8},
        evaluation={"baselines": ["random"], "families": {}},
    )
    return Job(tiny.job.data, settings)


@pytest.mark.parametrize("enough", [True, False])
def test_a_trained_model_has_one_where_validation_is_large_enough(tiny, small, enough):
    """`tiny` has two validation queries; its training queries stand in for a larger validation."""
    val = tiny.slates[0] if enough else tiny.slates[1]
    (plan,) = plans(small, tiny.features)
    model = train_plan(small, tiny.features, plan, tiny.slates[0], val)
    meta = load_model(model.folder)[1]
    assert (meta.calibration is not None) == enough
    evaluate(small, tiny.features, [model], (tiny.slates[0], val, tiny.slates[2]))
    report = json.loads((small.reports / "leaderboard.json").read_text())
    page = (small.reports / "leaderboard.html").read_text()
    if enough:
        assert report["calibration"]["method"] == meta.calibration.method
        assert report["calibration"]["before"]["all"].keys() >= {"ECE equal mass", "ECE equal width", "Brier"}
    else:
        assert report["calibration"] is None
    assert ("Probabilities of sum+sequence" in page) == enough


def test_test_slates_play_no_part(tiny, small):
    """Whatever stands in test, the model folder's calibration is the same."""
    (plan,) = plans(small, tiny.features)
    flipped = [replace(s, grades=3 - s.grades) for s in tiny.slates[2]]
    model = train_plan(small, tiny.features, plan, tiny.slates[0], tiny.slates[0])
    before = load_model(model.folder)[1].calibration
    evaluate(small, tiny.features, [model], (tiny.slates[0], tiny.slates[0], flipped))
    assert load_model(model.folder)[1].calibration == before
