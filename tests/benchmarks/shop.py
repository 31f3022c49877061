"""The shop that benchmarks run on: the sample store, extracted into a temporary home."""

from pathlib import Path

from fuserank.data.sample import build_sample
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job, parts_of
from fuserank.pipeline.train import slates_of
from fuserank.ranker import Ranker, RankerSpec
from fuserank.settings import TrainingSettings, load_settings

SHOP_NOTE = "random weights"  # speed does not depend on what a model has learned


def open_shop(folder: Path, **size: int):
    """(job, features, slates) of the sample store; `size` as of `build_sample`."""
    build_sample(folder / "data", **size)
    job = Job(folder / "data", load_settings(home=folder / "home", reports=folder / "reports"))
    features, _ = extract(job)
    return job, features, slates_of(job, features)


def make_ranker(features, name: str) -> Ranker:
    """A ranker in eval mode with random weights."""
    parts = parts_of(name)
    return Ranker(
        RankerSpec(features.specs(), parts.fusion, parts.scorer, late=TrainingSettings().late if parts.late else 0)
    ).eval()
