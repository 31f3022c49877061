"""`flows.up` as a process with everything real: a Prefect server, a worker, a service, ports and a home of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from fuserank.data.sample import build_sample

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

    def __init__(self, folder, onnx_cache, products=200, queries=100, **settings):
        self.folder, self.ports = folder, {name: free_port() for name in ("prefect", "serving", "reports")}
        (folder / "home").mkdir()
        (folder / "home" / "encoders").symlink_to(onnx_cache)
        build_sample(folder / "data", products=products, queries=queries)
        ports = {f"FUSERANK_OPERATIONS__{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        env = os.environ | QUICK | ports | {
            "FUSERANK_HOME": str(folder / "home"),
            "FUSERANK_REPORTS": str(folder / "reports"),
            "FUSERANK_OPERATIONS__DATA": str(folder / "data"),
            "FUSERANK_OPERATIONS__MONITOR_CRON": "* * * * *",
            "PREFECT_HOME": str(folder / "prefect"),
        } | settings  # fmt: skip
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

    def stop(self):
        """As Ctrl-C does; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)
