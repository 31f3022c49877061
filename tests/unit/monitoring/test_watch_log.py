"""A service is watched end to end: its own answers to the held-out queries are no drift, other traffic and other products are."""

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from fuserank.data.dataset import Dataset
from fuserank.errors import InputError
from fuserank.features.histories import histories
from fuserank.inference_log import InferenceLog, log_folder, read_log
from fuserank.messages import GivenProduct, SearchRequest, ShopperQuery, UpsertRequest
from fuserank.monitoring import comparing, drift
from fuserank.pipeline import live
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import last_verdict, watch_log
from fuserank.pipeline.replay import HELD_OUT, replayed
from fuserank.serving import Deployment, Lineup, RankingService, Release, open_package, updates_folder, write_release
from fuserank.serving.updates import Change, Updates
from fuserank.settings import load_settings
from tests.served_shops import SampleStore, open_shop
from tests.unit.logged_records import event

PACKAGE = "late-1-00000000"


@pytest.fixture(scope="module")
def package(tiny, tmp_path_factory):
    data = tiny.job.dataset
    store = SampleStore(data, tiny.features, histories(data.interactions))
    return open_shop(store, tmp_path_factory.mktemp("watched")).package


@pytest.fixture(scope="module")
def service(tiny, package):
    return RankingService(open_package(package), tiny.job.modalities)


@pytest.fixture
def job(tiny, package, service, tmp_path, monkeypatch):
    """Over the tiny store, whose champion is released; few rows are enough."""
    job = Job(tiny.job.data, load_settings(home=tmp_path / "home", reports=tmp_path / "reports"))
    packages = tmp_path / "home" / "packages"
    packages.mkdir(parents=True)
    (packages / PACKAGE).symlink_to(package)
    write_release(packages / f"{job.name}.release.json", Release(champion=PACKAGE))
    monkeypatch.setattr(live, "load", lambda *_, **__: service)
    for module in (comparing, drift, live):
        monkeypatch.setattr(module, "FEWEST", 5)
    return job


def as_asked(data: Dataset, query):
    media = {kind: data.media.get(key) for kind, key in (("image", query.image), ("audio", query.audio)) if key}
    return ShopperQuery(text=query.text, locale=query.locale, user_id=query.user_id, **media)


def given(data: Dataset, product) -> GivenProduct:
    media = {kind: data.media.get(key) for kind, key in (("image", product.image), ("audio", product.audio)) if key}
    told = {key: value for key, value in asdict(product).items() if key not in ("image", "audio", "split", "attributes")}
    return GivenProduct(**told, **media)


@pytest.fixture
def ask(job, service):
    """Asks queries through a service that keeps a log; gives its answers."""

    def search(*asked, **options):
        with InferenceLog(log_folder(job.settings.home, job.name)) as log:
            deployment = Deployment(Lineup(service), log=log)
            return [deployment.search(SearchRequest(query=query, **options), time.perf_counter()) for query in asked]

    return search


@pytest.fixture
def held_out(job):
    return [as_asked(job.dataset, query) for query in job.dataset.queries if query.split in HELD_OUT]


def test_the_held_out_queries_themselves_are_no_drift(job, ask, held_out):
    ask(*held_out)
    verdict = watch_log(job)
    assert not verdict.drift and verdict.sizes["current"] == {"requests": len(held_out)} == verdict.sizes["reference"]
    assert max(column.statistic for column in verdict.columns) < 1e-5
    assert {c.table for c in verdict.columns} == {"queries", "answers"} and {m.of for m in verdict.missing} == {"candidates"}
    assert any(note.startswith("products: not compared: 0 new products") for note in verdict.notes)
    found = last_verdict(job.settings.home, job.name)
    assert (found.verdict, found.drift, found.package, found.answers) == (verdict.id, False, PACKAGE, len(held_out))
    reports = job.reports / "drift"
    page = (reports / found.page).read_text()
    assert "not compared: 0 new products" in page and "../../history.html" in page and (reports / "history.html").is_file()
    assert [path.name for path in reports.rglob("evidently.html")] == ["evidently.html"]
    assert (reports / "verdicts" / "evidently.html").stat().st_size < 4_000_000


def test_other_traffic_is_drift(job, ask):
    ask(*(ShopperQuery(text=f"一个很长很长很长的问题 {n} 关于灯具和别的东西", locale="zh", user_id=None) for n in range(30)))
    verdict = watch_log(job)
    assert verdict.drift and "queries: " in verdict.reason
    assert {"script", "text_length"} <= {c.column for c in verdict.columns if c.drift}


