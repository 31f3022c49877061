"""Tuning of a job: the space holds the settings as they are, wrong spaces are refused, test plays no part, a call goes on."""

import json
import tomllib
from dataclasses import replace

import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution

from fuserank.errors import SettingsError, UnknownNameError
from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.model_folder import load_model
from fuserank.pipeline import tune as module
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, train_plan
from fuserank.pipeline.tune import tune
from fuserank.pipeline.tuning_space import default_of, job_of, space_of
from fuserank.scorers import SCORERS
from fuserank.settings import TrainingSettings, load_settings
from fuserank.tuning import open_study

SMALL = {"rankers": ["sum+sequence"], "epochs": 2, "width": 8, "interaction": 4, "slate": 16}


def job(tiny, tmp_path, space=None, **tuning):
    # These trainings take milliseconds: on a busy machine any of them may seem many times slower than the default's.
    tuning = {"trials": 3, "minutes": 5, "confirm": 1, "slowest": 1e6, **tuning} | ({"space": space} if space is not None else {})
    return Job(tiny.job.data, load_settings(home=tmp_path / "home", reports=tmp_path / "reports", training=SMALL, tuning=tuning))


def test_the_settings_as_they_are_belong_to_every_space(tiny, tmp_path):
    space = {
        "ranker": ["late"],
        "width": [16, 32],
        "learning_rate": {"low": 0.01, "high": 0.1, "log": True},
        "dropout": {"low": 0.0, "high": 0.1},
    }
    found = space_of(job(tiny, tmp_path, space))
    assert found == {
        "ranker": CategoricalDistribution(("late", "sum+sequence")),
        "width": CategoricalDistribution((16, 32, 8)),
        "learning_rate": FloatDistribution(TrainingSettings().learning_rate, 0.1, log=True),
        "dropout": FloatDistribution(0.0, TrainingSettings().dropout),
    }


def test_the_default_space_names_every_plugin_and_real_settings(tiny, tmp_path):
    """A fusion or scorer that joins its table joins the search."""
    found = space_of(job(tiny, tmp_path))
    networks = {f"{fusion}+{scorer}" for fusion in FUSIONS for scorer in SCORERS}
    assert set(found["ranker"].choices) == {"late"} | networks | {f"late+{network}" for network in networks}
    assert set(found["loss"].choices) <= set(LOSSES)
    assert list(found) == list(default_of(job(tiny, tmp_path)))
    for name, distribution in found.items():
        ends = distribution.choices if hasattr(distribution, "choices") else (distribution.low, distribution.high)
        for value in ends:
            job_of(tiny.job, default_of(job(tiny, tmp_path)) | {name: value})


@pytest.mark.parametrize(
    ("space", "error", "words"),
    [
        ({"widht": [8]}, SettingsError, r"tuning\.space\.widht: no such knob; allowed: ranker, loss, "),
        ({"seeds": [1]}, SettingsError, "no such knob"),
        ({"start": ["elsewhere"]}, SettingsError, "no such knob"),
        ({"width": "all"}, SettingsError, "all is for ranker, loss"),
        ({"ranker": ["cocnat+sequence"]}, UnknownNameError, "did you mean 'concat'"),
        ({"ranker": ["late+concat"]}, SettingsError, r"allowed: late, fusion\+scorer"),
        ({"rankers": ["late"]}, SettingsError, r"tuning\.space\.rankers: no such knob"),
        ({"late": [0]}, SettingsError, "late = 0; allowed: .*greater than 0"),
        ({"loss": ["softmx"]}, UnknownNameError, "did you mean 'softmax'"),
        (
            {"weight_decay": {"low": 1e-3, "high": 1e-1, "log": True}},
            SettingsError,
            r"weight_decay = 0\.0; allowed: values as a list",
        ),
        ({"width": [6]}, SettingsError, "width = 6; allowed: .*multiple of 4"),
        ({"width": {"low": 8, "high": 16}}, SettingsError, "values as a list, since it is no real number"),
        ({"dropout": {"low": 0.0, "high": 1.5}}, SettingsError, r"dropout = 1\.5"),
    ],
)
def test_a_wrong_space_is_refused_before_any_training(tiny, tmp_path, monkeypatch, space, error, words):
    monkeypatch.setattr(module, "train", lambda *_, **__: pytest.fail("trained"))
    training = SMALL | ({"weight_decay": 0.0} if "weight_decay" in space else {})
    settings = load_settings(home=tmp_path, reports=tmp_path, training=training, tuning={"space": space})
    with pytest.raises(error, match=words):
        tune(Job(tiny.job.data, settings), tiny.features)


@pytest.mark.parametrize("span", [{"low": 1, "high": 1}, {"low": 0, "high": 1, "log": True}, {"low": 1}])
def test_a_span_that_is_none_is_refused(span):
    with pytest.raises(SettingsError, match=r"tuning\.space"):
        load_settings(tuning={"space": {"dropout": span}})


@pytest.fixture
def judged_but_not_test(tiny, monkeypatch):
    """The names of the splits whose slates are built."""
    built = []
    plain = module.judged_splits
    monkeypatch.setattr(module, "judged_splits", lambda job, features, splits: built.extend(splits) or plain(job, features, splits))
    return built


