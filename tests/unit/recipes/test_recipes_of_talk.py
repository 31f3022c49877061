"""Recipe files, how they are run, and the steps that talk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fuserank.calibration import Calibration
from fuserank.cli import app
from fuserank.cli import recipes as command
from fuserank.errors import InputError, MediaError, UnknownNameError
from fuserank.plugins import PluginTable
from fuserank.recipes import steps as table
from fuserank.recipes.answering.confidence import Confidence
from fuserank.recipes.logistics_tracking.shipments import make_shipments
from fuserank.recipes.recipe import FOLDER, Recipe, read_recipe
from fuserank.recipes.running import Run, run
from fuserank.recipes.steps import STEPS
from fuserank.recipes.steps.answer_study import Ready
from fuserank.recipes.steps.champion import champion
from fuserank.recipes.steps.recorded import recording
from fuserank.settings import load_settings
from tests.unit.recipes.talking_shop import TalkingShop, row

ROOT = Path(__file__).parents[3]
OURS = ("shopping_assistant", "customer_service", "logistics_tracking")
SURE = Confidence(Calibration(method="platt", values={"slope": (1.0,), "bias": (0.0,)}, queries=1, pairs=1, relevant=1), 0.6)
SHOP = TalkingShop([row("d1", "red dress", 30.0, "You have 30 days."), row("d2", "blue dress", 20.0, "By card.")])


def recipe_of(*steps, **parts):
    return Recipe(**{"name": "toy", "summary": "a toy", "data": "data/toy", "steps": steps} | parts)


@pytest.mark.parametrize("name", OURS)
def test_recipes_name_steps_options_and_settings_that_exist(name):
    recipe = read_recipe(name, ROOT / FOLDER)
    assert recipe.name == name and recipe.summary
    load_settings(**recipe.settings)
    for step in recipe.steps:
        assert step.step in STEPS
    assert (ROOT / "docs" / "recipes" / f"{name}.md").read_text().count(f"fuserank recipe {name}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "Invalid value"),
        ('name = "x y"\nsummary = ""\ndata = "d"\nsteps = [{step = "a"}]', "name"),
        ('name = "x"\nsummary = ""\ndata = "d"\nsteps = []', "steps"),
        ('name = "x"\nsummary = ""\ndata = "d"\nsteps = [{}]', "step"),
        ('name = "x"\nsummary = ""\ndata = "d"\nextra = 1\nsteps = [{step = "a"}]', "extra"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, said):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_recipe("x", tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "x.toml").write_bytes(content)
    with pytest.raises(InputError):
        read_recipe("x", folder)


@pytest.mark.parametrize("name", ["", "nothing", "../pyproject", "x" * 500])
def test_no_such_recipe(name):
    with pytest.raises(InputError, match="no recipe") as refused:
        read_recipe(name, ROOT / FOLDER)
    assert "customer_service" in str(refused.value) and len(str(refused.value)) < 400


def test_steps_hand_on_what_they_find(monkeypatch):
    toys = {"one": lambda run, value=1: value, "two": lambda run: run.found["one"] + 1}
    monkeypatch.setattr(table, "STEPS", PluginTable("step", toys))
    assert run(recipe_of({"step": "one", "value": 4}, {"step": "two"}), print) == {"one": 4, "two": 5}
    with pytest.raises(UnknownNameError):
        run(recipe_of({"step": "three"}), print)
    with pytest.raises(InputError, match="no option 'wrong'"):
        run(recipe_of({"step": "one", "wrong": 4}), print)


def going(found, typed=None):
    lines = []
    return Run(recipe_of({"step": "x"}), load_settings(), lines.append, typed, found), lines


def test_turns_are_the_script_or_what_is_typed():
    scripted, lines = going({})
    assert list(scripted.turns(["a"])) == ["a"] and lines == ["> a"]
    typed, lines = going({}, ["b"])
    assert list(typed.turns(["a"])) == ["b"] and lines == []


def test_assistant_step_says_offers_and_checks_reasons():
    running, lines = going({"champion": SHOP})
    STEPS["assistant"](running, ["red dress", "@nothing.wav", "cheaper"])
    assert "  1. red dress · 30.00" in lines and any("no such file" in line.lower() for line in lines)
    assert "of" in lines[-1] and lines[-1].split()[0] == lines[-1].split()[2] != "0"


def test_a_spoken_turn_comes_from_a_file(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    shop = TalkingShop(SHOP.rows, heard="blue dress")
    running, lines = going({"champion": shop})
    STEPS["assistant"](running, [f"@{tmp_path / 'a.wav'}"])
    assert "  heard: blue dress" in lines and shop.asked[0].query.audio == b"RIFF"
    assert recording("blue dress") is None
    with pytest.raises(InputError):
        recording("@\0")


def test_a_recording_that_cannot_be_used_ends_no_session():
    class Deaf(TalkingShop):
        def search(self, request):
            if request.query.audio:
                raise MediaError("corrupt", "no sound")
            return super().search(request)

    running, lines = going({"champion": Deaf(SHOP.rows)})
    replies = STEPS["assistant"](running, [f"@{ROOT / 'pyproject.toml'}", "blue dress"])
    assert "  corrupt: no sound" in lines and len(replies) == 1


def test_help_desk_step():
    running, lines = going({"answer_study": Ready(None, SHOP, SURE)})
    STEPS["help_desk"](running, ["red dress", "nothing of this", " "])
    assert "  [0.88] You have 30 days." in lines
    assert any(line.startswith("  [0.50] no good answer; nearest:") for line in lines)
    assert any("an empty question" in line for line in lines)


def test_tracker_step():
    shipment = next(iter(make_shipments(1, 0)))
    running, lines = going({"answer_study": Ready(None, SHOP, SURE), "tracking_data": {shipment.number: shipment}})
    replies = STEPS["tracker"](running, ["where is my parcel", f"picked up {shipment.number}"])
    assert replies[0].case == "no_number" and lines[1].startswith("  [no_number] Which parcel?")
    assert replies[1].event in shipment.events


def test_the_champion_step_wants_a_release(tmp_path):
    recipe = recipe_of({"step": "x"}, data=tmp_path / "data", settings={"home": str(tmp_path / "home")})
    from fuserank.data.sample import build_sample

    build_sample(tmp_path / "data", products=60, queries=24)
    with pytest.raises(InputError, match="release"):
        champion(Run(recipe, load_settings(**recipe.settings), print))


def test_command_lists_recipes_and_names_what_is_wrong(monkeypatch):
    monkeypatch.chdir(ROOT)
    listed = CliRunner().invoke(app, ["recipe"])
    assert listed.exit_code == 0 and all(name in listed.stdout for name in OURS)
    assert isinstance(CliRunner().invoke(app, ["recipe", "nothing"]).exception, InputError)


def test_typed_lines_end_with_the_input(monkeypatch):
    lines = iter(["red", " ", "blue"])

    def typed(_):
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", typed)
    assert list(command._typed()) == ["red", "blue"]