def test_the_reference_is_asked_once(job, ask, held_out, monkeypatch):
    ask(*held_out)
    watch_log(job)
    (cache,) = (job.settings.home / "monitoring" / job.name).glob("*.parquet")
    assert cache.name.startswith(f"{PACKAGE}-{job.dataset.version[:12]}")
    monkeypatch.setattr(live, "load", lambda *_, **__: pytest.fail("loaded again"))
    assert not watch_log(job).drift


def test_a_replay_leaves_out_what_cannot_be_asked(job, service, tmp_path):
    queries = [query for query in job.dataset.queries if query.split in HELD_OUT]
    long = [replace(queries[0], text="x" * 600, query_id="long"), *queries]
    data = Dataset(job.dataset.root, job.dataset.manifest)
    data.__dict__["queries"] = long
    table = replayed(data, lambda: service, tmp_path / "cache.parquet", sample=100)
    assert len(table) == len(queries)
    assert replayed(data, lambda: pytest.fail("asked again"), tmp_path / "cache.parquet", sample=100) == table
    assert len(replayed(data, lambda: service, tmp_path / "few.parquet", sample=3)) <= 3


def test_new_products_are_compared_with_those_of_the_package(job, service, package):
    own = job.dataset.products
    same = [given(job.dataset, product) for product in own[:6]]
    new = [GivenProduct(product_id=f"n{i}", title=f"霓虹灯 {i}", category="灯", price=5000.0 + i, locale="zh") for i in range(12)]
    updates = Updates(updates_folder(job.settings.home, job.name))
    spare = RankingService(open_package(package), service.modalities)
    updates.take(Change(upsert=UpsertRequest(products=[*same, *new])), [spare])
    verdict = watch_log(job)
    assert verdict.sizes["current"] == {"products": 12} and verdict.sizes["reference"] == {"products": len(own)}
    assert verdict.drift and {"price_log", "category"} <= {c.column for c in verdict.columns if c.drift}
    assert any(m.of == "products" and m.modality == "text" and m.drift for m in verdict.modalities)
    assert any(m.of == "products" and m.modality == "image" and m.drift and m.current == 1.0 for m in verdict.missing)
    assert "requests: not compared: the service keeps no log (setting serving.log)" in verdict.notes


def test_answers_by_words_alone_are_counted(job, ask, held_out):
    words = [query for query in held_out if query.text]
    ask(*words * 6, deadline_ms=0.001)
    degraded = next(column for column in watch_log(job).columns if column.column == "degraded")
    assert degraded.statistic > 0.8 and degraded.drift


def test_feedback_is_read_beside_traffic(job, ask, held_out):
    answers = ask(*held_out)
    with InferenceLog(log_folder(job.settings.home, job.name)) as log:
        for answer in answers:
            log.put(event(answer.request_id, product_id=answer.results[0].product_id))
    notes = watch_log(job).notes
    acted = sum(query.text != "" and not (query.image or query.audio) for query in held_out)
    assert f"quality: 0 answers before and {acted} now have clicks; 50 are needed on each side" in notes


def test_a_span_chooses_and_is_checked(job, ask, held_out):
    ask(*held_out)
    logged, _ = read_log(log_folder(job.settings.home, job.name), "rankings", columns=["time"])
    last = max(logged["time"].to_pylist())
    with pytest.raises(InputError, match="not compared: 0 answers of the champion, 5 needed"):
        watch_log(job, until=last - timedelta(days=1))
    with pytest.raises(InputError, match="has no time zone"):
        watch_log(job, since=datetime(2026, 1, 1))
    with pytest.raises(InputError, match="a time and a later one"):
        watch_log(job, since=datetime(2036, 1, 1, tzinfo=UTC))
    assert last_verdict(job.settings.home, job.name) is None


def test_only_the_newest_reports_are_kept(job, ask, held_out):
    ask(*held_out)
    job = Job(job.data, job.settings.model_copy(update={"monitoring": job.settings.monitoring.model_copy(update={"keep": 2})}))
    ids = [watch_log(job).id for _ in range(3)]
    folders = [path.name for path in (job.reports / "drift" / "verdicts").iterdir() if path.is_dir()]
    assert sorted(folders) == ids[1:]
    assert "report removed" in (job.reports / "drift" / "history.html").read_text()


def test_data_that_changed_since_training_is_said(job, ask, held_out, monkeypatch):
    ask(*held_out)
    monkeypatch.setattr(Dataset, "version", property(lambda self: "f" * 64))
    assert any(note.startswith("reference: the data that the champion was trained on has changed") for note in watch_log(job).notes)


def test_without_a_release_there_is_nothing_to_watch(job):
    (job.settings.home / "packages" / f"{job.name}.release.json").unlink()
    with pytest.raises(InputError, match="package a champion first"):
        watch_log(job)
