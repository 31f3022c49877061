"""The recipes from a shop's data run from end to end on little data; their reports; what is refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fuserank.cli import app
from fuserank.errors import InputError
from fuserank.recipes.recipe import Quick, Recipe, read_recipe, shipped_folder
from fuserank.recipes.report import Section, write_report
from fuserank.recipes.running import over_data, run
from fuserank.settings import load_settings

ROOT = Path(__file__).parents[3]
SECTIONS = {
    "product_search": ["leaderboard", "answers"],
    "ad_recommendation": ["probability of a click", "auction"],
    "user_behaviour": ["funnel", "category affinity", "price affinity", "cohorts", "next purchase"],
}


def in_folder(recipe, folder):
    """The recipe with everything that it writes under `folder`."""
    steps = tuple(s.model_copy(update={"sample": str(folder / "shop")}) if s.step == "shop_data" else s for s in recipe.steps)
    settings = {**recipe.settings, "home": str(folder / "home"), "reports": str(folder / "reports")}
    return recipe.model_copy(update={"data": folder / "data", "steps": steps, "settings": settings})


@pytest.mark.parametrize("name", SECTIONS)
def test_quick_runs_to_its_report(name, tmp_path):
    lines = []
    found = run(in_folder(read_recipe(name, shipped_folder()).quickened(), tmp_path), lines.append)
    folder = tmp_path / "reports" / "recipes" / name
    report = json.loads((folder / "report.json").read_text())
    assert [section["title"] for section in report["sections"]] == SECTIONS[name]
    page = (folder / "index.html").read_text()
    assert "data:image/svg+xml" in page and "http://" not in page.replace("http://www.w3.org", "") and "<script src" not in page
    assert lines[-1] == f"report: {folder / 'index.html'}"
    if name == "ad_recommendation":
        rows = report["sections"][1]["rows"]
        assert len(rows) == 6 and all(row[-1] == 0 for row in rows)  # no budget overspent
        measures = found["click_model"].measures
        assert 0 <= measures["ECE equal mass"] < 0.25 and abs(measures["stated"] - measures["clicked"]) < 0.1
    if name == "product_search":
        assert len(found["example_answers"]) == 6
    if name == "user_behaviour":
        assert {"popularity", "item-kNN (implicit)"} <= {row[0] for row in report["sections"][-1]["rows"]}


@pytest.mark.parametrize("name", SECTIONS)
def test_recipes_name_what_exists_and_have_a_page(name):
    recipe = read_recipe(name, shipped_folder())
    assert recipe.summary and recipe.summary_zh
    for one in (recipe, recipe.quickened()):
        load_settings(**one.settings)
    assert set(recipe.quick.steps) <= {step.step for step in recipe.steps}
    assert f"fuserank recipe {name}" in (ROOT / "docs" / "recipes" / f"{name}.md").read_text()


def test_quick_wins_key_by_key():
    slow = Recipe(
        name="toy",
        summary="a toy",
        data="slow",
        settings={"training": {"loss": "bce", "epochs": 9}},
        steps=({"step": "one", "a": 1, "b": 2}, {"step": "two"}),
        quick=Quick(data="fast", settings={"training": {"epochs": 1}}, steps={"one": {"b": 3}}),
    )
    fast = slow.quickened()
    assert fast.data == Path("fast") and fast.settings == {"training": {"loss": "bce", "epochs": 1}}
    assert fast.steps[0].options == {"a": 1, "b": 3} and fast.steps[1].options == {}
    assert slow.steps[0].options == {"a": 1, "b": 2}


def test_own_data_leaves_out_the_step_that_would_overwrite_it():
    recipe = over_data(read_recipe("ad_recommendation", shipped_folder()), Path("mine"))
    assert recipe.data == Path("mine") and [step.step for step in recipe.steps] == ["click_model", "auction"]
    with pytest.raises(InputError, match="later steps need what tracking_data makes"):
        over_data(read_recipe("logistics_tracking", shipped_folder()), Path("mine"))


@pytest.mark.parametrize("line", ["wrong = 1", 'data = ["a"]', "settings = 3", "steps = {one = 3}"])
def test_a_wrong_quick_part_is_named(tmp_path, line):
    (tmp_path / "x.toml").write_text(f'name = "x"\nsummary = ""\ndata = "d"\n[[steps]]\nstep = "funnel"\n[quick]\n{line}\n')
    with pytest.raises(InputError, match="quick"):
        read_recipe("x", tmp_path)


def test_command_runs_from_anywhere_and_takes_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listed = CliRunner().invoke(app, ["recipe"])
    assert listed.exit_code == 0 and "商店搜索" in listed.stdout and all(name in listed.stdout for name in SECTIONS)
    (tmp_path / "own.toml").write_text('name = "own"\nsummary = "[mine]"\ndata = "d"\nsteps = [{step = "funnel"}]')
    assert "[mine]" in CliRunner().invoke(app, ["recipe", "--recipes", str(tmp_path)]).stdout
    refused = CliRunner().invoke(app, ["recipe", "own", "--recipes", str(tmp_path), "--data", "nowhere"])
    assert isinstance(refused.exception, InputError) and "no dataset.json" in str(refused.exception)


def test_a_section_is_aligned_escaped_and_shows_a_dash(tmp_path):
    section = Section("<b>", "words", ("name", "n"), (("long name", 1234), ("x", None), ("y", 0.5)))
    assert section.lines() == ["<b>: words", "  name       n", "  long name  1,234", "  x          –", "  y          0.500"]
    page = write_report(tmp_path, "toy", "a toy", [section]).read_text()
    assert "<b>" not in page.split("<body")[1].split("<h2>")[1][:20] and "&lt;b&gt;" in page
    assert json.loads((tmp_path / "report.json").read_text())["sections"][0]["rows"][1] == ["x", None]
