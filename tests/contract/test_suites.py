"""The committed Great Expectations context: complete, readable in words, and left alone by a run."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.settings import MediaSettings
from fuserank.types import KEYS, SCHEMAS, Product
from fuserank.validation import validate

ROOT = Path(__file__).parents[2]
CONTEXT = ROOT / "great_expectations"
JOINED = {
    "products": {"image_stored", "audio_stored"},
    "queries": {"image_stored", "audio_stored", "asks", "judged", "slate", "best_grade"},
    "judgments": {"query_exists", "product_exists"},
    "interactions": {"query_exists", "product_exists"},
    "media": {"intact", "picture", "sound"},
}


def suite(table):
    return json.loads((CONTEXT / "expectations" / f"{table}.json").read_text())


def test_every_table_has_a_suite():
    assert {path.stem for path in (CONTEXT / "expectations").glob("*.json")} == set(KEYS)


@pytest.mark.parametrize("table", KEYS)
def test_every_rule_reads_in_words_has_a_severity_and_looks_at_a_column_that_is_there(table):
    expectations = suite(table)["expectations"]
    rules = [expectation["description"] for expectation in expectations]
    assert len(set(rules)) == len(rules) and all(len(rule.split()) >= 4 for rule in rules)
    assert {expectation["severity"] for expectation in expectations} <= {"critical", "warning"}
    columns = {expectation["kwargs"].get("column") for expectation in expectations} - {None}
    assert columns <= set(SCHEMAS[table].names) | JOINED[table]


def test_every_key_is_checked_to_be_unique():
    for table, key in KEYS.items():
        kwargs = [e["kwargs"] for e in suite(table)["expectations"] if "unique" in e["type"]]
        if table in ("interactions", "media"):  # events may repeat; media is stored by hash
            assert kwargs == []
        elif len(key) == 1:
            assert kwargs == [{"column": key[0]}]
        else:
            assert kwargs == [{"column_list": list(key)}]


def test_nothing_in_the_context_names_a_place_or_sends_anything():
    text = (CONTEXT / "great_expectations.yml").read_text()
    assert (
        "analytics_enabled: false" in text
        and "/" not in text.replace("expectations/", "").replace("`", "").split("config_version")[1]
    )


def test_a_run_asks_no_other_host_and_leaves_the_context_and_the_working_folder_alone(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *host, **_: asked.append(host))
    monkeypatch.setattr("socket.socket.connect", lambda _, address: asked.append(address))

    def state():
        return {path: sha256(path.read_bytes()).hexdigest() for path in CONTEXT.rglob("*") if path.is_file()}

    before = state()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    dataset = write_dataset(tmp_path / "data", Manifest(name="tiny"), products=[Product("p", "shoe")])
    validate(dataset, context_root=CONTEXT, media=MediaSettings(), out=tmp_path / "report")
    assert asked == []
    assert state() == before and {path.name for path in CONTEXT.iterdir()} == {"expectations", "great_expectations.yml"}
    assert list((tmp_path / "work").iterdir()) == [] and not (tmp_path / "home").exists()


def test_the_folder_does_not_shadow_the_library_and_loading_is_lazy():
    code = (
        "import sys, fuserank.validation, fuserank.monitoring, importlib.util;"
        "assert not {'great_expectations', 'evidently', 'pandas'} & set(sys.modules);"
        "print(importlib.util.find_spec('great_expectations').origin)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith("__init__.py") and not Path(found.stdout.strip()).is_relative_to(CONTEXT)
