"""The command line: every command is listed, and what is wrong is one line with a fitting exit code."""

import sys

import pytest

from fuserank import cli, errors
from fuserank.data.dataset import Dataset

COMMANDS = (
    "sample",
    "import",
    "export",
    "judge",
    "validate",
    "extract",
    "train",
    "tune",
    "finetune",
    "study",
    "explain",
    "monitor",
    "recipe",
    "rules",
    "serve",
    "release",
    "compare",
    "traffic",
    "judge-clicks",
    "counterfactual",
    "up",
    "status",
    "doctor",
    "models",
    "data",
)
DATA = ("add", "log", "diff", "restore", "push", "pull", "verify")
MODELS = ("list", "show", "lineage", "compare", "log", "promote", "rollback", "prune")


@pytest.fixture
def fuserank(monkeypatch, capsys, tmp_path):
    """Runs the entry point in this process: (exit code, stdout, stderr)."""
    monkeypatch.setenv("FUSERANK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fuserank", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def refused(answer, code, *words):
    status, _, stderr = answer
    assert status == code, stderr
    assert len(stderr.strip().splitlines()) == 1, stderr
    assert stderr.lstrip().startswith("error: ")
    assert "Traceback" not in stderr
    for word in words:
        assert word in stderr


def test_help_lists_every_command(fuserank):
    status, out, _ = fuserank("--help")
    assert status == 0
    assert all(f" {command} " in out for command in COMMANDS)
    assert len(cli.app.registered_commands) + len(cli.app.registered_groups) == len(COMMANDS)
    _, out, _ = fuserank("models", "--help")
    assert all(f" {command} " in out for command in MODELS)
    assert len(cli.models.registered_commands) == len(MODELS)
    _, out, _ = fuserank("data", "--help")
    assert all(f" {command} " in out for command in DATA)
    assert len(cli.base.data.registered_commands) == len(DATA)


def test_help_names_every_study(fuserank):
    from fuserank.pipeline.studies import STUDIES

    _, out, _ = fuserank("study", "--help")
    assert all(name in out for name in STUDIES)


def test_an_unknown_study_is_refused_with_the_nearest(fuserank, tmp_path):
    refused(fuserank("study", "mising", "--from", tmp_path), 2, "mising", "did you mean 'missing'?")


def test_a_study_is_written_among_the_reports(fuserank, tmp_path, monkeypatch):
    from fuserank.pipeline import studies
    from fuserank.plugins import PluginTable

    def told(workspace, seeds, tell):
        tell(f"{len(seeds)} seeds")
        return studies.StudyResult("told", "Told", [{"mean": 1.0}], "words\n", {"curve": "<svg/>"})

    monkeypatch.setattr(studies, "STUDIES", PluginTable("study", {"told": told}))
    monkeypatch.setenv("FUSERANK_REPORTS", str(tmp_path / "reports"))
    status, out, _ = fuserank("study", "told", "--from", tmp_path)
    assert (status, out.splitlines()[0]) == (0, "3 seeds")
    folder = tmp_path / "reports/studies/told"
    assert (folder / "curve.svg").read_text() == "<svg/>"
    assert "![Told: curve](curve.svg)" in (folder / "studies.md").read_text()


def test_an_unknown_importer_is_refused_with_the_nearest(fuserank, tmp_path):
    refused(fuserank("import", "fashon", "--from", tmp_path), 2, "fashon", "fashion")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--colour", "red"], "colour"),
        (["--max-grade", "many"], "max_grade"),
        (["--name"], "--key value"),
        (["stray"], "unexpected argument 'stray'"),
        (["--map", "title"], "our_column=your_column"),
        (["--progress", "3"], "import table: --progress"),
        (["--source", "elsewhere"], "import table: --source"),
        (["--target=elsewhere"], "import table: --target"),
        (["--media", "nope"], "no media folder nope"),
    ],
)
def test_a_wrong_option_of_an_importer_is_refused(fuserank, tmp_path, arguments, words):
    refused(fuserank("import", "table", "--from", tmp_path, "--to", tmp_path / "data", *arguments), 2, words, "next: ")
    assert not (tmp_path / "data").exists()


def test_a_grade_that_cannot_be_reached_is_refused(fuserank, tmp_path):
    (tmp_path / "products.csv").write_text("product_id,title\n1,mug\n")
    target = tmp_path / "data"
    refused(fuserank("import", "table", "--from", tmp_path, "--to", target, "--relevant-grade", "9"), 2, "9 is above max_grade 3")
    assert not target.exists()


