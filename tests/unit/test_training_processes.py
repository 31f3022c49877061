"""Two processes over gloo train what one does: the same batches, the same steps, the same model folder."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fuserank.errors import FuserankError
from fuserank.model_folder import load_model
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import plans, train_plan
from fuserank.settings import load_settings
from fuserank.training_group import TrainingGroup

STILL = {"dropout": 0.0, "input_dropout": 0.0, "modality_dropout": 0.0, "device": "cpu"}  # draws are a process's own
# The loss does not see what all scores of a slate have in common: Adam makes a step of its rounding error.
LAST_BIAS = "scorer.head.4.bias"


def job_of(tiny, ranker, processes, **training) -> Job:
    knobs = {"rankers": (ranker,), "epochs": 3, "batch_queries": 5, "slate": 16, "width": 16, "interaction": 8, "late": 16}
    settings = load_settings(
        home=tiny.job.settings.home,
        reports=tiny.job.settings.reports,
        training={**knobs, **STILL, **training},
        scale={"processes": processes},
    )
    return Job(tiny.job.data, settings)


def trained(tiny, ranker, processes):
    job = job_of(tiny, ranker, processes)
    plan = plans(job, tiny.features)[0]
    return train_plan(job, tiny.features, plan, *tiny.slates[:2])


@pytest.mark.parametrize("ranker", ["late+concat+sequence"])
def test_two_processes_give_the_weights_of_one(tiny, ranker):
    alone, both = trained(tiny, ranker, 1), trained(tiny, ranker, 2)
    assert alone.folder != both.folder
    assert both.val_ndcg == pytest.approx(alone.val_ndcg, abs=1e-3)
    assert both.curve == pytest.approx(alone.curve, abs=1e-3)
    mine, theirs = (load_model(model.folder)[0].state_dict() for model in (alone, both))
    for name, weights in mine.items():
        if name != LAST_BIAS:
            torch.testing.assert_close(theirs[name], weights, atol=1e-4, rtol=1e-3, msg=name)


def test_what_the_dataset_alone_does_not_give_is_refused(tiny):
    job = job_of(tiny, "sum+sequence", 2)
    plan = plans(job, tiny.features)[0]
    with pytest.raises(FuserankError, match=r"not those of the dataset alone.*next: set scale\.processes to 1"):
        train_plan(job, tiny.features, plan, tiny.slates[0][:-2], tiny.slates[1])


def test_shares_are_dealt_and_put_together_again():
    for size in (1, 2, 3, 7):
        shares = [TrainingGroup(rank, size).share(range(10)) for rank in range(size)]
        assert sorted(item for share in shares for item in share) == list(range(10))
    assert replace(TrainingGroup(), rank=0).together([1, 2]) == [1, 2]
