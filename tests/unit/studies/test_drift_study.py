"""Monitoring cries wolf no more often than it says, and finds what was put there: the study with fewer batches."""

from dataclasses import asdict

import numpy as np
import pytest

from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample
from fuserank.monitoring import Rows
from fuserank.pipeline.studies import STUDIES, drift
from fuserank.pipeline.studies.drift import Plan, draw_batch, how_drift_is_found
from fuserank.pipeline.studies.drift_pools import Injection, Pool, Scene, joined, pool_of, sample_batch
from fuserank.pipeline.studies.drift_words import NOTHING, delay, detection_size
from tests.unit.monitoring.sides import products

POOL, DIM = 700, 32


def vectors(rng, rows, shift):
    return rng.normal(size=(rows, DIM)).astype(np.float32) + np.float32(shift) * (np.arange(DIM) < 4)


@pytest.fixture(scope="module")
def pool():
    """A shop whose pictures or categories may drift; the pictures of a drifted product are another's, turned."""
    rng = np.random.default_rng(0)
    core = products(rng, POOL)
    lamps = products(rng, POOL, category=("lamps",))
    image = [vectors(rng, POOL, shift) for shift in (0.0, 2.0, 0.0)]
    parts = [
        Rows({"products": table}, {"image": (array, np.arange(POOL))}, {"image": np.ones(POOL)})
        for table, array in zip((core, core, lamps), image, strict=True)
    ]
    drifted = {"colours": np.arange(POOL, 2 * POOL), "lamps": np.arange(2 * POOL, 3 * POOL)}
    return Pool(joined(parts), np.arange(POOL), drifted, frozenset({"colours"}), ("v",))


def test_false_alarms_are_at_most_one_in_twenty(pool):
    from scipy.stats import binomtest

    batches = 60
    alarms = drift._found(pool, NOTHING, 100, 0.0, batches, seed=1)
    assert binomtest(alarms, batches, 0.05, "greater").pvalue > 0.01, f"{alarms} false alarms in {batches} batches"


@pytest.mark.parametrize("injection", ["colours", "lamps"])
def test_drift_is_found(pool, injection):
    assert drift._found(pool, injection, 200, 0.5, 20, seed=1) == 20


def test_a_batch_has_no_product_of_the_reference_and_the_share_that_was_asked_for(pool):
    for injection, share in ((NOTHING, 0.0), ("colours", 0.25), ("lamps", 1.0)):
        reference, batch = draw_batch(pool, injection, 40, share, np.random.default_rng(3))
        assert len(reference) == len(batch) == len(set(batch)) == 40 and (reference < POOL).all()
        assert (batch >= POOL).sum() == 40 * share
        if injection == "colours":
            assert not set(batch % POOL) & set(reference)


def test_detection_size_and_delay_are_where_all_that_is_larger_is_found():
    shares = [{"size": 400, "drifted": share, "mean": mean} for share, mean in ((0.05, 0.96), (0.1, 0.5), (0.2, 0.95), (1.0, 1.0))]
    assert detection_size(shares, 400) == 0.2 and detection_size(shares, 100) is None
    sizes = [{"size": size, "drifted": 1.0, "mean": mean} for size, mean in ((50, 0.4), (100, 0.95), (200, 1.0))]
    assert delay(sizes, 1.0) == 100 and delay(sizes, 0.2) is None and delay([*sizes, {**sizes[0], "size": 800}], 1.0) is None


def test_the_study_measures_once_and_says_what_it_found(workspace, tiny, monkeypatch):
    plan = Plan(sizes=(30,), shares=(1.0,), without=2, with_drift=2, middle=30)
    here = sample_batch("core", 60)
    scenes = [Scene(here, {"itself": Injection(here, paired=True)})]
    first = how_drift_is_found(workspace, (0,), lambda words: None, scenes=scenes, plan=plan)
    monkeypatch.setattr(drift, "_found", lambda *_: pytest.fail("measured again"))
    assert how_drift_is_found(workspace, (0,), lambda words: None, scenes=scenes, plan=plan) == first
    assert STUDIES["drift"] is how_drift_is_found
    assert {row["injection"] for row in first.rows} >= {NOTHING, "itself", "feedback: as before"}
    assert all(0 <= row["low"] <= row["mean"] <= row["high"] <= 1 for row in first.rows)
    assert "false alarms" in first.markdown and first.figures["drift"].lstrip().startswith("<?xml")


def test_a_pool_is_what_the_batches_have(workspace, tiny):
    here = sample_batch("core", 60)
    category = tiny.job.dataset.products[0].category
    pool = pool_of(workspace, Scene(here, {"same": Injection(here, True), "some": Injection(here, False, (category,))}))
    some = [p.product_id for p in tiny.job.dataset.products if p.category == category]
    assert len(pool.core) == len(pool.drifted["same"]) == 60 and pool.paired == {"same"}
    assert pool.rows.tables["products"]["product_id"].iloc[pool.drifted["some"]].tolist() == some
    one, other = (pool.rows.taken(rows).vectors["image"][0] for rows in (pool.core, pool.drifted["same"]))
    assert (one == other).all() and len(one)


@pytest.mark.parametrize(("option", "kind"), [({"chinese": 1.0}, "title"), ({"silent": True}, "audio")])
def test_a_drifted_sample_differs_from_the_shop_in_one_thing(tmp_path, option, kind):
    core, other = (build_sample(tmp_path / name, products=60, queries=8, **more) for name, more in (("a", {}), ("b", option)))
    pairs = list(zip(core.products, other.products, strict=True))
    changed = {key for one, two in pairs for key in asdict(one) if getattr(one, key) != getattr(two, key)}
    assert kind in changed and changed <= (
        {"title", "description", "category", "locale", "split"} if kind == "title" else {"audio"}
    )
    if kind == "audio":
        sounds = [(one.audio, two.audio) for one, two in pairs if one.audio]
        assert sounds and all(loud(core, one) > 1000 and loud(other, two) == 0 for one, two in sounds)


def loud(data: Dataset, digest: str) -> int:
    return int(np.abs(np.frombuffer(data.media.get(digest)[44:], "<i2").astype(int)).max())
