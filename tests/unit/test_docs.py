"""The documentation says what the code does: links, tables, requests and examples are held against the code."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from fuserank import errors
from fuserank.baselines import BASELINES
from fuserank.cli import PIPE_CLOSED, STOPPED, app, models
from fuserank.cli.base import data as versions
from fuserank.data.dataset import Manifest
from fuserank.data.importers import IMPORTERS
from fuserank.data.json_schema import schemas
from fuserank.data.sample import build_sample
from fuserank.encoders.table import encoder_table
from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.messages import RankRequest, RankResponse, SearchRequest
from fuserank.modalities import MODALITIES, make_modalities
from fuserank.scorers import SCORERS
from fuserank.settings import Settings
from fuserank.types import KEYS, QUARANTINE_REASONS, SCHEMAS, SOURCES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
REQUESTS = {"rank": RankRequest, "search": SearchRequest}


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def first_cells(text):
    """What stands in backticks in the first cell of table rows."""
    return [name for row in re.findall(r"^\| (`[^|]*?) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)]


def rows_below(text, heading):
    """Rows of the first table below a heading, as lists of cells."""
    lines = iter(text[text.index(heading) :].splitlines())
    table = []
    for line in lines:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif table:
            break
    return table[2:]


def anchors(text):
    """GitHub's names of the headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, fragment = target.partition("#")
        to = path.parent / name if name else path
        assert to.exists(), f"{path.name}: {target}"
        if fragment:
            assert fragment in anchors(to.read_text(encoding="utf-8")), f"{path.name}: {target}"


def settings_rows(model, path=()):
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_rows(field.annotation, (*path, name))
        else:
            default = json.dumps(field.default) if isinstance(field.default, tuple | dict) else str(field.default)
            yield [f"`{'.'.join((*path, name))}`", f"`FUSERANK_{'__'.join((*path, name)).upper()}`", f"`{default}`"]


def test_every_setting_has_a_meaning():
    def fields(model):
        for name, field in model.model_fields.items():
            inner = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            yield from fields(field.annotation) if inner else [(name, field.description)]

    assert [name for name, meaning in fields(Settings) if not meaning or len(meaning) < 4] == []


def test_json_schemas_are_current():
    stored = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in ROOT.glob("docs/schemas/*.json")}
    assert stored == schemas(), "run: python -m fuserank.data.json_schema"


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_schema_names_the_columns_and_those_that_must_be_filled(table):
    schema = schemas()[table]
    assert list(schema["properties"]) == SCHEMAS[table].names
    assert schema["required"] == [field.name for field in SCHEMAS[table] if not field.nullable]


def test_the_page_on_data_names_tables_columns_reasons_sources_and_importers():
    text = page("docs/data.md")
    rows = {row[0]: row for row in rows_below(text, "## Tables")}
    for table, schema in SCHEMAS.items():
        columns = rows[table][1].split(", ")
        assert {c.strip("*") for c in columns} == set(schema.names)
        assert {c.strip("*") for c in columns if c.startswith("**")} == {f.name for f in schema if not f.nullable}
        assert rows[table][2].strip("| ") == ", ".join(KEYS[table])
    assert {name for row in rows_below(text, "## Manifest") for name in first_cells(f"| {row[0]} |")} == set(Manifest.model_fields)
    assert [row[0].strip("`") for row in rows_below(text, "## Where judgments")] == list(SOURCES)
    assert [row[0].strip("`") for row in rows_below(text, "## Quarantine")] == list(QUARANTINE_REASONS)
    assert [row[0].strip("`") for row in rows_below(text, "## Importers")] == list(IMPORTERS)


def test_the_page_on_the_model_names_every_plugin(own):
    text = page("docs/how-it-works.md")
    for heading, table in {
        "### Fusion": FUSIONS,
        "### Scorer": SCORERS,
        "### Losses": LOSSES,
        "## Evaluation": BASELINES,
        "## Modalities": MODALITIES,
    }.items():
        assert {row[0].strip("`") for row in rows_below(text, heading)} == set(table), heading
    assert encoder_table() in text
    for row, modality in zip(rows_below(text, "## Modalities"), make_modalities(MODALITIES, own=own), strict=True):
        assert row[0] == f"`{modality.name}`" and re.findall(r"`(\w+)`", row[4]) == list(modality.pair_names)


def test_commands_and_exit_codes_are_those_that_exist():
    text = page("docs/operations.md")
    named = set(re.findall(r"^\| `fuserank ((?:models |data )?[\w-]+)", text, re.MULTILINE))
    commands = {c.name or c.callback.__name__.strip("_") for c in app.registered_commands}
    commands |= {f"models {c.name or c.callback.__name__}" for c in models.registered_commands}
    commands |= {f"data {c.name}" for c in versions.registered_commands}
    assert named == commands
    codes = {row[0] for row in rows_below(text, "## Exit codes")}
    raised = {str(e.exit_code) for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.FuserankError)}
    assert codes == raised | {"0", str(STOPPED), str(PIPE_CLOSED)}


def test_make_targets_exist():
    targets = set(re.findall(r"^(\w+):", page("Makefile"), re.MULTILINE))
    named = {target for path in PAGES for target in re.findall(r"(?:`|^    |/api )make (\w+)", path.read_text(), re.MULTILINE)}
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/serving.md"])
def test_requests_are_valid(name):
    sent = r"curl -s http://127\.0\.0\.1:3000/v1/([\w/]+)[^']*'Content-Type: application/json'[\s\\]+-d '([^']+)'"
    calls = re.findall(sent, page(name))
    assert calls
    for address, body in calls:
        REQUESTS[address].model_validate_json(body)


def test_the_answer_of_the_readme_is_valid():
    (answer,) = blocks(page("README.md"), "json")
    RankResponse.model_validate_json(answer)


def test_the_snippets_of_the_readme_make_valid_requests(tmp_path, monkeypatch):
    build_sample(tmp_path / "data" / "sample", products=200, queries=60)
    monkeypatch.chdir(tmp_path)
    snippets = re.findall(r"<<'EOF'\n(.*?)^EOF$", page("README.md"), re.MULTILINE | re.DOTALL)
    given = []
    for snippet in snippets:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(snippet, "README.md", "exec"), {})
        query = SearchRequest.model_validate_json(printed.getvalue()).query
        given.append((query.image is not None, query.audio is not None))
    assert given == [(True, False), (False, True)]


@pytest.mark.parametrize("code", blocks(page("CONTRIBUTING.md"), "python"), ids=lambda code: code.splitlines()[0].split("/")[-1])
def test_the_examples_for_contributors_run_and_are_not_there_yet(code):
    path = code.splitlines()[0].removeprefix("# ")
    assert not (ROOT / path).exists() and (ROOT / path).parent.is_dir()
    exec(compile(code, path, "exec"), {"__name__": "example"})


def test_no_page_names_a_place_on_some_machine():
    for path in [*PAGES, ROOT / "docs/chain.svg"]:
        assert not re.search(r"/(work|root|home|tmp)/", path.read_text(encoding="utf-8")), path.name
