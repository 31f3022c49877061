"""The chain up to a point. What exists already is reused, so that a later point costs no more than the steps that are new."""

from __future__ import annotations

from typing import NamedTuple

from flows.evaluate import evaluate
from flows.extract import extract
from flows.train import show_curves, train
from flows.validate import validate
from fuserank.pipeline.evaluate import Evaluated
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import TrainedModel, plans, slates_of
from fuserank.slates import Features, Slate


class Trainings(NamedTuple):
    """The trained models of a job, and what they learned from."""

    features: Features
    slates: tuple[list[Slate], list[Slate], list[Slate]]
    models: list[TrainedModel]


def extracted(job: Job) -> Features:
    """Validate, then extract what is not in quarantine."""
    return extract(job, set(validate(job).quarantine))


def trained(job: Job) -> Trainings:
    """Extract, then train every ranker of the settings."""
    features = extracted(job)
    slates = slates_of(job, features)
    models = [train(job, features, plan, slates[0], slates[1]) for plan in plans(job, features)]
    show_curves(job, models)
    return Trainings(features, slates, models)


def evaluated(job: Job) -> tuple[Trainings, Evaluated]:
    """Train, then measure every model and baseline on the test queries."""
    found = trained(job)
    return found, evaluate(job, found.features, found.models, found.slates)
