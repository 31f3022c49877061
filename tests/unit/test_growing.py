"""A dataset grows by the catalogue as it is now and by queries that shoppers judged; the one it grew from stays as it is."""

import base64

import pytest

from fuserank.inference_log import InferenceLog, log_folder
from fuserank.messages import DeleteRequest, UpsertRequest
from fuserank.pipeline.growing import SOURCE, grown
from fuserank.pipeline.job import Job
from fuserank.pipeline.sides import side_of
from fuserank.pipeline.validate import inspect
from fuserank.serving import updates_folder
from fuserank.serving.updates import Change
from fuserank.settings import load_settings
from tests.unit.logged_records import event, ranking


@pytest.fixture
def job(tiny, tmp_path):
    return Job(tiny.job.data, load_settings(home=tmp_path / "home", reports=tmp_path / "reports"))


def change(job, number, **given):
    folder = updates_folder(job.settings.home, job.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"2026010{number}T000000000000Z-00.json").write_text(Change(**given).model_dump_json(exclude_none=True))


def upsert(**fields):
    return {"upsert": UpsertRequest(products=[{"product_id": "new", "title": "green lamp", "category": "lamps"} | fields])}


def test_what_learned_nothing_stays_the_same_job(job):
    assert grown(job) is job


def test_new_changed_and_removed_products(job):
    before = job.dataset.version
    first, second = job.dataset.products[:2]
    picture = job.dataset.media.get(next(p.image for p in job.dataset.products if p.image))
    change(job, 1, **upsert(image=base64.b64encode(picture).decode()))
    change(job, 2, **upsert(product_id=first.product_id, title="changed"))
    change(job, 3, delete=DeleteRequest(product_ids=[second.product_id]))
    after = grown(job)
    products = {p.product_id: p for p in after.dataset.products}
    assert products["new"].title == "green lamp"
    assert after.dataset.media.get(products["new"].image) == picture
    assert (products[first.product_id].title, products[first.product_id].split) == ("changed", first.split)
    assert second.product_id not in products
    assert not any(second.product_id in graded for graded in after.dataset.qrels.values())
    assert job.dataset.version == before and after.name == job.name
    assert inspect(after).ok


def test_a_product_that_came_and_went_leaves_no_trace(job):
    change(job, 1, **upsert())
    change(job, 2, delete=DeleteRequest(product_ids=["new"]))
    assert grown(job) is job


def ask(job, text, shoppers, *, clicks):
    """Each shopper asks, and clicks on a product."""
    shown = [p.product_id for p in job.dataset.products if p.split in (None, side_of(text))][:4]
    with InferenceLog(log_folder(job.settings.home, job.name)) as log:
        for n in range(shoppers):
            log.put(ranking(f"{text}{n}", user=f"u{n}", text=text, product_ids=shown, scores=[4.0, 3.0, 2.0, 1.0]))
            if clicks:
                log.put(event(f"{text}{n}", product_id=shown[2], action_name="purchase"))
    return shown


def test_enough_shoppers_judge_a_query_by_what_they_do(job):
    shown = ask(job, "a green lamp", 5, clicks=True)
    ask(job, "asked by two", 2, clicks=True)
    ask(job, "nobody clicks", 5, clicks=False)
    after = grown(job).dataset
    fresh = [query for query in after.queries if query.query_id.startswith("log-")]
    assert [query.text for query in fresh] == ["a green lamp"]
    assert after.qrels[fresh[0].query_id] == {shown[0]: 0, shown[1]: 0, shown[2]: job.dataset.manifest.max_grade, shown[3]: 0}
    sources = dict(zip(*(after.table("judgments")[name].to_pylist() for name in ("query_id", "source")), strict=True))
    assert sources[fresh[0].query_id] == SOURCE
    assert grown(job).dataset.version == after.version
