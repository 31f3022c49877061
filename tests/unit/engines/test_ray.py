"""Under Ray Data the same comes out as here: features bit by bit, word counts, measures, and errors in our words."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from fuserank.engines import LOCAL, RayData
from fuserank.errors import StaleFeatureError, UnavailableError
from fuserank.features import encoding
from fuserank.metrics import ranking
from fuserank.modalities import lexical
from fuserank.modalities.lexical import LexicalIndex
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.settings import load_settings

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Two actors in a Ray of this module: starting one takes seconds."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield RayData(2)
    ray.shutdown()


def test_results_come_in_the_order_of_the_parts(engine):
    parts = [list(range(n)) for n in range(40)]

    def thrice():
        return lambda part: {"all": [3 * number for number in part]} if part else None

    assert list(engine.map(thrice, parts)) == list(LOCAL.map(thrice, parts))
    assert list(engine.map(thrice, [])) == []


def test_an_error_of_ours_comes_back_as_it_was_raised(engine):
    def refusing():
        def refuse(part):
            raise StaleFeatureError("another encoder", todo="extract again")

        return refuse

    with pytest.raises(StaleFeatureError, match="another encoder; next: extract again"):
        list(engine.map(refusing, [1, 2]))


def test_a_cluster_that_is_not_there_is_named(engine):
    import ray

    ray.shutdown()
    try:
        with pytest.raises(UnavailableError, match=r"Ray at 127\.0\.0\.1:1"):
            list(RayData(2, "127.0.0.1:1").map(lambda: str, [[1]]))
    finally:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)


def test_features_are_those_of_one_process(engine, tiny, tmp_path, onnx_cache, monkeypatch):
    monkeypatch.setattr(encoding, "PART", 16)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(onnx_cache)
    settings = load_settings(
        home=tmp_path / "home",
        reports=tmp_path / "reports",
        features={"modalities": ("text", "lexical", "image")},
        scale={"engine": "ray"},
    )
    job = Job(tiny.job.data, settings)
    features, reports = extract(job)
    mine, theirs = tiny.features.catalogue, features.catalogue
    assert all(report.encoded for report in reports if report.encoder.name.startswith(("minilm", "efficientnet")))
    for modality in ("text", "image"):
        np.testing.assert_allclose(mine.vectors[modality], theirs.vectors[modality], atol=2e-3)  # a batch of another size
        np.testing.assert_array_equal(mine.has(modality), theirs.has(modality))
    np.testing.assert_array_equal(mine.lexical.scores("red mug"), theirs.lexical.scores("red mug"))
    np.testing.assert_allclose(tiny.features.queries.vectors["text"], features.queries.vectors["text"], atol=2e-3)


@pytest.mark.parametrize("part", [1, 7, 1000])
def test_words_counted_in_parts_are_the_index_of_all(engine, tiny, monkeypatch, part):
    products = [*tiny.job.dataset.products, replace(tiny.job.dataset.products[0], title="", brand="")]
    whole = LexicalIndex.build(products)
    monkeypatch.setattr(lexical, "PART", part)
    found = LexicalIndex.build(products, LOCAL if part == 1 else engine)
    assert found.counts.lengths == whole.counts.lengths
    for field, index in whole.fields.items():
        assert found.fields[field].vocab_dict == index.vocab_dict
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(found.fields[field].scores[name], index.scores[name])


def test_measures_are_those_of_one_process(engine, monkeypatch):
    dice = np.random.default_rng(0)
    names = [f"p{n}" for n in range(50)]
    rankings = {f"q{q}": (list(dice.permutation(names)), np.linspace(1, 0, 50)) for q in range(60)}
    qrels = {f"q{q}": {str(p): int(dice.integers(0, 4)) for p in dice.choice(names, 9, replace=False)} for q in range(70)}
    whole = ranking.measure(rankings, qrels, 2)
    monkeypatch.setattr(ranking, "PART", 13)
    assert ranking.measure(rankings, qrels, 2, engine) == whole == ranking.measure(rankings, qrels, 2)
