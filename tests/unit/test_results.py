"""The tables of real results: folds are merged by queries, rows have one schema, and losing is said in words."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fuserank.evaluation.leaderboard import Leaderboard, Row
from fuserank.metrics.ndcg import ndcg
from fuserank.pipeline.evaluate import score_with, without_families
from fuserank.pipeline.job import Job
from fuserank.pipeline.published import publish_rows
from fuserank.pipeline.results import Case, Line, Result, merge
from fuserank.pipeline.results_report import json_rows, our_line, section, write_results
from fuserank.pipeline.train import Plan, TrainedModel, plans
from fuserank.ranker import Ranker, RankerSpec
from fuserank.settings import load_settings
from fuserank.slates import Features, keep_modalities, project_catalogue, score_slate


def row(ranker, *by_seed, kind="fusion", per_query=None, cost=1.0):
    seeds = tuple({"nDCG@10": value, "MAP": value / 2} for value in by_seed)
    return Row(ranker, kind, len(seeds), {"nDCG@10": {}, "MAP": {}}, per_query or {}, cost, seeds)


def fold(queries, *rows):
    return Leaderboard("shop", "human", "test", "v", 2, queries, "ours", rows, ())


def test_folds_are_merged_by_their_queries():
    """By hand: seed 0 is (10·0.2 + 30·0.6) / 40 = 0.5, seed 1 (10·0.4 + 30·0.8) / 40 = 0.7."""
    boards = [
        fold(10, row("ours", 0.2, 0.4, per_query={"a": 0.3}, cost=1.0), row("once", 0.9, 0.9)),
        fold(30, row("best", 0.9, 0.9), row("ours", 0.6, 0.8, per_query={"b": 0.7}, cost=3.0)),
    ]
    (line,) = merge(boards)
    assert (line.ranker, line.kind, line.seeds, line.cost_ms_per_1000) == ("ours", "fusion", 2, 2.0)
    assert line.per_query == {"a": 0.3, "b": 0.7}
    assert line.metrics["nDCG@10"] == pytest.approx({"mean": 0.6, "std": 0.1})
    assert line.metrics["MAP"] == pytest.approx({"mean": 0.3, "std": 0.05})


def test_merged_lines_stand_best_first():
    assert [line.ranker for line in merge([fold(5, row("low", 0.1), row("high", 0.8), row("mid", 0.5))])] == ["high", "mid", "low"]


def line(ranker, kind, values, **metrics):
    means = {"nDCG@10": float(np.mean(values))} | metrics
    per_query = {f"q{i}": value for i, value in enumerate(values)}
    return Line(ranker, kind, {name: {"mean": mean, "std": 0.01} for name, mean in means.items()}, per_query, 3, 1.0)


OURS = line("concat+sequence", "fusion", [0.5] * 12, MAP=0.4)
OTHER = line("sum+attention", "fusion", [0.9] * 12)
BELOW = line("BM25", "single", [0.3] * 12, MAP=float("nan"))
ABOVE = line("LambdaMART", "peer", [0.7] * 12)
CASE = Case("shop", "human", ({},))


def result(*lines, chosen=("concat+sequence",)):
    return Result(CASE, 12, chosen, tuple(sorted(lines, key=lambda one: -one.metrics["nDCG@10"]["mean"])))


def test_rows_have_one_schema_and_no_holes():
    rows = json_rows(result(OURS, BELOW))
    assert rows[0] == {
        "dataset": "shop", "regime": "human", "split": "test", "ranker": "concat+sequence", "kind": "fusion", "metric": "nDCG@10",
        "mean": 0.5, "std": 0.01, "seeds": 3, "queries": 12,
    }  # fmt: skip
    assert [(r["ranker"], r["metric"]) for r in rows] == [
        ("concat+sequence", "nDCG@10"),
        ("concat+sequence", "MAP"),
        ("BM25", "nDCG@10"),
    ]


def test_kinds_on_a_leaderboard_are_those_of_the_schema():
    from fuserank.baselines import BASELINES

    assert {baseline.kind for baseline in BASELINES.values()} <= {"random", "single", "fixed", "peer"}


def test_where_fusion_loses_is_said_with_by_how_much():
    text = section(result(OURS, BELOW, ABOVE))
    assert "**Where fusion loses:** LambdaMART by 0.200 (p = 0.00" in text
    assert "BM25 by" not in text
    assert "No ranker without fusion" not in text


def test_where_it_does_not_the_next_is_named_and_another_fusion_is_no_loss():
    text = section(result(OURS, BELOW, OTHER))
    assert "No ranker without fusion is above ours; the next is BM25, 0.200 below (p = 0.00" in text
    assert "Where fusion loses" not in text


def test_level_with_ours_counts_as_a_loss():
    assert "**Where fusion loses:** BM25 by 0.000 (p = 1.0000)" in section(
        result(OURS, replace(OURS, ranker="BM25", kind="single"))
    )


def test_ours_is_what_validation_chose_in_most_folds():
    found = result(OURS, OTHER, BELOW, chosen=("sum+attention", "concat+sequence", "concat+sequence"))
    assert our_line(found) is OURS
    assert "| **concat+sequence** | fusion | 0.500 ± 0.010 |  | 0.400 ± 0.010 |" in section(found)


def test_a_case_that_is_measured_anew_takes_its_place_and_the_others_stay(tmp_path):
    other = replace(result(OURS, BELOW), case=replace(CASE, regime="other"))
    write_results([result(OURS, BELOW), other], tmp_path)
    page, rows = (tmp_path / "results.md").read_text(), json.loads((tmp_path / "results.json").read_text())
    publish_rows(tmp_path, [{"study": "noise", "dataset": "shop", "regime": "human"}], same=("study",))
    write_results([result(replace(OURS, kind="anew"), BELOW)], tmp_path)
    again, now = (tmp_path / "results.md").read_text(), json.loads((tmp_path / "results.json").read_text())
    assert again.split("## ")[0] == page.split("## ")[0] and again.split("## ")[2] == page.split("## ")[2]
    assert [part.splitlines()[0] for part in again.split("## ")[1:]] == ["shop, human", "shop, other"]
    assert "| **concat+sequence** | anew |" in again and again.count("| **concat+sequence** | fusion |") == 1
    assert {row["study"] for row in now if "study" in row} == {"noise"} and len(now) == len(rows) + 1
    assert {r["kind"] for r in now if r.get("regime") == "human" and r.get("ranker") == "concat+sequence"} == {"anew"}
    assert "NaN" not in (tmp_path / "results.json").read_text()


def planned(tiny, features=None, **settings):
    job = Job(tiny.job.data, load_settings(home=tiny.job.settings.home, reports=tiny.job.settings.reports, **settings))
    return plans(job, features or tiny.features)


FAMILIES = {"text": ("text", "lexical"), "picture": ("image",)}
TRAINING = {"rankers": ("sum+sequence", "concat+attention"), "seeds": (0, 1)}


def test_every_ranker_and_each_family_alone_for_every_seed(tiny):
    found = planned(tiny, training=TRAINING, evaluation={"families": FAMILIES})
    names = [m.name for m in tiny.job.modalities]
    assert [(p.name, p.seed, p.kind) for p in found] == [
        *((name, seed, "fusion") for name in TRAINING["rankers"] for seed in (0, 1)),
        *((f"{family} only", seed, "single") for family in FAMILIES for seed in (0, 1)),
    ]
    assert [list(p.keep) for p in found] == [names] * 4 + [["text", "lexical"]] * 2 + [["image"]] * 2
    assert {p.ranker for p in found if p.kind == "single"} == {"sum+sequence"}


def without(features, *names):
    """The features of a catalogue that has no such modality."""
    present = features.catalogue.present.copy()
    for m, modality in enumerate(features.modalities):
        if modality.name in names:
            present[:, m] = False
    return Features(features.modalities, replace(features.catalogue, present=present), features.queries)


def test_a_family_that_no_product_has_is_left_out_and_so_is_one_that_is_all(tiny):
    families = {**FAMILIES, "all": tuple(m.name for m in tiny.job.modalities)}
    found = planned(tiny, without(tiny.features, "image", "lexical"), training=TRAINING, evaluation={"families": families})
    assert [(p.name, p.keep) for p in found if p.kind == "single"] == [("text only", ("text",))] * 2


def shaken(tiny, late=0):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(tiny.features.specs(), "concat", "sequence", width=8, rank=4, late=late)).eval()
    if ranker.late is not None:
        ranker.late.seen[1:] = True
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return ranker


@pytest.mark.parametrize("late", [0, 12])
def test_a_model_of_some_modalities_sees_no_others(tiny, late):
    """Evidence that is stored as a sum must not hold what is hidden."""
    ranker = shaken(tiny, late)
    score, slate = score_with(tiny.features, ranker, ("text", "image")), tiny.slates[2][0]
    (kept,) = keep_modalities([slate], ranker.spec.modalities, ("text", "image"))
    projected = project_catalogue(ranker, tiny.features)
    assert score(slate) == pytest.approx(score_slate(ranker, projected, tiny.features.queries, kept), rel=2e-3, abs=2e-3)
    assert score(slate) != pytest.approx(score_slate(ranker, projected, tiny.features.queries, slate), rel=2e-2, abs=2e-2)


def test_what_is_left_without_each_family(tiny, monkeypatch):
    from fuserank.pipeline import evaluate

    ranker, names = shaken(tiny), tuple(m.name for m in tiny.job.modalities)
    monkeypatch.setattr(evaluate, "load_model", lambda _: (ranker, None))
    job = Job(
        tiny.job.data, load_settings(home=tiny.job.settings.home, evaluation={"families": {**FAMILIES, "all": names, "none": ()}})
    )
    model = TrainedModel(Plan("m", "fusion", "concat+sequence", names, 0), Path("m"), 0.5, (0.5,))
    found = without_families(job, tiny.features, model, tiny.slates[2])
    assert found.keys() == {"text", "picture"}
    score = score_with(tiny.features, ranker, [n for n in names if n != "image"])
    assert found["picture"] == pytest.approx(np.mean([ndcg(score(s), s.grades) for s in tiny.slates[2]]))
    assert without_families(job, without(tiny.features, "image"), model, tiny.slates[2]).keys() == {"text"}
