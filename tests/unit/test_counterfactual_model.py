"""A registered model's ranking valued from a dataset's interactions."""

from dataclasses import replace

import pytest

from fuserank.data.dataset import write_dataset
from fuserank.errors import TooFewError
from fuserank.pipeline.counterfactual import counterfactual
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import judged_splits, plans, train_plan
from tests.unit.test_clicked_training import events


@pytest.fixture(scope="module")
def job(tiny, tmp_path_factory):
    """The tiny store under a name of its own, with clicks and a champion of two epochs."""
    base, root = tiny.job.dataset, tmp_path_factory.mktemp("valued") / "data"
    manifest = base.manifest.model_copy(update={"name": "valued"})
    media = (base.media.get(h) for row in (*base.products, *base.queries) for h in (row.image, row.audio) if h)
    kept = {"products": base.products, "queries": base.queries, "judgments": base.table("judgments"), "media": media}
    write_dataset(root, manifest, interactions=events(tiny), **kept)
    settings = tiny.job.settings
    training = {"epochs": 2, "rankers": ("concat+sequence",), "width": 8, "interaction": 4, "slate": 16}
    found = Job(root, settings.model_copy(update={"training": settings.training.model_copy(update=training)}))
    slates = judged_splits(found, tiny.features, ("train", "val"))
    version, _ = registry(found).register(train_plan(found, tiny.features, plans(found, tiny.features)[0], *slates).folder), None
    registry(found).promote(version, "a test", {})
    return found


@pytest.mark.parametrize("worth", ["clicks", "dcg"])
def test_the_champion_is_valued(job, worth):
    found = counterfactual(job, worth=worth)
    log_clicks = sum(event.action == "click" for event in job.dataset.interactions)
    assert found.version == registry(job).champion() and 0 < found.covered <= 1 and 0 < found.effective <= found.lists
    if worth == "clicks":
        assert found.shown.value == pytest.approx(log_clicks / found.lists)
    by_name = {row.estimator: row for row in found.values}
    assert set(by_name) == {"ips", "snips", "dr"}
    assert by_name["ips"].value <= by_name["snips"].value * 1.0001, "what was never shown counts 0 to one, the mean to the other"
    for row in found.differences:
        assert row.value == pytest.approx(by_name[row.estimator].value - found.shown.value)
        assert row.low < row.value < row.high
    assert counterfactual(job, worth=worth, version=found.version[:6]) == found


def test_without_clicks_there_is_no_value(job, tmp_path):
    silent = write_dataset(tmp_path / "data", job.dataset.manifest, products=job.dataset.products, queries=job.dataset.queries)
    with pytest.raises(TooFewError, match="0 lists"):
        counterfactual(replace(job, data=silent.root))
