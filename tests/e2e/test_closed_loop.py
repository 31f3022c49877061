"""The whole loop with no hand in it: serve → drifted traffic → monitor, by the clock → event → retrain → gate → swap.

Everything is real: `flows.up` with its Prefect server, worker and service, over HTTP.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from fuserank.data.sample import build_sample

pytestmark = [pytest.mark.loop, pytest.mark.timeout(1500)]
ROOT = Path(__file__).parents[2]
PATIENCE = 600.0  # seconds for what takes some tens on a quiet machine
QUICK = {
    "FUSERANK_TRAINING__RANKERS": '["late"]',
    "FUSERANK_EVALUATION__BASELINES": '["random"]',
    "FUSERANK_EVALUATION__FAMILIES": '{"text": ["text", "words", "lexical"], "picture": ["image"]}',
    "FUSERANK_FEATURES__MODALITIES": '["text", "words", "lexical", "image"]',
    # Some dozen test queries show little: here what is better by any margin is promoted.
    "FUSERANK_GATE__ALPHA": "0.99",
    "FUSERANK_GATE__SLICE_TOLERANCE": "1.0",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, seconds=PATIENCE):
    """What the condition gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.5)
    return found


class Operations:
    """`flows.up` in a home of its own."""

    def __init__(self, folder, onnx_cache):
        self.folder, self.ports = folder, {name: free_port() for name in ("prefect", "serving", "reports")}
        (folder / "home").mkdir()
        (folder / "home" / "encoders").symlink_to(onnx_cache)
        build_sample(folder / "data", products=200, queries=100)
        ports = {f"FUSERANK_OPERATIONS__{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        env = os.environ | QUICK | ports | {
            "FUSERANK_HOME": str(folder / "home"),
            "FUSERANK_REPORTS": str(folder / "reports"),
            "FUSERANK_OPERATIONS__DATA": str(folder / "data"),
            "FUSERANK_OPERATIONS__MONITOR_CRON": "* * * * *",
            "PREFECT_HOME": str(folder / "prefect"),
        }  # fmt: skip
        env.pop("PREFECT_API_URL", None)
        self.output = (folder / "up.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.up"], cwd=ROOT, env=env, stdout=self.output, stderr=self.output
        )
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.ports['prefect']}/api", timeout=30, trust_env=False)
        self.shop = httpx.Client(base_url=f"http://127.0.0.1:{self.ports['serving']}", timeout=60, trust_env=False)

    @property
    def said(self):
        assert self.process.poll() is None, (self.folder / "up.log").read_text()
        return (self.folder / "up.log").read_text()

    def ask(self, path, **body):
        reply = self.api.post(path, json=body)
        reply.raise_for_status()
        return reply.json()

    def runs(self, flow):
        return self.ask("/flow_runs/filter", flows={"name": {"any_": [f"fuserank {flow}"]}}, sort="START_TIME_ASC")

    def ended(self, flow, state="COMPLETED"):
        return [run for run in self.runs(flow) if run["state_type"] == state]

    def start(self, deployment, **parameters):
        (found,) = self.ask("/deployments/filter", deployments={"name": {"any_": [deployment]}})
        return self.ask(f"/deployments/{found['id']}/create_flow_run", parameters={"data": str(self.folder / "data")} | parameters)

    def serves(self):
        try:
            return self.shop.get("/v1/health").json()["models"][0]["version"]
        except (httpx.HTTPError, ValueError):
            return None

    def lines(self, name):
        file = self.folder / "home" / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def operations(tmp_path, onnx_cache):
    up = Operations(tmp_path, onnx_cache)
    with up.output, up.api, up.shop:
        yield up
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
            up.process.wait(120)


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
    operations.process.send_signal(signal.SIGTERM)
    assert operations.process.wait(120) == 0
    assert not [child for child in children if child.is_running()]
