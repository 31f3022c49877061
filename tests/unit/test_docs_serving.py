"""The page on serving says what the service does: addresses, fields, limits and metrics are those of the code, examples run."""

import contextlib
import io
import json
import re
from typing import get_type_hints

import pytest
from starlette.responses import Response

from fuserank.client import Client
from fuserank.inference_log import SCHEMAS
from fuserank.messages import (
    MAX_TEXT,
    CatalogueChange,
    ExplainedProduct,
    ExplainRequest,
    ExplainResponse,
    FeedbackRequest,
    Filters,
    GivenProduct,
    Health,
    RankRequest,
    RankResponse,
    SearchRequest,
    ShopperQuery,
    UbiEvent,
)
from fuserank.messages.explaining import MAX_EXPLAINED, MAX_RIVALS
from fuserank.messages.feedback import MAX_EVENTS
from fuserank.messages.products import MAX_DESCRIPTION, MAX_LINE, MAX_PRODUCTS
from fuserank.messages.ranking import MAX_CANDIDATES, MAX_DEPTH, MAX_GIVEN_MEDIA, MAX_K
from fuserank.online_evaluation import Comparison
from fuserank.serving import Release
from fuserank.serving.http import create_app
from fuserank.serving.metrics import METRICS
from tests.asgi_server import served
from tests.unit.test_docs import blocks, first_cells, page, rows_below

TEXT = page("docs/serving.md")
FIELDS = {  # what stands before a table -> the message whose fields it lists
    "## Query": ShopperQuery,
    "## Search": SearchRequest,
    "| filter |": Filters,
    "A product with its content:": GivenProduct,
    "## Answer": RankResponse,
    "## Explain": ExplainRequest,
    "in `products`, best first:": ExplainedProduct,
    "## Feedback": UbiEvent,
    "Both answer, after the change": CatalogueChange,
    "## Health": Health,
}
EXPLAINED = {"model_version": "m", "words": "", "products": [], "unknown_ids": [], "degraded": [], "notes": [], "took_ms": 1.0}


def named_below(heading):
    return [name for row in rows_below(TEXT, heading) for name in first_cells(f"| {row[0]} |")]


@pytest.mark.parametrize("heading", FIELDS)
def test_a_table_lists_the_fields_of_its_message(heading):
    assert named_below(heading) == list(FIELDS[heading].model_fields)


def test_the_table_of_ranking_lists_what_search_does_not_have():
    assert set(named_below("## Rank")) == set(RankRequest.model_fields) - set(SearchRequest.model_fields)
    assert set(SearchRequest.model_fields) - set(RankRequest.model_fields) == {"depth", "filters"}
    described = re.search("The answer has (.*?) like the one above", TEXT)
    assert {*re.findall(r"`(\w+)`", described[1]), "products"} == set(ExplainResponse.model_fields)


@pytest.mark.parametrize(
    "words",
    [
        f"string, at most {MAX_TEXT} characters | words",
        f"| `k` | 1 to {MAX_K} |",
        f"| `depth` | 1 to {MAX_DEPTH} |",
        f"1 to {MAX_CANDIDATES} of ids or products",
        f"At most {MAX_GIVEN_MEDIA} candidates of a request",
        f"`title` | string, at most {MAX_LINE} characters",
        f"`description` | string, at most {MAX_DESCRIPTION} characters",
        f"1 to {MAX_EXPLAINED} ids",
        f"at most {MAX_RIVALS} ids",
        f"at most {MAX_EVENTS} a request",
        f"at most {MAX_PRODUCTS}, each once",
    ],
)
def test_limits_are_those_of_the_messages(words):
    assert words in TEXT


def test_every_address_is_listed():
    listed = {name.partition("?")[0] for name in named_below("# Serving")}
    paths = create_app(lambda: None).openapi()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} <= listed


def test_every_metric_is_listed_with_its_kind_and_label():
    rows = [(re.findall(r"`(\w+)`", row[0])[0], row[1].replace("`", "")) for row in rows_below(TEXT, "## Metrics")]
    metrics = []
    for metric in vars(METRICS).values():
        (described,) = metric.describe()
        name = described.name + ("_total" if described.type == "counter" else "")
        metrics.append((name, " by ".join([described.type, *metric._labelnames])))
    assert rows == metrics


def test_the_columns_of_the_log_are_listed():
    rows = {row[0].strip("`"): re.findall(r"`(\w+)`", row[2]) for row in rows_below(TEXT, "## Inference log")}
    assert set(rows["rankings"]) == set(SCHEMAS["rankings"].names)
    assert [name for name in rows["events"] if name != "query_id"] == SCHEMAS["events"].names


def test_the_parts_of_a_comparison_are_listed():
    parts = {name for name, type_ in get_type_hints(Comparison).items() if "Result" in str(type_)}
    assert set(named_below("## Comparing models")) == parts


def test_the_examples_of_json_are_valid():
    kinds = [SearchRequest, RankRequest, RankResponse, ExplainRequest, FeedbackRequest, Release, None, RankRequest, RankRequest]
    for kind, example in zip(kinds, blocks(TEXT, "json"), strict=True):
        if kind is not None:
            kind.model_validate_json(example)


@pytest.fixture(scope="module")
def url():
    """A service that gives the answer of the page, and explains nothing."""
    answers = {"/v1/explain": json.dumps(EXPLAINED)}
    (ranked,) = (example for example in blocks(TEXT, "json") if '"role"' in example)

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await Response(answers.get(scope["path"], ranked), media_type="application/json")(scope, receive, send)

    with served(app) as url:
        yield url


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/serving.md"])
def test_the_examples_of_the_client_run(name, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = [code for code in blocks(page(name), "python") if "with Client(" in code]
    assert examples
    for code in examples:
        printed = io.StringIO()
        here = re.sub(r"Client\((\"http://127.0.0.1:3000\")?", f'Client("{url}"', code)
        with contextlib.redirect_stdout(printed):
            exec(compile(here, name, "exec"), {})
        assert "Halden Juniper 6" in printed.getvalue()


def test_the_second_phase_orders_and_falls_back_to_the_engine(url):
    (code,) = (code for code in blocks(TEXT, "python") if "def second_phase" in code)
    (found,) = (json.loads(example) for example in blocks(TEXT, "json") if '"hits"' in example)
    example: dict = {}
    exec(compile(code, "docs/serving.md", "exec"), example)
    with Client(url) as client:
        assert example["second_phase"](client, "striped red mug", found) == ["p0451"]
    with Client("http://127.0.0.1:1", retries=0) as client:
        assert example["second_phase"](client, "striped red mug", found) == ["p0451", "new-1"]
        assert example["second_phase"](client, "striped red mug", found, k=1) == ["p0451"]
