import pytest

from fuserank.errors import SettingsError
from fuserank.settings import load_settings


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """A folder without pyproject.toml."""
    monkeypatch.chdir(tmp_path)


def pyproject(folder, epochs):
    (folder / "pyproject.toml").write_text(f"[tool.fuserank.training]\nepochs = {epochs}\n")


def test_argument_over_environment_over_pyproject_over_default(tmp_path, monkeypatch):
    default = load_settings().training.epochs
    pyproject(tmp_path, default + 1)
    assert load_settings().training.epochs == default + 1
    monkeypatch.setenv("FUSERANK_TRAINING__EPOCHS", str(default + 2))
    assert load_settings().training.epochs == default + 2
    assert load_settings(training={"epochs": default + 3}).training.epochs == default + 3


def test_sources_meet_in_one_section(tmp_path, monkeypatch):
    pyproject(tmp_path, 5)
    monkeypatch.setenv("FUSERANK_TRAINING__SLATE", "17")
    training = load_settings(training={"width": 8}).training
    assert (training.epochs, training.slate, training.width) == (5, 17, 8)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().home = "elsewhere"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trainng": {}}, r"setting 'trainng'.*training"),
        ({"training": {"epoch": 3}}, r"setting 'training.epoch'.*epochs"),
        ({"training": {"epochs": 0}}, r"setting 'training.epochs': wrong value \(got '0'\); allowed: greater than 0; next"),
        ({"training": {"width": 6}}, r"'training.width'.*allowed: a multiple of 4; next"),
        ({"training": {"device": "tpu"}}, r"'training.device'.*'cpu'"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(arguments, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(**arguments)


def test_an_unknown_key_in_pyproject_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.fuserank]\nhom = 'x'\n")
    with pytest.raises(SettingsError, match=r"setting 'hom'.*home"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FUSERANK_TRAINNG__EPOCHS", "3", "FUSERANK_TRAINNG__EPOCHS.*did you mean FUSERANK_TRAINING"),
        ("FUSERANK_TRAINING__EPOCH", "3", "training.epoch.*epochs"),
        ("FUSERANK_HOEM", "x", "FUSERANK_HOEM.*did you mean FUSERANK_HOME"),
        ("FUSERANK_TRAINING__SEEDS", "one", r"as JSON"),
        ("FUSERANK_TRAINING__EPOCHS", "many", r"training.epochs.*got 'many'"),
    ],
)
def test_a_wrong_environment_variable_is_never_ignored(monkeypatch, variable, value, message):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_variables_that_are_no_settings_are_left_alone(monkeypatch):
    before = load_settings()
    monkeypatch.setenv("FUSERANK_PACKAGE", "somewhere")
    assert load_settings() == before
