"""The gate over a job: a champion that can no longer be run does not bar the way for good."""

import json

import pytest

from fuserank.errors import ModelFolderError, StaleFeatureError
from fuserank.model_folder import WEIGHTS
from fuserank.pipeline import gate as gating
from fuserank.pipeline.compare import compare_rankers
from fuserank.pipeline.compare_models import compare_models
from fuserank.pipeline.extract import extract
from fuserank.pipeline.gate import gate, registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import slates_of
from fuserank.settings import load_settings


@pytest.fixture
def run(tiny, tmp_path):
    """run(seed) takes the challenger of a seed through the gate, whose other rules all hold."""
    (tmp_path / "encoders").symlink_to(tiny.job.settings.home / "encoders")
    settings = load_settings(
        home=tmp_path,
        reports=tmp_path / "reports",
        features={"modalities": ("text", "lexical")},
        training={"rankers": ("late",), "epochs": 1},
        evaluation={"baselines": ("random",), "families": {"text": ("text", "lexical")}},
        gate={"latency_ms": 1e6},
    )

    def passed(seed, who=None):
        training = settings.training.model_copy(update={"seeds": (seed,)})
        job = Job(tiny.job.data, settings.model_copy(update={"training": training}))
        features, _ = extract(job)
        return job, gate(job, features, compare_rankers(job), slates_of(job, features)[2], who)

    return passed


def only_the_new_one_runs(monkeypatch, error):
    """As after a change of encoders: models of before are refused."""
    measure = gating.evidence

    def refusing(job, features, models, version, test, missing):
        if missing is None:
            raise error("made by another encoder", todo="train again")
        return measure(job, features, models, version, test, missing)

    monkeypatch.setattr(gating, "evidence", refusing)


@pytest.mark.parametrize("error", [StaleFeatureError, ModelFolderError])
def test_what_the_champion_gave_before_still_counts(run, monkeypatch, error):
    job, first = run(0)
    assert first.promoted
    only_the_new_one_runs(monkeypatch, error)
    _, second = run(1)
    beats = next(check for check in second.decision.reasons if check.name == "beats_champion")
    assert not second.promoted and registry(job).champion() == first.version
    assert beats.observed > 0.05


def test_a_refusal_stands_in_the_log_with_who_why_and_the_evidence(run):
    job, first = run(0)
    before = registry(job).transitions()
    _, second = run(1, "flow run noon")
    (said,) = registry(job).transitions()[len(before) :]
    assert not second.promoted and registry(job).champion() == first.version
    assert (said.kind, said.from_version, said.to) == ("refuse", first.version, second.version)
    assert said.who.endswith(", flow run noon")
    failed = [check for check in second.decision.reasons if not check.passed]
    assert said.reason == "; ".join(f"{check.name}: {check.words}" for check in failed)
    assert said.evidence == json.loads((job.reports / "gate.json").read_text())
    assert said.evidence["reasons"] == second.decision.model_dump()["reasons"]


def test_both_are_comparable_on_the_newest_data_after_the_gate(run):
    """The champion, measured anew on data that it was not trained on, leaves its evidence too."""
    job, first = run(0)
    gating._note(job, first.version).unlink()
    _, second = run(1)
    found = compare_models(job.settings.home, job.name, first.version, second.version)
    assert found.paired is not None and found.paired.data == job.dataset.version[:16]


def test_what_the_champion_gave_as_challenger_is_not_written_over(run):
    job, first = run(0)
    note = gating._note(job, first.version)
    before = note.read_bytes()
    run(1)
    assert note.read_bytes() == before
    assert json.loads(before)["missing"] is not None


def test_a_champion_never_measured_here_gives_way_and_the_reason_says_so(run, monkeypatch):
    job, first = run(0)
    gating._note(job, first.version).unlink()
    only_the_new_one_runs(monkeypatch, StaleFeatureError)
    _, second = run(1)
    assert second.promoted
    assert f"champion {first.version} was not compared: made by another encoder" in registry(job).transitions()[-1].reason
    assert first.version in json.loads((job.reports / "gate.json").read_text())["unmeasured"]


def test_an_altered_champion_is_an_error(run, monkeypatch):
    job, first = run(0)
    weights = registry(job).path(first.version) / WEIGHTS
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelFolderError, match="altered"):
        run(1)
