"""The whole loop with no hand in it: serve → drifted traffic → monitor, by the clock → event → retrain → gate → swap.

Everything is real: `flows.up` with its Prefect server, worker and service, over HTTP.
"""

import base64
import json
from datetime import UTC, datetime

import psutil
import pytest

from fuserank.data.sample import build_sample
from tests.e2e.operations import Operations, until

pytestmark = [pytest.mark.loop, pytest.mark.timeout(1500)]


@pytest.fixture
def operations(tmp_path, onnx_cache):
    up = Operations(tmp_path, onnx_cache)
    with up.output, up.api, up.shop:
        yield up
        up.stop()


def drifted_traffic(shop, folder):
    """New products of turned colours and a new category come in; three shoppers ask for them and buy what fits."""
    later = build_sample(folder / "later", products=160, queries=60, seed=1, hue_shift=60.0, new_category=True)
    for start in range(0, 160, 80):
        products = [
            {"product_id": f"late-{p.product_id}", "title": p.title, "category": p.category, "brand": p.brand, "price": p.price}
            | ({"image": base64.b64encode(later.media.get(p.image)).decode()} if p.image else {})
            for p in later.products[start : start + 80]
        ]
        shop.put("/v1/products", json={"products": products}).raise_for_status()
    for query in (query for query in later.queries if query.text):
        wanted = {f"late-{product}" for product, grade in later.qrels.get(query.query_id, {}).items() if grade}
        for shopper in ("ann", "bob", "cem"):
            asked = {"text": query.text, "locale": query.locale, "user_id": shopper}
            answer = shop.post("/v1/search", json={"query": asked, "k": 20}).raise_for_status().json()
            events = [
                {
                    "action_name": "purchase",
                    "query_id": answer["request_id"],
                    "timestamp": datetime.now(UTC).isoformat(),
                    "client_id": shopper,
                    "event_attributes": {"object": {"object_id": line["product_id"]}, "position": {"ordinal": line["rank"]}},
                }
                for line in answer["results"]
                if line["product_id"] in wanted
            ]
            if events:
                shop.post("/v1/feedback", json={"events": events}).raise_for_status()


def test_drift_closes_the_loop(operations):
    until(lambda: "Ctrl-C" in operations.said)
    # The first champion knows little: one epoch.
    operations.start("chain", training={"epochs": 1, "rankers": ["sum+sequence"]})
    until(lambda: operations.ended("chain"))
    first = until(operations.serves)
    drifted_traffic(operations.shop, operations.folder)

    verdict = until(lambda: next((line for line in operations.lines("monitoring/sample/history.jsonl") if line["drift"]), None))
    scheduled = [run for run in operations.runs("monitor") if run["auto_scheduled"] and run["start_time"]]
    assert scheduled, "the clock has started no run"
    answer = until(lambda: next((line for line in operations.lines("retraining/sample.jsonl") if line["outcome"]), None))
    assert answer["verdict"] == verdict["verdict"] and "promoted; champion" in answer["outcome"]
    until(lambda: operations.serves() != first)
    assert operations.shop.post("/v1/search", json={"query": {"text": "lamp"}}).json()["model_version"] == operations.serves()

    # One drift gives one retrain: whatever monitoring said meanwhile, nothing else was trained.
    until(lambda: all(run["state_type"] == "COMPLETED" for run in operations.runs("retrain") if run["start_time"]))
    assert len(operations.lines("retraining/sample.jsonl")) == 1

    grown = json.loads((operations.folder / "home" / "grown" / "sample" / "dataset.json").read_text())
    assert grown["name"] == "sample"
    children = psutil.Process(operations.process.pid).children(recursive=True)
    assert operations.stop() == 0
    assert not [child for child in children if child.is_running()]