def test_a_search_goes_on_and_reports(tiny, tmp_path, judged_but_not_test):
    space = {"ranker": ["sum+sequence", "late"], "learning_rate": {"low": 1e-3, "high": 1e-2, "log": True}}
    told = []
    first = tune(job(tiny, tmp_path, space, trials=1), tiny.features, on_trial=told.append)
    assert [t.params for t in first.trials] == [{"ranker": "sum+sequence", "learning_rate": 2e-3}]
    assert (first.default, first.best, first.lines, first.importance) == (0, 0, "", {})
    tuned = tune(job(tiny, tmp_path, space, trials=3), tiny.features, on_trial=told.append)
    assert tuned.trials[:1] == first.trials and [t.number for t in told] == [0, 1, 2]
    assert tuned.confirmed.keys() == {0, *(t.number for t in tuned.trials if t.state == "complete")}
    assert tuned.confirmed[0] == first.confirmed[0], "what was confirmed before is not trained again"
    assert set(judged_but_not_test) == {"train", "val"}
    report = json.loads((tmp_path / "reports" / "sample" / "tuning.json").read_text())
    assert [t["params"] for t in report["trials"]] == [t.params for t in tuned.trials]
    page = (tmp_path / "reports" / "sample" / "tuning.html").read_text()
    assert "Trials, best first" in page and "learning rate" in page
    assert not list((tmp_path / "home" / "tuning").glob("*.checkpoint"))
    tune(job(tiny, tmp_path, {"ranker": ["sum+sequence", "late"]}, trials=1), tiny.features)
    assert len(list((tmp_path / "home" / "tuning").glob("*.log"))) == 2, "another space is another search"


def test_trials_go_on_from_the_start(tiny, tmp_path, monkeypatch):
    """A trial that cannot take it over fails and says why; another start is another search."""
    fitted, files = [], []
    plain = module.train
    monkeypatch.setattr(module, "train", lambda *args, **knobs: fitted.append(plain(*args, **knobs)) or fitted[-1])
    monkeypatch.setattr(module, "open_study", lambda file, *rest: files.append(file) or open_study(file, *rest))
    plan = Plan("start", "fusion", "sum+sequence", tuple(m.name for m in tiny.features.modalities), 7)
    asked = job(tiny, tmp_path, {"ranker": ["sum+sequence", "late"]}, trials=6)
    still = SMALL | {"epochs": 1, "learning_rate": 1e-12, "late_learning_rate": 1e-12, "device": "cpu"}

    def with_start(start):
        settings = asked.settings.model_copy(update={"training": TrainingSettings(**still, start=start)})
        return replace(asked, settings=settings)

    start = train_plan(with_start(None), tiny.features, plan, *tiny.slates[:2]).folder
    for place in (None, start):
        tuned = tune(with_start(place), tiny.features)
        failed = {t.params["ranker"]: t.why for t in tuned.trials if t.state == "failed"}
        assert failed.keys() == ({"late"} if place else set())
        assert all("nothing of the ranker" in why for why in failed.values())
    torch.testing.assert_close(fitted[-1].ranker.scorer.state_dict(), load_model(start)[0].scorer.state_dict(), atol=1e-6, rtol=0)
    assert len(set(files)) == 2


def fake_training(monkeypatch, quality):
    """Training that takes no time: `quality` (spec, knobs, seed) is the validation nDCG@10."""

    def train(spec, features, train_slates, val_slates, knobs, *, seed, on_epoch, **_):
        value = quality(spec, knobs, seed)
        on_epoch(module_epoch(1, value))
        return type("Trained", (), {"best": module_epoch(1, value)})

    from fuserank.training import Epoch

    def module_epoch(epoch, value):
        return Epoch(epoch, 1.0, value, 0.1)

    monkeypatch.setattr(module, "train", train)


def test_lines_to_paste_are_settings_that_give_the_winner(tiny, tmp_path, monkeypatch):
    fake_training(monkeypatch, lambda spec, knobs, seed: 0.5 + 0.3 * (spec.fusion == "concat") + 0.1 * (knobs.loss == "listnet"))
    space = {
        "ranker": ["sum+sequence", "late+concat+sequence"],
        "loss": ["softmax", "listnet"],
        "dropout": {"low": 0.0, "high": 0.5},
    }
    tuned = tune(job(tiny, tmp_path, space, trials=12), tiny.features)
    pasted = tomllib.loads(tuned.lines)["tool"]["fuserank"]["training"]
    winner = tuned.trial(tuned.best)
    assert pasted == {"rankers": ["late+concat+sequence"], "loss": "listnet", "dropout": winner.params["dropout"]}
    again = replace(job(tiny, tmp_path), settings=load_settings(training=SMALL | pasted))
    assert default_of(again)["ranker"] == "late+concat+sequence" and again.settings.training.loss == "listnet"
    assert next(iter(tuned.importance)) == "ranker"


def test_what_is_best_by_luck_is_not_proposed(tiny, tmp_path, monkeypatch):
    fake_training(monkeypatch, lambda spec, knobs, seed: 0.5 + (0.1 if seed == 0 else -0.1) * (spec.fusion == "concat"))
    tuned = tune(job(tiny, tmp_path, {"ranker": ["sum+sequence", "concat+sequence"]}, trials=6), tiny.features)
    assert max(t.value for t in tuned.trials) == pytest.approx(0.6)
    assert (tuned.best, tuned.lines) == (0, "")
    assert "keep" in (tmp_path / "reports" / "sample" / "tuning.html").read_text()
