"""Each study end to end on the tiny store: its rows add up, a second run measures nothing, page and pictures come out."""

from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest

from fuserank import calibration
from fuserank.data import corruption
from fuserank.data.sample.biased_shoppers import Crowd
from fuserank.model_folder import load_model
from fuserank.pipeline.calibrate import SHOWN
from fuserank.pipeline.clicked import ADDITIVE
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.studies import STUDIES, behaviour, learning_curve
from fuserank.pipeline.studies.behaviour import learning_from_behaviour
from fuserank.pipeline.studies.behaviour_scenes import PRICE, TRUTH
from fuserank.pipeline.studies.behaviour_scenes import Scene as Visits
from fuserank.pipeline.studies.bench import Bench, Shop
from fuserank.pipeline.studies.components import compare_components
from fuserank.pipeline.studies.damage import Noise
from fuserank.pipeline.studies.faithful import WHICH, explanations_hold
from fuserank.pipeline.studies.frontier import quality_against_latency
from fuserank.pipeline.studies.learning_curve import CONTENDERS, Contender, learning_curves
from fuserank.pipeline.studies.missing import missing_modalities
from fuserank.pipeline.studies.noise import Scene, noise_at_serving
from fuserank.pipeline.studies.one_or_many import one_model_or_many
from fuserank.pipeline.studies.probabilities import METRICS, stated_and_found
from fuserank.pipeline.studies.report import write_studies
from fuserank.scorers import SCORERS

COLOURS = Noise("colours turned", "image", corruption.turn_colours, (0, 1), "share")
TITLES = Noise("missing titles", "title", corruption.lose, (0, 1), "share")
TYPOS = Noise("typos in queries", "text", corruption.typos, (0, 0.9), "share")


def quiet(words):
    pass


@pytest.fixture
def run(workspace, here, monkeypatch):
    """Runs a study twice, the second time without a way to measure; gives its result after checking what is true of each."""

    def measured_again(*arguments, **keywords):
        raise AssertionError("measured again")

    def both(study, seeds, **keywords):
        first = study(workspace, seeds, quiet, **keywords)
        with monkeypatch.context() as patch:
            patch.setattr(Bench, "quality", measured_again)
            for measuring in (
                "noise._cell",
                "learning_curve._quality",
                "frontier.times",
                "probabilities._calibrated",
                "faithful._summaries",
                "behaviour._quality",
                "behaviour._errors",
            ):
                patch.setattr(f"fuserank.pipeline.studies.{measuring}", measured_again)
            second = study(workspace, seeds, quiet, **keywords)
        assert second == first
        assert STUDIES[first.name] is study
        for row in first.rows:
            assert {"study", "dataset", "regime", "ranker", "kind", "metric", "mean", "std", "seeds", "queries"} <= row.keys()
            assert row["study"] == first.name
            assert 0 <= row["mean"] <= 1 or row["metric"].startswith(("drop of ", "relative error of "))
        for picture in first.figures.values():
            assert ElementTree.fromstring(picture).tag.endswith("svg")
        return first

    return both


def value(rows, **wanted):
    (row,) = [row for row in rows if wanted.items() <= row.items()]
    return row["mean"]


def test_missing(run, bench, here):
    rows = run(missing_modalities, (0,), shops=[here]).rows
    assert len(rows) == 7  # 3 x 3 subsets without text for picture and picture for text
    model = bench.fit(bench.plan(0))
    everything = {"trained_on": "text + picture"}
    assert value(rows, **everything, served="text + picture") == pytest.approx(np.mean(bench.quality(model)))
    assert value(rows, **everything, served="picture") == pytest.approx(np.mean(bench.quality(model, ["image"])))
    served = {name: value(rows, trained_on="text", served=name) for name in ("text", "text + picture")}
    assert served["text"] == served["text + picture"]


def test_noise(run, bench, here):
    scene = Scene(here, of_products=(COLOURS, TITLES), of_queries=(TYPOS,))
    rows = run(noise_at_serving, (0,), scenes=[scene]).rows
    clean = np.mean(bench.quality(bench.fit(bench.plan(0))))
    for name in ("colours turned", "missing titles", "typos in queries"):
        assert value(rows, noise=name, ranker="default", strength=0) == pytest.approx(clean)
    blind = {"noise": "colours turned", "ranker": "text only"}
    assert value(rows, **blind, strength=0) == value(rows, **blind, strength=1)
    assert len({value(rows, noise="typos in queries", ranker="text only", strength=s) for s in (0, 0.9)}) == 2


def test_one_or_many(run, bench, here):
    there = Shop("sample", "there")
    rows = run(one_model_or_many, (0,), groups={"sample": (here, there)}).rows
    assert [(r["regime"], r["ranker"]) for r in rows] == [(s, k) for s in ("here", "there") for k in ("one model", "specialist")]
    assert rows[1]["mean"] == pytest.approx(np.mean(bench.quality(bench.fit(bench.plan(0)))))
    assert rows[0]["against_specialist"] == pytest.approx(rows[0]["mean"] - rows[1]["mean"])
    assert rows[0]["mean"] == rows[2]["mean"]  # the two shops are the same
    assert 0 < rows[0]["p_adjusted"] <= 1


