"""Every piece of code in the documentation is run or read by what it is written for; a kind that is not known here fails."""

import ast
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from contextlib import nullcontext, suppress

import pytest
from typer._click.exceptions import MissingParameter
from typer.main import get_command

from fuserank.cli import app
from fuserank.data.sample import build_sample
from fuserank.merchandising import read_rules
from fuserank.recipes.recipe import Recipe
from fuserank.settings import Settings
from tests.unit.test_docs import PAGES, ROOT, settings_rows

FENCE = re.compile(r"^(?:<!-- not run: (?P<why>.+?) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`(fuserank [^`\n]+)`")
PROGRAMS = re.compile(r"bentoml|cd|cp|curl|docker|dvc|export|fuserank|git|jq|kubectl|make|mkdir|pip|python|rm|source")
ELSEWHERE = {"docker", "kubectl"}  # what no test can run: such a block says why
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
VARIABLES = {row[1].strip("`") for row in settings_rows(Settings)}
OURS = re.compile(r"(FUSERANK_\w+=\S+ )*(fuserank|python -m|make)\b")
RUN_BY_OTHERS = {"README.md", "README.zh.md", "CONTRIBUTING.md", "docs/serving.md"}  # test_docs.py, test_docs_serving.py
NUMBER, WORDS = "7", re.compile(r"\[(?![-A-Z])[^\]]*\]")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample store, small."""
    folder = tmp_path_factory.mktemp("documented") / "sample"
    build_sample(folder, products=200, queries=60)
    return folder


def code_of(path):
    """(language, code, why it is not run) of each fence; commands that are indented; commands that stand in a sentence."""
    text = path.read_text(encoding="utf-8")
    fences = [(found["language"], found["code"], found["why"]) for found in FENCE.finditer(text)]
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^    (\S.*)$", rest, re.MULTILINE)
    indented = [line for line in lines if OURS.match(line) or PROGRAMS.fullmatch(line.split()[0])]
    return fences, indented, SPAN.findall(rest)


CODE = {str(path.relative_to(ROOT)): code_of(path) for path in PAGES}
FENCES = [(page, *fence) for page, (fences, _, _) in CODE.items() for fence in fences]


def named(fence):
    return f"{fence[0]}-{fence[1]}"


def parsed(words, whole):
    """Read a command line of fuserank as the command does, up to the point where it would begin; a sentence may leave words out."""
    group, names, rest = get_command(app), ["fuserank"], list(words)
    while hasattr(group, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in group.commands, f"no command {rest[0]}"
        names.append(rest[0])
        group = group.commands[rest.pop(0)]
    if hasattr(group, "commands"):  # options of a group act at once, so they are looked up, not parsed
        assert {*rest} <= {"--help", *(option for parameter in group.params for option in parameter.opts)}, rest
    elif rest and rest != ["--help"] and "…" not in rest:
        with nullcontext() if whole else suppress(MissingParameter):
            group.make_context(" ".join(names), [NUMBER if word == "N" else word for word in rest])


def check_line(line, whole=True):
    """One command: its program is known, and what of it is ours is read."""
    line = WORDS.sub("", line)
    line = re.sub(r"[\[\]](?=[-A-Z ]|$)", "", line) if "[" in line and "'" not in line else line
    words = shlex.split(line, comments=True)
    while words and "=" in words[0] and not words[0].startswith("-"):
        name = words.pop(0).partition("=")[0]
        assert not name.startswith("FUSERANK_") or name in VARIABLES or re.fullmatch(r"FUSERANK_(HOME|REPORTS)", name), name
    if not words:
        return
    assert PROGRAMS.fullmatch(words[0]), f"unknown program {words[0]}"
    if words[0] == "fuserank":
        parsed(words[1:], whole)
    elif words[0] == "make":
        assert set(words[1:2]) <= TARGETS, words
    elif words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2]), words[2]


@pytest.mark.parametrize("page", [page for page, (_, lines, spans) in CODE.items() if lines or spans])
def test_commands_are_real(page):
    _, lines, spans = CODE[page]
    for line in lines:
        check_line(line)
    for span in spans:
        check_line(span, whole=False)


@pytest.mark.parametrize("fence", FENCES, ids=map(named, FENCES))
def test_code_is_what_it_says(fence, tmp_path):
    _, language, code, why = fence
    KINDS[language](code, why, tmp_path)


def is_shell(code, why, tmp_path):
    assert subprocess.run(["bash", "-n"], input=code, text=True, check=False).returncode == 0
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"<<'EOF'.*?^EOF$", "", code, flags=re.MULTILINE | re.DOTALL))
    for line in filter(str.strip, joined.splitlines()):
        first = line.split()[0]
        assert first not in ELSEWHERE or why, f"{first}: <!-- not run: why -->"
        if OURS.match(line):
            check_line(re.split(r" [|>] ?| && ", line)[0])


def is_python(code, why, tmp_path):
    ast.parse(code)


@pytest.mark.parametrize("page", sorted({fence[0] for fence in FENCES if fence[1] == "python"} - RUN_BY_OTHERS))
def test_python_runs(page, sample, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    shutil.copytree(sample, tmp_path / "data/sample")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for _, language, code, why in (fence for fence in FENCES if fence[0] == page):
        if language == "python" and not why:
            exec(compile(code, page, "exec"), names)


def is_toml(code, why, tmp_path):
    found = tomllib.loads(code)
    if "tool" in found:
        Settings.model_validate(found["tool"]["fuserank"])
    elif "rules" in found:
        (tmp_path / "rules.toml").write_text(code, encoding="utf-8")
        read_rules(tmp_path / "rules.toml")
    else:
        Recipe.model_validate(found)


def is_json(code, why, tmp_path):
    json.loads(code)


def is_yaml(code, why, tmp_path):
    import yaml

    assert list(yaml.safe_load_all(code))


def is_output(code, why, tmp_path):
    assert code.strip()


KINDS = {
    "bash": is_shell,
    "python": is_python,
    "toml": is_toml,
    "json": is_json,
    "yaml": is_yaml,
    "csv": is_output,
    "text": is_output,
    "": is_output,
}
