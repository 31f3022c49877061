"""A start named in the settings: another model for each start, its weights gone on from, refused at the door when not there."""

import json
from dataclasses import replace

import pytest
import torch

from fuserank.errors import InputError, ModelFolderError
from fuserank.model_folder import load_model
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import plans, train_plan
from fuserank.settings import load_settings

SMALL = {"epochs": 1, "width": 8, "interaction": 4, "late": 8, "slate": 16, "device": "cpu"}
STILL = {"learning_rate": 1e-12, "late_learning_rate": 1e-12}


def trained(tiny, tmp_path, **training):
    """The model folder of the first plan, trained in the home of one test."""
    settings = load_settings(
        home=tmp_path / "home", reports=tmp_path / "reports", training=SMALL | training, evaluation={"families": {}}
    )
    job = Job(tiny.job.data, settings)
    return train_plan(job, tiny.features, plans(job, tiny.features)[0], *tiny.slates[:2]).folder


@pytest.fixture
def start(tiny, tmp_path):
    return trained(tiny, tmp_path, rankers=["late+sum+sequence"], seeds=[7])


def test_a_model_of_another_start_is_another_model(tiny, tmp_path, start):
    ranker = {"rankers": ["late"]}
    cold = trained(tiny, tmp_path, **ranker)
    warm = trained(tiny, tmp_path, **ranker, start=start)
    other = trained(tiny, tmp_path, **ranker, start=trained(tiny, tmp_path, rankers=["late"], seeds=[8]))
    assert len({cold, warm, other}) == 3
    assert trained(tiny, tmp_path, **ranker, start=start) == warm
    assert json.loads((warm / "model.json").read_text())["settings"]["start"] == str(start)


def test_the_same_bytes_elsewhere_are_the_same_start(tiny, tmp_path, start):
    import shutil

    shutil.copytree(start, tmp_path / "elsewhere")
    folders = {trained(tiny, tmp_path, rankers=["late"], start=place) for place in (start, tmp_path / "elsewhere")}
    assert len(folders) == 1


def test_training_goes_on_from_its_weights(tiny, tmp_path, start):
    before, _ = load_model(start)
    after, _ = load_model(trained(tiny, tmp_path, rankers=["late"], start=start, **STILL))
    torch.testing.assert_close(after.late.words.weight, before.late.words.weight, atol=1e-6, rtol=0)
    assert after.late.seen.equal(before.late.seen) and after.fusion is None


def test_what_shares_nothing_is_refused(tiny, tmp_path, start):
    with pytest.raises(InputError, match="nothing of the ranker late"):
        trained(tiny, tmp_path, rankers=["concat+attention"], width=12, start=start)


@pytest.mark.parametrize("damage", ["nowhere", "altered"])
def test_a_start_that_is_not_there_is_refused_before_any_work(tiny, tmp_path, start, damage):
    if damage == "altered":
        (start / "weights.safetensors").write_bytes(b"half")
    settings = load_settings(training={"start": start if damage == "altered" else tmp_path / "nowhere"})
    with pytest.raises(ModelFolderError, match="next: "):
        replace(tiny.job, settings=settings)
