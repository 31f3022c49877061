"""The whole way as a user goes it, in processes of its own: sample, chain, served Bento, real requests."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from fuserank.data.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@pytest.fixture(scope="module")
def shop(tmp_path_factory, onnx_cache):
    """Environment of the processes and the dataset folder; the exported encoders of the session are reused."""
    home = tmp_path_factory.mktemp("e2e")
    shutil.copytree(onnx_cache, home / "home" / "encoders")
    (home / "prefect").mkdir()
    environment = os.environ | {
        "FUSERANK_HOME": str(home / "home"),
        "FUSERANK_REPORTS": str(home / "reports"),
        "FUSERANK_TRAINING__RANKERS": '["late"]',
        "FUSERANK_TRAINING__EPOCHS": "3",
        "FUSERANK_EVALUATION__BASELINES": '["random","single"]',
        "FUSERANK_GATE__MISSING_TOLERANCE": "1",  # three epochs teach little; what the gate thinks of it has its own tests
        "PREFECT_HOME": str(home / "prefect"),
    }
    data = home / "shop"
    _run(environment, "-m", "fuserank", "sample", str(data), "--products", "120", "--queries", "24")
    _run(environment, "-m", "flows.chain", str(data))
    return environment, data, home


def _run(environment, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_reports_are_written(shop):
    _, _, home = shop
    reports = home / "reports" / "sample"
    for name in ("validation/validation.html", "validation/validation.json", "leaderboard.html", "gate.json"):
        assert (reports / name).stat().st_size > 0
    board = json.loads((reports / "leaderboard.json").read_text())["board"]
    assert {row["kind"] for row in board["rows"]} == {"random", "single", "fusion"}
    assert json.loads((reports / "gate.json").read_text())["promote"] is True


def test_the_served_bento_answers(shop):
    environment, data, _ = shop
    port = _free_port()
    command = [sys.executable, "-m", "fuserank", "serve", "sample", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(port)
        _ask_everything(port, Dataset.open(data))
    finally:
        server.send_signal(signal.SIGTERM)  # BentoML's workers have sessions of their own: only it can end them
        server.wait(timeout=30)


def _ask_everything(port, dataset):
    picture = next(p.image for p in dataset.products if p.image)
    sound = next(p.audio for p in dataset.products if p.audio)
    asked = (
        {"text": "striped red mug"},
        {"text": "红色条纹马克杯", "locale": "zh"},
        {"image": base64.b64encode(dataset.media.get(picture)).decode()},
        {"audio": base64.b64encode(dataset.media.get(sound)).decode()},
    )
    versions = set()
    for query in asked:
        status, answer = _post(port, "/v1/search", {"query": query, "k": 5})
        assert status == 200
        assert answer["results"] and answer["degraded"] == []
        scores = [result["score"] for result in answer["results"]]
        assert scores == sorted(scores, reverse=True)
        versions.add(answer["model_version"])
    assert len(versions) == 1
    ids = [p.product_id for p in dataset.products[:20]]
    status, answer = _post(port, "/v1/rank", {"query": {"text": "mug"}, "candidates": [*ids, "nobody"], "k": 20})
    assert status == 200
    assert sorted(r["product_id"] for r in answer["results"]) == sorted(ids)
    assert answer["unknown_ids"] == ["nobody"]
    status, answer = _post(port, "/v1/rank", {"query": {}, "candidates": ids})
    assert status == 422


def _post(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _wait(port):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the service was not ready within {START_SECONDS} s")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
