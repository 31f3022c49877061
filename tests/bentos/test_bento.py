"""A built Bento answers over HTTP from another folder than the checkout, with its own copy of the sources."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from build import build_bento
print("TAG", build_bento(Path(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    home = tmp_path_factory.mktemp("bentoml")
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    return inherited | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def tag(shop, environment, tmp_path_factory):
    command = [sys.executable, "-c", BUILD, str(REPOSITORY / "bentos" / "ranker"), str(shop.package)]
    cwd = tmp_path_factory.mktemp("build")
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("TAG ", 1)[1].strip()


@pytest.fixture(scope="module")
def bento(tag, environment):
    name, version = tag.split(":")
    return Path(environment["BENTOML_HOME"]) / "bentos" / name / version


@pytest.fixture(scope="module")
def server(tag, environment, tmp_path_factory):
    """Address of the served Bento; started in an empty folder, so nothing of the checkout is in reach by accident."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cwd = tmp_path_factory.mktemp("elsewhere")
    command = [sys.executable, "-m", "bentoml", "serve", tag, "--host", "127.0.0.1", "--port", str(port)]
    log = (cwd / "log").open("w+")
    process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=60):
                    break
            except OSError:
                time.sleep(0.25)
        if process.poll() is not None:
            log.seek(0)
            pytest.fail(log.read())
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        log.close()


def ask(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.slow
def test_the_bento_brings_its_own_sources(bento):
    source = bento / "src"
    assert (source / "fuserank" / "serving" / "service.py").read_bytes() == (
        REPOSITORY / "src/fuserank/serving/service.py"
    ).read_bytes()
    assert not list(source.rglob("*.pyc"))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["text", "image", "audio"])
def test_served_answers_equal_those_of_the_library(server, as_served, some, part):
    from fuserank.messages import SearchRequest, ShopperQuery

    sent = some[part] if part == "text" else base64.b64encode(some[part]).decode()
    status, body = ask(server, "/v1/search", {"query": {part: sent}, "k": 5})
    here = as_served.search(SearchRequest(query=ShopperQuery(**{part: some[part]}), k=5))
    answer = json.loads(body)
    assert status == 200
    assert [r["product_id"] for r in answer["results"]] == [r.product_id for r in here.results]
    assert [r["score"] for r in answer["results"]] == pytest.approx([r.score for r in here.results], abs=1e-3)
    assert answer["model_version"] == here.model_version
    assert answer["degraded"] == here.degraded


@pytest.mark.slow
def test_the_server_runs_the_sources_of_the_bento(server, bento):
    assert ask(server, "/readyz")[0] == 200
    assert list((bento / "src" / "fuserank").rglob("service.*.pyc"))  # compiled by the process that imported them


@pytest.mark.slow
def test_rank_health_metrics_and_errors(server, shop):
    candidates = shop.features.catalogue.product_ids[:4]
    status, body = ask(server, "/v1/rank", {"query": {"text": "bag"}, "candidates": [*candidates, "ghost"]})
    assert status == 200
    assert sorted(r["product_id"] for r in json.loads(body)["results"]) == sorted(candidates)
    assert json.loads(body)["unknown_ids"] == ["ghost"]
    assert ask(server, "/healthz")[0] == ask(server, "/readyz")[0] == 200
    counted = ask(server, "/metrics")[1].decode()
    assert 'fuserank_request_seconds_count{route="rank"}' in counted
    for path in ("/v1/nope", "/v1/search/"):
        status, body = ask(server, path, {"query": {"text": "bag"}})
        assert status == 404 and "no such address" in json.loads(body)["error"], "in our own form, not that of what is around"
    status, body = ask(server, "/v1/search", {"query": {"image": "aGVsbG8="}})
    assert status == 422
    assert "query.image cannot be read" in json.loads(body)["error"]


@pytest.mark.slow
def test_the_bento_names_model_and_pinned_requirements(bento, service):
    described = yaml.safe_load((bento / "bento.yaml").read_text())
    assert described["labels"]["model"] == service.version
    assert [m["tag"] for m in described["models"]] == [(bento / "src" / "package.tag").read_text().strip()]
    requirements = described["image"]["python_requirements"].split()
    assert all("==" in line and "+" not in line for line in requirements)


@pytest.mark.slow
def test_without_a_package_the_service_says_what_it_wants(environment, tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import service; service.RankerService.inner()"
    command = [sys.executable, "-c", code, str(REPOSITORY / "bentos" / "ranker")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "FUSERANK_PACKAGE" in done.stderr.splitlines()[-1]
