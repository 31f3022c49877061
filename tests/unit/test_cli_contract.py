"""What holds for every command: one JSON value for machines, one line for an error, names to complete."""

import json
import sys
from pathlib import Path

import pytest

from fuserank import cli
from fuserank.cli import completion, contents
from fuserank.click_models import CLICK_MODELS
from fuserank.data.exporters import EXPORTERS
from fuserank.data.importers import IMPORTERS
from fuserank.data.sample import build_sample
from fuserank.pipeline.studies import STUDIES

RULES = '[[rules]]\nname = "up"\nkind = "boost"\nby = 2\nproducts = { brands = ["Halden"] }\n'


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A sample store, a file of rules and a file of grades."""
    folder = tmp_path_factory.mktemp("cli")
    build_sample(folder / "data/shop", products=60, queries=40)
    (folder / "rules.toml").write_text(RULES)
    (folder / "grades.csv").write_text("query_id,product_id,rater,grade\nq,p,a,2\nq,p,b,3\nq,r,a,0\nq,r,b,0\n")
    return folder


@pytest.fixture
def fuserank(monkeypatch, capsys, shop, tmp_path):
    """Runs the entry point beside the shop: (exit code, stdout, stderr)."""
    monkeypatch.chdir(shop)
    monkeypatch.setenv("FUSERANK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fuserank", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("sample", "{tmp}/made", "--products", 60, "--queries", 24),
        ("export", "trec", "data/shop", "--to", "{tmp}/trec"),
        ("judge", "grades.csv", "--to", "{tmp}/judgments.csv"),
        ("judge-clicks", "data/shop", "--to", "{tmp}/clicked"),
        ("rules", "check", "rules.toml"),
        ("models", "list", "data/shop"),
        ("recipe",),
    ],
    ids=lambda command: " ".join(map(str, command[:2])),
)
def test_json_is_all_that_stands_on_stdout(fuserank, tmp_path, command):
    given = [str(word).replace("{tmp}", str(tmp_path)) for word in command]
    code, out, err = fuserank(*given, "--json")
    assert code == 0, err
    assert json.loads(out) is not None and out.count("\n") == 1
    for path in (word for word in given if word.startswith(str(tmp_path))):
        assert Path(path).exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("export", "trek", "data/shop", "--to", "{tmp}/out"), "trec"),
        (("export", "trec", "data/shup", "--to", "{tmp}/out"), "shup"),
        (("judge", "nothing.csv", "--to", "{tmp}/out.csv"), "nothing.csv"),
        (("judge-clicks", "data/shop", "--to", "{tmp}/out", "--model", "pdm"), "pbm"),
        (("counterfactual", "data/shop", "--version", "late@0000"), "late@0000"),
        (("rules", "check", "absent.toml"), "absent.toml"),
        (("rules", "release", "rules.toml", "shop"), "--reason"),
        (("rulez",), "rules"),
        (("models", "list", "data/shop", "--jsom"), "--json"),
    ],
)
def test_a_mistake_is_one_line_that_names_what_came_or_what_is_near(fuserank, tmp_path, command, words):
    code, out, err = fuserank(*(word.replace("{tmp}", str(tmp_path)) for word in command))
    assert code == 2 and out == ""
    assert len(err.strip().splitlines()) == 1 and err.startswith("error: ") and words in err and "next: " in err
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_what_a_shell_completes_is_what_there_is(shop, monkeypatch):
    assert tuple(sorted(IMPORTERS)) == completion.IMPORTS
    assert tuple(sorted(EXPORTERS)) == completion.EXPORTS
    assert tuple(sorted(CLICK_MODELS)) == completion.CLICK_MODELS
    assert tuple(sorted(STUDIES)) == completion.STUDIES
    monkeypatch.chdir(shop)
    assert completion.folders("data/s") == ["data/shop"]
    assert "customer_service" in completion.recipes("cus")


def test_every_command_stands_in_a_chapter():
    from typer.main import get_command

    app = get_command(cli.app)
    named = [name for names in contents.CONTENTS.values() for name in names]
    assert sorted(named) == sorted(app.commands)
    for name, chapters in (("models", contents.MODELS), ("data", contents.DATA), ("rules", contents.RULES)):
        assert sorted(word for words in chapters.values() for word in words) == sorted(app.commands[name].commands)
