"""Learning from behaviour: shoppers whose taste and position bias are known visit the sample store; what do their clicks teach?

The older ranker finds what fits, more or less, and puts what is cheap on top: cheap products are clicked for their place. A worse
one also hides what is dear. Models are trained on what shoppers clicked there, validation included, and measured on test queries by
the true grades.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fuserank.click_models import CLICK_MODELS, ClickLog
from fuserank.click_models.from_interactions import from_interactions
from fuserank.click_models.grading import judged
from fuserank.data.sample.biased_shoppers import Crowd, visits
from fuserank.pipeline.clicked import ADDITIVE, slates_of_log
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.importing import SAMPLE
from fuserank.pipeline.studies.behaviour_figures import draw
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, ndcg_of
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import default_ranker, knobs_of, spec_of
from fuserank.slates import Slate, judged_slates
from fuserank.training import train

READ = ("text", "words", "lexical", "image", "numeric")
SHOP = Shop(SAMPLE, "behaviour", (("products", 600), ("queries", 300)), READ)
EPOCHS = 10
CLEAN = Crowd(sessions=10_000, liking=2.0)
TRUTH = "true grades"
WAYS = ("naive", "ipw", ADDITIVE)  # of the setting training.clicks
JUDGED = ("judged by pbm",)
CROWDS: dict[str, tuple[Crowd, tuple[str, ...]]] = {  # who comes, and what is learned from them
    "people": (CLEAN, (TRUTH, *WAYS, *JUDGED)),
    "people, dear products hidden": (replace(CLEAN, hides=2.0), ("naive", "ipw")),
    "5 % robots that click all": (replace(CLEAN, robots=0.05, robots_click="all"), ("ipw",)),
    "5 % robots that click the first": (replace(CLEAN, robots=0.05, robots_click="first"), ("ipw",)),
}
MORE = 10  # times as many sessions, for propensities
SOURCES = ("click_models", "data/sample/biased_shoppers.py", "pipeline/clicked.py", "position_term.py")


@dataclass(frozen=True)
class Logs:
    """Clicks on training and on validation queries."""

    train: ClickLog
    val: ClickLog


def learning_from_behaviour(workspace: Workspace, seeds: Sequence[int], tell: Tell, shop: Shop = SHOP) -> StudyResult:
    """nDCG@10 on test by way of learning, and how far propensities are from the truth."""
    bench = workspace.bench(shop).with_training(epochs=EPOCHS)
    cells = bench.cells("behaviour", *SOURCES)
    rows = []
    for crowd, (who, ways) in CROWDS.items():
        for way in ways:
            tell(f"{crowd}: {way}")
            found = [cells(f"{crowd}, {way}, seed {s}", partial(_quality, bench, who, way, s)) for s in seeds]
            rows.append(result_row("behaviour", bench, way, "fusion", found, crowd=crowd, values=found))
    for crowd, sessions in _measured():
        for model in CLICK_MODELS:
            tell(f"propensities, {crowd}, {sessions}: {model}")
            errors = [
                cells(f"{crowd}, {sessions}, {model}, seed {s}", partial(_errors, bench, CROWDS[crowd][0], sessions, model, s))
                for s in seeds
            ]
            rows.append(_propensities(bench, crowd, sessions, model, errors))
    return StudyResult("behaviour", "Learning from behaviour", rows, _words(rows), {"behaviour": draw(rows, CLEAN.examination)})


def _measured() -> list[tuple[str, int]]:
    """Crowds and numbers of sessions that propensities are estimated from."""
    return [(name, CLEAN.sessions) for name in CROWDS] + [("people", MORE * CLEAN.sessions)]


def logs_of(bench: Bench, crowd: Crowd, seed: int) -> Logs:
    """What a crowd does, dealt to training and validation queries by how many there are."""
    counts = [len(bench.train), len(bench.val)]
    rng, share = np.random.default_rng([seed, 1]), counts[1] / sum(counts)
    sessions = round(crowd.sessions * share)
    return Logs(
        _log(bench, bench.train, "train", replace(crowd, sessions=crowd.sessions - sessions), rng),
        _log(bench, bench.val, "val", replace(crowd, sessions=sessions), rng),
    )


def _log(bench: Bench, slates: Sequence[Slate], split: str, crowd: Crowd, rng: np.random.Generator) -> ClickLog:
    """Visits to the queries of these slates, over all products of the split."""
    dataset, queries = bench.job.dataset, [bench.features.queries.query_ids[slate.query] for slate in slates]
    products = [product for product in dataset.products if product.split in (None, split)]
    grades = np.array([[dataset.qrels[query].get(product.product_id, 0) for product in products] for query in queries])
    cheap = -np.log1p([product.price or 0.0 for product in products])
    cheap = (cheap - cheap.mean()) / cheap.std()
    return from_interactions(visits(grades, cheap, queries, [product.product_id for product in products], crowd, rng))


def _quality(bench: Bench, crowd: Crowd, way: str, seed: int) -> float:
    """Mean nDCG@10 on test, by true grades, of the default ranker trained in a way."""
    job, features = bench.job, bench.features
    train_slates, val_slates = _slates(bench, crowd, way, seed)
    spec = spec_of(job, features, default_ranker(job))
    ranker = train(spec, features, train_slates, val_slates, knobs_of(job), seed=seed).ranker
    return float(np.mean(ndcg_of(score_with(features, ranker, [m.name for m in job.modalities]), bench.test)))


def _slates(bench: Bench, crowd: Crowd, way: str, seed: int) -> tuple[list[Slate], list[Slate]]:
    """Training and validation slates; validation of additive position goes by inverse propensity, as nothing else is at hand."""
    if way == TRUTH:
        return bench.train, bench.val
    logs, dataset, features = logs_of(bench, crowd, seed), bench.job.dataset, bench.features
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


def _errors(bench: Bench, crowd: Crowd, sessions: int, model: str, seed: int) -> list[float]:
    """Relative error of the examination of each place."""
    log = logs_of(bench, replace(crowd, sessions=sessions), seed).train
    found = CLICK_MODELS[model](log).examination
    truth: np.ndarray = crowd.examination[: len(found)]
    return [float(error) for error in found / truth - 1]


def _propensities(bench: Bench, crowd: str, sessions: int, model: str, errors: Sequence[Sequence[float]]) -> Row:
    """A row whose value is the mean size of the relative error over places 2 and lower."""
    sizes = np.abs(errors)[:, 1:]
    row = result_row("behaviour", bench, model, "click model", sizes.mean(axis=1).tolist(), crowd=crowd, sessions=sessions)
    own = {"metric": "relative error of propensities", "split": "train", "worst": float(sizes.max()), "errors": [*errors]}
    return row | own


def _words(rows: Sequence[Row]) -> str:
    truth = next(row for row in rows if row["ranker"] == TRUTH)
    learned = [row for row in rows if row["kind"] == "fusion"]
    places = [row for row in rows if row["kind"] != "fusion"]
    return (
        f"{CLEAN.sessions:,} visits to the sample store with {SHOP.options[1][1]} queries. A place is looked at with probability "
        "1 / place, and what is looked at is clicked by its true grade. Models learn and validate on clicks alone, and are "
        "measured on test queries by true grades. Ratio: nDCG@10 over that of training on true grades, mean over seeds. "
        f"Modalities: {', '.join(READ)}; {EPOCHS} epochs.\n\n"
        + table(("who came", "learned from", "nDCG@10", "ratio"), [_line(row, truth) for row in learned])
        + "\nHow far propensities are from the truth, over places 2 to 10: mean size of the relative error, and the worst place of "
        "all seeds.\n\n" + table(("who came", "visits", "click model", "mean error", "worst"), [_place_line(row) for row in places])
    )


def _line(row: Row, truth: Mapping[str, list[float]]) -> tuple[str, ...]:
    ratio = np.array(row["values"]) / np.array(truth["values"])
    return row["crowd"], row["ranker"], mean_and_spread(row), f"{ratio.mean():.1%} ± {ratio.std():.1%}"


def _place_line(row: Row) -> tuple[str, ...]:
    return row["crowd"], f"{row['sessions']:,}", row["ranker"], f"{row['mean']:.1%}", f"{row['worst']:.1%}"
