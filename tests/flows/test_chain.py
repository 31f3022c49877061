"""The chain through Prefect on a tiny store: what exists is reused, bad media is masked, a broken rule stops it."""

from dataclasses import replace

import pytest

from fuserank.data.dataset import write_dataset
from fuserank.errors import ValidationError
from fuserank.types import Judgment

pytestmark = [
    # Prefect, its server and BentoML warn about their own use of other libraries; our code is held to `error` by all other tests.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.slow,
]
SMALL = {
    "training": {"rankers": ["sum+sequence"], "epochs": 2, "width": 16, "interaction": 8},
    "evaluation": {"baselines": ["random", "single"], "families": {"text": ["text"]}},
}


@pytest.fixture
def overrides(tiny, tmp_path):
    """Reports of this test alone; the feature store of `tiny`, so that little is encoded."""
    (tmp_path / "home").mkdir()
    for name in ("features", "encoders"):
        (tmp_path / "home" / name).symlink_to(tiny.job.settings.home / name)
    return SMALL | {"home": str(tmp_path / "home"), "reports": str(tmp_path / "reports")}


def altered(tiny, root, products, extra_media=()):
    data = tiny.job.dataset
    hashes = {m for row in (*data.products, *data.queries) for m in (row.image, row.audio) if m}
    return write_dataset(
        root,
        data.manifest,
        products=products,
        queries=data.queries,
        judgments=[Judgment(q, p, g, "synthetic") for q, graded in data.qrels.items() for p, g in graded.items()],
        interactions=data.interactions,
        media=[*(data.media.get(h) for h in sorted(hashes)), *extra_media],
    )


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_second_run_reuses_everything(prefect_server, tiny, overrides, tmp_path):
    from flows.chain import chain

    first = chain(tiny.job.data, overrides=overrides)
    made = {name: stamps(tmp_path / "home" / name) for name in ("models", "evaluations", "packages")}
    second = chain(tiny.job.data, overrides=overrides)
    assert {name: stamps(tmp_path / "home" / name) for name in made} == made
    assert second["leaderboard"] == first["leaderboard"]
    assert second["bento"] == first["bento"]
    assert {"random", "BM25", "sum+sequence"} <= {row["ranker"] for row in first["leaderboard"]}
    for page in ("validation/validation.html", "leaderboard.html", "leaderboard.json", "gate.json"):
        assert (tmp_path / "reports" / "sample" / page).stat().st_size > 100


def test_a_duplicate_product_stops_the_flow_with_rule_and_id(prefect_server, tiny, overrides, tmp_path):
    from flows.chain import chain

    twice = tiny.job.dataset.products[3]
    data = altered(tiny, tmp_path / "data", [*tiny.job.dataset.products, twice])
    with pytest.raises(ValidationError, match=twice.product_id) as caught:
        chain(data.root, overrides=overrides)
    assert "every product id stands once" in caught.value.rule
    assert twice.product_id in caught.value.ids
    assert not (tmp_path / "home" / "models").exists()


def test_a_corrupt_picture_is_masked_and_the_chain_goes_on(prefect_server, tiny, tmp_path, overrides):
    import hashlib

    from prefect import flow

    from flows.extract import extract
    from flows.validate import validate
    from fuserank.pipeline.job import Job
    from fuserank.settings import load_settings

    broken = b"\x89PNG\r\n\x1a\n" + b"no picture"
    products = [replace(tiny.job.dataset.products[0], image=hashlib.sha256(broken).hexdigest()), *tiny.job.dataset.products[1:]]
    job = Job(altered(tiny, tmp_path / "data", products, [broken]).root, load_settings(**overrides))

    @flow(name="validate and extract", persist_result=False)
    def front():
        report = validate(job)
        return report, extract(job, set(report.quarantine))

    report, features = front()
    assert products[0].image in report.quarantine
    assert not features.catalogue.has("image")[0]
    assert features.catalogue.has("text")[0]
