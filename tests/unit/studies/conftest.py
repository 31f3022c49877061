"""A workspace over the tiny sample store, with trainings of two epochs."""

import pytest

from fuserank.pipeline.job import Job
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace
from fuserank.settings import load_settings


@pytest.fixture(scope="session")
def workspace(tiny) -> Workspace:
    """Every shop is the tiny store, seen through two families."""
    settings = load_settings(
        home=tiny.job.settings.home,
        reports=tiny.job.settings.reports,
        features={"modalities": ("text", "lexical", "image")},
        training={"rankers": ("concat+sequence",), "epochs": 2, "width": 8, "interaction": 4, "slate": 32},
        evaluation={"baselines": ("random", "fixed"), "families": {"text": ("text", "lexical"), "picture": ("image",)}},
    )
    return Workspace(lambda shop: Job(tiny.job.data, settings))


@pytest.fixture(scope="session")
def here() -> Shop:
    """A shop to ask the workspace for."""
    return Shop("sample", "here")


@pytest.fixture(scope="session")
def bench(workspace, here) -> Bench:
    """That shop, opened."""
    return workspace.bench(here)