def test_what_stands_at_a_target_is_not_lost(fuserank, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    refused(fuserank("sample", tmp_path), 2, "holds files, but no dataset", "name another target")
    refused(fuserank("import", "table", "--from", tmp_path, "--to", tmp_path), 2, "which is read", "name another target")
    refused(fuserank("sample", tmp_path / "letter.txt"), 2, "is no folder", "name another target")
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_an_unknown_option_or_command_is_wrong_usage(fuserank):
    assert fuserank("sample", "--colour", "red")[0] == 2
    assert fuserank("smaple")[0] == 2


def test_a_folder_that_is_no_dataset(fuserank, tmp_path):
    refused(fuserank("validate", tmp_path / "nowhere"), 2, "next: ")


def test_a_wrong_setting(fuserank, monkeypatch, tmp_path):
    monkeypatch.setenv("FUSERANK_TRAINING__EPOCHS", "0")
    refused(fuserank("extract", tmp_path), 2, "training.epochs")


def test_a_sample_is_made_and_counted(fuserank, tmp_path):
    status, out, _ = fuserank("sample", tmp_path / "data", "--products", "60", "--queries", "24", "--seed", "3")
    assert status == 0
    assert "60 products, 24 queries" in out
    assert len(Dataset.open(tmp_path / "data").products) == 60


def test_serving_what_was_not_built_says_what_to_do(fuserank):
    refused(fuserank("serve", "sample"), 2, "no Bento for 'sample'", "none yet", "run the chain first")


def test_a_registry_without_models_says_what_to_do(fuserank, tiny):
    refused(fuserank("models", "rollback", tiny.job.data, "--reason", "worse"), 2, "0 champion", "next: ")


def test_an_empty_list_of_models_says_what_to_do(fuserank, tiny):
    status, out, _ = fuserank("models", "list", tiny.job.data)
    assert status == 0
    assert "chain" in out


def test_brackets_in_a_message_are_shown(fuserank, monkeypatch, tmp_path):
    monkeypatch.setenv("FUSERANK_TRAINING__EPOCHS", "0")
    refused(fuserank("extract", tmp_path), 2, "[tool.fuserank]")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.FuserankError("x"), 1),
        (errors.InputError("x"), 2),
        (errors.ValidationError("x", []), 3),
        (errors.StaleFeatureError("x"), 4),
        (errors.ModelFolderError("x"), 5),
    ],
)
def test_exit_codes(fuserank, monkeypatch, tmp_path, error, code):
    def fail(*_):
        raise error

    monkeypatch.setattr(cli.data, "job_of", fail)
    refused(fuserank("validate", tmp_path), code, "x")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--since", "2026-01-31"], "--since and --until without --log"),
        (["late", "--log"], "--log and the batch late"),
        (["--log", "--since", "yesterday"], "--since 'yesterday'"),
        (["--log"], "package a champion first"),
    ],
)
def test_what_is_wrong_with_monitoring_is_one_line(fuserank, tiny, tmp_path, monkeypatch, arguments, words):
    monkeypatch.setenv("FUSERANK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FUSERANK_REPORTS", str(tmp_path / "reports"))
    refused(fuserank("monitor", tiny.job.data, *arguments), 2, words)


def test_monitoring_the_log_tells_the_verdict_its_notes_and_its_page(fuserank, tiny, monkeypatch):
    from fuserank.monitoring import Verdict
    from fuserank.pipeline import monitor

    asked = {}

    def watched(job, **span):
        asked.update(span)
        return Verdict(True, "text drifts", "a", "b", {}, (), (), (), 0, notes=("products: too few [12]",), id="20260131T120000Z")

    monkeypatch.setattr(monitor, "watch_log", watched)
    status, out, _ = fuserank("monitor", tiny.job.data, "--log", "--since", "2026-01-31", "--until", "2026-02-01T06:00+02:00")
    assert status == 0 and "note: products: too few [12]" in out
    assert "drift: text drifts; page: " in out and out.strip().endswith("drift/verdicts/20260131T120000Z/drift.html")
    assert {name: time.isoformat() for name, time in asked.items()} == {
        "since": "2026-01-31T00:00:00+00:00",
        "until": "2026-02-01T06:00:00+02:00",
    }


def test_an_error_of_the_system_is_one_line(fuserank):
    refused(fuserank("validate", "a" * 300), 1, "File name too long", "aaa")


def test_a_port_that_is_taken_and_an_address_that_is_not_ours(monkeypatch):
    import socket

    from fuserank.cli.serving import _refuse_unless_free

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.InputError, match=f"port {port} of 127.0.0.1 is taken"):
            _refuse_unless_free("127.0.0.1", port)
    _refuse_unless_free("127.0.0.1", port)
    for host in ("nope.invalid", "203.0.113.5"):
        with pytest.raises(errors.InputError, match=f"nobody can listen at '{host}'"):
            _refuse_unless_free(host, port)


@pytest.mark.parametrize("arguments", [("serve", "--port", 99999), ("serve", "--port", -1), ("sample", "--seed", -1)])
def test_numbers_out_of_range_are_refused_by_name(fuserank, arguments):
    code, _, said = fuserank(*arguments)
    assert code == 2 and f"Invalid value for '{arguments[1]}'" in said


def test_a_wrong_option_of_an_import_names_those_of_the_command_line(fuserank, tmp_path):
    answer = fuserank("import", "table", "--from", tmp_path, "--colour", "red")
    refused(answer, 2, "--map", "--max-grade")
    assert "--columns" not in answer[2]
