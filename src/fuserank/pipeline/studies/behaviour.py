"""Learning from behaviour: shoppers whose taste and position bias are known visit the sample store; what do their clicks teach?

Models are trained on what shoppers clicked, validation included, and measured on test queries by the true grades.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from fuserank.click_models import CLICK_MODELS, ClickLog
from fuserank.click_models.grading import judged
from fuserank.metrics.significance import paired_p
from fuserank.pipeline.clicked import ADDITIVE, slates_of_log
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.importing import SAMPLE
from fuserank.pipeline.studies.behaviour_figures import draw
from fuserank.pipeline.studies.behaviour_scenes import CLEAN, SCENES, TRUTH, WAYS, Scene, logs_of
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, ndcg_of
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import default_ranker, knobs_of, spec_of
from fuserank.slates import Slate, judged_slates
from fuserank.training import train

READ = ("text", "words", "lexical", "image", "numeric")
SHOP = Shop(SAMPLE, "behaviour", (("products", 600), ("queries", 150)), READ)
EPOCHS = 10
MORE = 10  # times as many sessions, for propensities
SOURCES = (
    "pipeline/studies/behaviour_scenes.py",
    "click_models",
    "data/sample/biased_shoppers.py",
    "pipeline/clicked.py",
    "position_term.py",
)


def learning_from_behaviour(
    workspace: Workspace, seeds: Sequence[int], tell: Tell, shop: Shop = SHOP, scenes: Mapping[str, Scene] = SCENES
) -> StudyResult:
    """nDCG@10 on test by way of learning, and how far propensities are from the truth.

    Args:
        scenes: the first of them is learned from by the true grades as well.
    """
    bench = workspace.bench(shop).with_training(epochs=EPOCHS)
    cells = bench.cells("behaviour", *SOURCES)
    rows = []
    for name, scene in scenes.items():
        for way in scene.ways:
            tell(f"{name}: {way}")
            found = [cells(f"{name}, {way}, seed {s}", partial(_quality, bench, scene, way, s)) for s in seeds]
            of_seed = np.mean(found, axis=1).tolist()
            own = {"crowd": name, "values": of_seed, "of_query": np.mean(found, axis=0).tolist()}
            rows.append(result_row("behaviour", bench, way, "fusion", of_seed, **own))
    for name, sessions in _measured(scenes):
        scene = replace(scenes[name], crowd=replace(scenes[name].crowd, sessions=sessions))
        for model in CLICK_MODELS:
            tell(f"propensities, {name}, {sessions}: {model}")
            errors = [cells(f"{name}, {sessions}, {model}, seed {s}", partial(_errors, bench, scene, model, s)) for s in seeds]
            rows.append(_propensities(bench, name, sessions, model, errors))
    return StudyResult("behaviour", "Learning from behaviour", rows, _words(rows), {"behaviour": draw(rows, CLEAN.examination)})


def _measured(scenes: Mapping[str, Scene]) -> list[tuple[str, int]]:
    """Scenes and numbers of sessions that propensities are estimated from; the first scene also with more."""
    as_they_are = [(name, scene.crowd.sessions) for name, scene in scenes.items()]
    return [*as_they_are, (as_they_are[0][0], MORE * as_they_are[0][1])]


def _quality(bench: Bench, scene: Scene, way: str, seed: int) -> list[float]:
    """nDCG@10 of each test query, by true grades, of the default ranker trained in a way."""
    job, features = bench.job, bench.features
    train_slates, val_slates = _slates(bench, scene, way, seed)
    spec = spec_of(job, features, default_ranker(job))
    ranker = train(spec, features, train_slates, val_slates, knobs_of(job), seed=seed).ranker
    return ndcg_of(score_with(features, ranker, [m.name for m in job.modalities]), bench.test)


def _slates(bench: Bench, scene: Scene, way: str, seed: int) -> tuple[list[Slate], list[Slate]]:
    """Training and validation slates; validation of additive position goes by inverse propensity, as nothing else is at hand."""
    if way == TRUTH:
        return bench.train, bench.val
    logs, dataset, features = logs_of(bench, scene, seed), bench.job.dataset, bench.features
    if way in WAYS:
        of_val = "ipw" if way == ADDITIVE else way
        return (
            slates_of_log(features, dataset, logs.train, way, "train"),
            slates_of_log(features, dataset, logs.val, of_val, "val"),
        )
    model = CLICK_MODELS[way.removeprefix("judged by ")]

    def slates(log: ClickLog, split: str) -> list[Slate]:
        grades = dict(judged(log, model(log), max_grade=dataset.manifest.max_grade))
        return list(judged_slates(features, dataset, split, grades=grades))

    return slates(logs.train, "train"), slates(logs.val, "val")


def _errors(bench: Bench, scene: Scene, model: str, seed: int) -> list[float]:
    """Relative error of the examination of each place."""
    log = logs_of(bench, scene, seed).train
    found = CLICK_MODELS[model](log).examination
    truth: np.ndarray = scene.crowd.examination[: len(found)]
    return [float(error) for error in found / truth - 1]


def _propensities(bench: Bench, crowd: str, sessions: int, model: str, errors: Sequence[Sequence[float]]) -> Row:
    """A row whose value is the mean size of the relative error over places 2 and lower."""
    sizes = np.abs(errors)[:, 1:]
    row = result_row("behaviour", bench, model, "click model", sizes.mean(axis=1).tolist(), crowd=crowd, sessions=sessions)
    own = {"metric": "relative error of propensities", "split": "train", "worst": float(sizes.max()), "errors": [*errors]}
    return row | own


def _words(rows: Sequence[Row]) -> str:
    learned = {(row["crowd"], row["ranker"]): row for row in rows if row["kind"] == "fusion"}
    places = [row for row in rows if row["kind"] != "fusion"]
    truth = next(row for row in rows if row["ranker"] == TRUTH)
    return (
        f"{CLEAN.sessions:,} visits to the sample store with {SHOP.options[1][1]} queries. A place is looked at with probability "
        "1 / place, and what is looked at is clicked by its true grade. The older ranker finds what is of the right kind, and "
        "orders it by BM25; in the last two scenes it goes by grades and price. Models learn and validate on clicks alone, and are "
        "measured on test queries by true grades. Ratio: nDCG@10 over that of training on true grades, mean over seeds and lowest. "
        "p: paired randomisation test over test queries against `naive` of the same scene, two-sided. "
        f"Modalities: {', '.join(READ)}; {EPOCHS} epochs.\n\n"
        + table(
            ("who came", "learned from", "nDCG@10", "ratio", "p against naive"),
            [_line(row, truth, learned.get((scene, "naive"))) for (scene, _), row in learned.items()],
        )
        + "\nHow far propensities are from the truth, over places 2 to 10: mean size of the relative error, and the worst place of "
        "all seeds.\n\n" + table(("who came", "visits", "click model", "mean error", "worst"), [_place_line(row) for row in places])
    )


def _line(row: Row, truth: Row, naive: Row | None) -> tuple[str, ...]:
    ratio = np.array(row["values"]) / np.array(truth["values"])
    other = naive is not None and row is not naive and row is not truth
    p = f"{paired_p(np.array(row['of_query']), np.array(naive['of_query'])):.3f}" if naive is not None and other else ""
    return row["crowd"], row["ranker"], mean_and_spread(row), f"{ratio.mean():.1%} ({ratio.min():.1%})", p


def _place_line(row: Row) -> tuple[str, ...]:
    return row["crowd"], f"{row['sessions']:,}", row["ranker"], f"{row['mean']:.1%}", f"{row['worst']:.1%}"
