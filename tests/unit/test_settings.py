import pytest

from fuserank.errors import SettingsError
from fuserank.settings import Settings, Span, load_settings


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """A folder without pyproject.toml."""
    monkeypatch.chdir(tmp_path)


def pyproject(folder, epochs):
    (folder / "pyproject.toml").write_text(f"[tool.fuserank.training]\nepochs = {epochs}\n")


def real_numbers(section):
    """The settings of a section that are real numbers."""
    fields = Settings.model_fields[section].annotation.model_fields
    return [key for key, field in fields.items() if field.annotation is float]


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
        ({"training": {"seeds": []}}, r"'training.seeds'.*\(got '\[\]'\); allowed: at least one value; next"),
        ({"training": {"seeds": [0, 1, 0]}}, r"'training.seeds'.*allowed: no value twice; next"),
        ({"training": {"seeds": [3, -1]}}, r"'training.seeds.1'.*allowed: greater than or equal to 0"),
        ({"training": {"seeds": [2**31]}}, r"'training.seeds.0'.*allowed: less than 2147483648"),
        ({"training": {"rankers": []}}, r"'training.rankers'.*at least one value"),
        ({"training": {"rankers": ["late", "late"]}}, r"'training.rankers'.*no value twice"),
        ({"training": {"late": 10**11}}, r"'training.late'.*less than or equal to 4096"),
        ({"training": {"start": ""}}, r"'training.start'.*a path that is not empty"),
        ({"features": {"modalities": []}}, r"'features.modalities'.*at least one value"),
        ({"features": {"modalities": ["words", "words"]}}, r"'features.modalities'.*no value twice"),
        ({"evaluation": {"baselines": ["random", "random"]}}, r"'evaluation.baselines'.*no value twice"),
        ({"finetuning": {"seed": 2**32}}, r"'finetuning.seed'.*less than"),
        ({"finetuning": {"crops": 65}}, r"'finetuning.crops'.*less than or equal to 64"),
        ({"tuning": {"seed": 2**32}}, r"'tuning.seed'.*less than"),
        ({"tuning": {"confirm": 65}}, r"'tuning.confirm'.*less than or equal to 64"),
        ({"monitoring": {"sample": 29}}, r"'monitoring.sample'.*greater than or equal to 30"),
        ({"home": ""}, r"'home'.*\(got ''\); allowed: a path that is not empty"),
        ({"reports": " "}, r"'reports'.*a path that is not empty"),
        ({"home": "a\0b"}, r"'home'.*a path"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(arguments, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(**arguments)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize(
    ("section", "key"),
    [(name, key) for name in ("training", "finetuning", "tuning", "gate", "monitoring", "media") for key in real_numbers(name)],
)
def test_no_number_is_infinite_or_none(section, key, value):
    with pytest.raises(SettingsError, match=rf"'{section}.{key}': wrong value \(got '{value}'\)"):
        load_settings(**{section: {key: value}})


@pytest.mark.parametrize(
    ("knob", "message"),
    [
        ({"low": float("nan"), "high": 1}, r"'tuning.space.dropout.span.low'.*got 'nan'\); allowed: a finite number"),
        ({"low": 0, "high": float("inf")}, r"'tuning.space.dropout.span.high'.*allowed: a finite number"),
        ({"low": 1, "high": 0}, r"'tuning.space.dropout.span'.*allowed: low < high"),
        ([0.1, float("nan")], r"'tuning.space.dropout.values.1'.*got 'nan'\); allowed: a word or a finite number"),
        ([None], r"'tuning.space.dropout.values.0'.*allowed: a word or a finite number"),
        ([True], r"'tuning.space.dropout.values.0'.*allowed: a word or a finite number"),
        (
            "ALL",
            r"'tuning.space.dropout': wrong value \(got 'ALL'\); allowed: all, a list of values, or a span of low, high and log",
        ),
        (0.3, r"'tuning.space.dropout'.*allowed: all, a list of values, or a span"),
    ],
)
def test_an_error_in_a_knob_speaks_of_the_form_it_has(knob, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(tuning={"space": {"dropout": knob}})


def test_knobs_of_every_form_are_read(monkeypatch):
    monkeypatch.setenv("FUSERANK_TUNING__SPACE", '{"ranker": "all", "width": [8, 16], "dropout": {"low": 0, "high": 0.5}}')
    assert load_settings().tuning.space == {"ranker": "all", "width": (8, 16), "dropout": Span(low=0, high=0.5)}


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"tool = 5", "not a table"),
        (b"[tool]\nfuserank = 5", "not a table"),
        (b"a = [", "Invalid value"),
        (b'a = "\xff"', "can't decode"),
        (b"a = " + 5000 * b"[" + 5000 * b"]", "nested too deeply"),
    ],
)
def test_a_broken_pyproject_is_named(tmp_path, content, words):
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=f"pyproject.toml.*{words}"):
        load_settings()


def test_a_pyproject_of_other_tools_is_none_of_ours(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nfuserank = 5\n")
    assert load_settings() == Settings()


def test_a_variable_nested_too_deeply_is_refused(monkeypatch):
    monkeypatch.setenv("FUSERANK_TRAINING__SEEDS", "[" * 100_000)
    with pytest.raises(SettingsError, match="nested too deeply"):
        load_settings()


@pytest.mark.parametrize("name", ["FUSERANK_HOME__X", "fuserank_reports__a__b"])
def test_a_part_of_what_has_no_parts_is_not_passed_over(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=f"{name}.*has no parts"):
        load_settings()