def test_learning_curve(run, bench, here, monkeypatch):
    monkeypatch.setattr(learning_curve, "STARTS", {here.name: Shop("sample", "there")})
    absent = Contender("peer", lambda workspace, bench, judged: None)
    contenders = {**CONTENDERS, "not here": absent}
    rows = run(learning_curves, (0, 1), shops=[here], counts=(5, 1000, None), contenders=contenders).rows
    everything = len(bench.train) + len(bench.val)
    assert [(r["ranker"], r["judged"]) for r in rows] == [(name, n) for name in CONTENDERS for n in (5, everything)]
    by_seed = [np.mean(bench.quality(bench.fit(bench.plan(seed)))) for seed in (0, 1)]
    assert value(rows, ranker="default", judged=everything) == pytest.approx(np.mean(by_seed))
    start = bench.fit(bench.plan(learning_curve.START_SEED)).folder  # the other shop is the same store
    warm = bench.with_training(start=start)
    by_seed = [np.mean(bench.quality(warm.fit(warm.plan(seed)))) for seed in (0, 1)]
    assert value(rows, ranker="warm start", judged=everything) == pytest.approx(np.mean(by_seed))


def test_behaviour(run, bench, here, monkeypatch):
    monkeypatch.setattr(behaviour, "EPOCHS", 2)
    visitors = Crowd(sessions=600, liking=3.0, knows=1, noise=0.5)
    scenes = {"people": Visits(visitors, (TRUTH, "naive", "ipw", ADDITIVE, "judged by pbm"))}
    scenes["dear hidden"] = Visits(replace(visitors, hides=2.0), ("naive",), PRICE)
    found = run(learning_from_behaviour, (0, 1), shop=here, scenes=scenes)
    learned = {(row["crowd"], row["ranker"]): row for row in found.rows if row["kind"] == "fusion"}
    assert list(learned) == [(name, way) for name, scene in scenes.items() for way in scene.ways]
    for row in learned.values():
        assert len(row["values"]) == 2 and len(row["of_query"]) == len(bench.test)
        assert np.mean(row["of_query"]) == pytest.approx(row["mean"]) == pytest.approx(np.mean(row["values"]))
    by_seed = [np.mean(bench.quality(bench.fit(bench.plan(seed)))) for seed in (0, 1)]
    assert learned["people", TRUTH]["values"] == pytest.approx(by_seed)
    assert len({row["mean"] for row in learned.values()}) == len(learned), "each way and scene teaches something else"
    places = [row for row in found.rows if row["kind"] == "click model"]
    assert {(row["crowd"], row["sessions"]) for row in places} == {("people", 600), ("dear hidden", 600), ("people", 6000)}
    pbm = [row for row in places if row["ranker"] == "pbm" and row["crowd"] == "people"]
    assert pbm[0]["mean"] > pbm[1]["mean"], "ten times the visits say more"
    assert pbm[1]["errors"][0][0] == 0, "the first place is 1 by convention"


def test_frontier(run, bench, here):
    rows = run(quality_against_latency, (0,), shops=[here]).rows
    assert {r["ranker"] for r in rows} == {"concat+sequence", "text only", "picture only", "random", "fixed weighted sum"}
    for row in rows:
        assert 0 < row["ms_low"] <= row["ms_per_1000"] <= row["ms_high"]


def test_components(run, bench, here):
    rows = run(compare_components, (0,), shops=[here], parts=("scorer",)).rows
    assert [r["value"] for r in rows] == list(SCORERS)
    usual = [r for r in rows if r["default"]]
    assert [(r["value"], r["p_adjusted"]) for r in usual] == [("sequence", None)]
    assert all(0 < r["p_adjusted"] <= 1 for r in rows if not r["default"])
    assert usual[0]["mean"] == pytest.approx(np.mean(bench.quality(bench.fit(bench.plan(0)))))


def test_probabilities(run, bench, here, monkeypatch):
    assert run(stated_and_found, (0,), shops=[here]).rows == []  # too few validation queries for a calibration
    monkeypatch.setattr(calibration, "FOLDS", 2)
    rows = run(stated_and_found, (11, 12), shops=[here]).rows
    assert [(r["metric"], r["calibration"]) for r in rows] == [(m, when) for m in METRICS for when in ("before", "after")]
    model = bench.fit(bench.plan(11))
    ranker, meta = load_model(model.folder)
    best = [(s, slate.grades) for slate in bench.test for s in [score_with(bench.features, ranker, model.plan.keep)(slate)]]
    order = [np.argsort(-s, kind="stable")[:SHOWN] for s, _ in best]
    stated = np.concatenate([meta.calibration.probability(s)[o] for (s, _), o in zip(best, order, strict=True)])
    relevant = np.concatenate([g[o] for (_, g), o in zip(best, order, strict=True)]) >= bench.job.dataset.manifest.relevant_grade
    one = run(stated_and_found, (11,), shops=[here]).rows
    assert value(one, metric="Brier", calibration="after") == pytest.approx(np.mean((stated - relevant) ** 2))


def test_faithful(run, here):
    rows = run(explanations_hold, (0, 1), shops=[here]).rows
    assert {(r["removed"], r["metric"]) for r in rows} == {
        (removed, f"drop of {measure}") for removed in ("modality", "word") for measure in ("score", "nDCG@10")
    }
    for removed in ("modality", "word"):
        most, random, least = (value(rows, removed=removed, metric="drop of score", which=which) for which in WHICH)
        assert least <= random <= most
    assert all(r["low"] <= r["mean"] <= r["high"] and r["explained"] > 0 for r in rows)


def test_studies_come_out_as_page_and_pictures(workspace, here, tmp_path):
    found = [
        missing_modalities(workspace, (0,), quiet, [here]),
        partial(compare_components, parts=("scorer",))(workspace, (0,), quiet, [here]),
    ]
    rows = write_studies(found, tmp_path)
    assert rows == found[0].rows + found[1].rows
    page = (tmp_path / "studies.md").read_text()
    for path in tmp_path.glob("*.svg"):
        assert f"({path.name})" in page
    assert sorted(path.stem for path in tmp_path.glob("*.svg")) == ["components", "missing-sample-here"]
    assert "## Missing modalities\n" in page
    assert "| sample, here | text + picture |" in page
