"""A job refuses unknown names before any work, says which split is empty, and claims a data version only when it is that one."""

from dataclasses import replace

import pytest

from fuserank.data.dataset import Dataset, write_dataset
from fuserank.errors import InputError, SettingsError, UnknownNameError
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job, Parts, meaning_of, parts_of
from fuserank.pipeline.train import slates_of
from fuserank.settings import load_settings
from fuserank.types import Judgment


@pytest.mark.parametrize(
    ("section", "values", "error"),
    [
        ("training", {"rankers": ("cocnat+sequence",)}, UnknownNameError),
        ("training", {"rankers": ("concat+sequenc",)}, UnknownNameError),
        ("training", {"rankers": ("concat",)}, SettingsError),
        ("training", {"rankers": ("late+concat",)}, SettingsError),
        ("training", {"rankers": ("late+sequence+concat",)}, UnknownNameError),
        ("training", {"loss": "softmx"}, UnknownNameError),
        ("features", {"modalities": ("txt",)}, UnknownNameError),
        ("evaluation", {"baselines": ("lambdamrt",)}, UnknownNameError),
        ("evaluation", {"families": {"text": ("words", "txt")}}, UnknownNameError),
    ],
)
def test_unknown_names_are_refused_before_any_work(tmp_path, section, values, error):
    with pytest.raises(error, match="next: "):
        Job(tmp_path / "not even there", load_settings(**{section: values}))


@pytest.mark.parametrize("setting", ["home", "reports"])
@pytest.mark.parametrize("place", ["file", "file/in", "dangling", "/proc/x", "a" * 300, "a" * 5000])
def test_a_place_where_nothing_can_be_written_is_refused(tmp_path, monkeypatch, setting, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(
        SettingsError, match=rf"setting '{setting}': .* cannot be written to: .*next: set FUSERANK_{setting.upper()}"
    ):
        Job(tmp_path / "not even there", load_settings(**{setting: place}))


def test_looking_whether_a_place_can_be_written_leaves_nothing(tmp_path):
    (tmp_path / "old").mkdir()
    for home in (tmp_path / "new" / "er", tmp_path / "old"):
        Job(tmp_path / "not even there", load_settings(home=home, reports=tmp_path / "reports"))
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("late", Parts(True, "", "")),
        ("sum+lstm", Parts(False, "sum", "lstm")),
        ("late+concat+sequence", Parts(True, "concat", "sequence")),
    ],
)
def test_a_name_has_parts_and_parts_a_name(name, parts):
    assert parts_of(name) == parts
    assert parts.ranker == name


@pytest.mark.parametrize(
    "name", ["", "+", "sum", "late+", "late+sum", "late+late", "sum+late+sequence", "sum+sequence+", "late+a+b+c"]
)
def test_a_name_of_other_parts_is_refused(name):
    with pytest.raises((SettingsError, UnknownNameError), match="next: "):
        parts_of(name)


def test_what_the_form_must_be_is_said():
    with pytest.raises(SettingsError, match=r"'late\+sum'; allowed: late, fusion\+scorer or late\+fusion\+scorer; next"):
        parts_of("late+sum")
    with pytest.raises(UnknownNameError, match="did you mean 'concat'"):
        parts_of("late+cocnat+sequence")


def test_every_default_ranker_and_every_family_is_real():
    training = load_settings().training
    assert parts_of(training.rankers[0]).late, "the first is also trained on each family alone"
    assert [parts_of(name).ranker for name in training.rankers] == list(training.rankers)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_empty_split_is_named(tiny, tmp_path, split):
    data: Dataset = tiny.job.dataset
    sides = {q.query_id: q.split for q in data.queries}
    judgments = [
        Judgment(query, product, grade, "synthetic")
        for query, grades in data.qrels.items()
        if sides[query] != split
        for product, grade in grades.items()
    ]
    media = (data.media.get(digest) for digest in data.media.hashes())
    write_dataset(tmp_path / "data", data.manifest, products=data.products, queries=data.queries, judgments=judgments, media=media)
    job = replace(tiny.job, data=tmp_path / "data")
    with pytest.raises(InputError, match=f"no query of split {split} has"):
        slates_of(job, extract(job)[0])


def test_sources_mean_what_they_do():
    said = '"""Module."""\n\n\ndef f(x):  # doubles\n    """Twice x."""\n    return 2 * x\n'
    assert meaning_of(said) == meaning_of("def f(x): return (2 *\n x)")
    assert meaning_of(said) != meaning_of("def f(x): return 3 * x")
    assert meaning_of('x = "said"') != meaning_of('x = "other"')
    assert meaning_of('class C:\n    """One."""') == meaning_of('class C:\n    """Two."""')
