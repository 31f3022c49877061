"""Monitoring of a service: its traffic, its catalogue and its feedback against what its champion was trained on."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuserank.features import extended
from fuserank.features.catalogue import Catalogue
from fuserank.files import write_file
from fuserank.inference_log import log_folder, read_log
from fuserank.monitoring import Side, Verdict, judge
from fuserank.monitoring.drift import FEWEST
from fuserank.monitoring.feedback import QualityChange, compare_quality, wishes
from fuserank.monitoring.history import Judged, remember
from fuserank.monitoring.traffic import READ, traffic_side
from fuserank.monitoring.verdict import together
from fuserank.online_evaluation.click_gains import acts_of
from fuserank.pages import render
from fuserank.pipeline.job import Job
from fuserank.pipeline.replay import Watched, replayed, watched
from fuserank.serving import catalogue_changes
from fuserank.types import SCHEMAS, Product

PARTS = 3  # traffic, catalogue, feedback: each has a third of the level
UNCOMPARED = {"history", "text_tokens"}  # repeat what `text` shows
ID = "%Y%m%dT%H%M%SZ"  # of a verdict
CLICKED = ("request_id", "time", "model_version", "role", "user", "session_id", "product_ids")


def watch_traffic(job: Job, *, since: datetime | None = None, until: datetime | None = None) -> Judged:
    """Judge the traffic of the champion that is released now, write the report, and add the verdict to the history.

    Args:
        since: the first moment that is judged, aware of its time zone; None: `monitoring.days` before `until`.
        until: the moment after the last; None: now.

    Raises:
        InputError: nothing is released, or the dataset that its champion was trained on is not here any more.
    """
    knobs, until = job.settings.monitoring, until or datetime.now(UTC)
    since = since or until - timedelta(days=knobs.days)
    found, name, out = watched(job), until.strftime(ID), job.reports / "drift"
    settings = knobs.model_dump(include={"column_share", "sample"}) | {"alpha": knobs.alpha / PARTS}
    verdict, answers = _judge(job, found, since, until, settings, out / name / "evidently.html")
    verdict.write(out / name)
    judged = Judged(
        verdict=name,
        since=since,
        until=until,
        package=found.package.name,
        answers=answers,
        drift=verdict.drift,
        reason=verdict.reason,
    )
    known = remember(job.settings.home, job.name, judged)
    _write_history(out, known, knobs.keep)
    return judged


def _judge(job: Job, found: Watched, since: datetime, until: datetime, settings: dict[str, Any], html: Path) -> tuple[Verdict, int]:
    """The verdict, and on how many answers."""
    folder, version = log_folder(job.settings.home, job.name), found.service.package.version
    rows, broken = read_log(folder, "rankings", since=since, until=until, columns=READ)
    rows = rows.filter(pc.and_(pc.not_equal(rows["role"], "shadow"), pc.equal(rows["model_version"], version)))
    modalities = [m.name for m in found.service.modalities if m.encoder and m.name not in UNCOMPARED]
    reference = traffic_side(f"queries of {job.name}", replayed(found, job.settings.home), modalities)
    current = traffic_side(f"traffic until {until:%Y-%m-%d %H:%M} UTC", rows, modalities)
    pairs, notes = [(reference, current)], [f"damaged segments of the log were left out: {', '.join(broken)}"] if broken else []
    pairs.append(_catalogues(job, found))
    verdicts = []
    for before, now in pairs:
        if min(before.rows, now.rows) >= FEWEST:
            verdicts.append(judge(before, now, html=html if before is reference else None, **settings))
        else:
            notes.append(f"{now.name} was not judged: {before.rows} {before.kind} before, {now.rows} now; {FEWEST} are needed")
    quality = _quality(job, version, since, until, settings["alpha"])
    return together(reference.name, current.name, verdicts, quality, notes), len(rows)


def _catalogues(job: Job, found: Watched) -> tuple[Side, Side]:
    """The products that the champion was trained on, and those that are new or changed since."""
    media: dict[str, bytes] = {}
    before = {product.product_id: _content(product) for product in found.dataset.products}
    changes = catalogue_changes(job.settings.home, job.name, media)
    new = [product for product_id, product in changes.items() if product and before.get(product_id) != _content(product)]
    catalogue = found.service.stock.catalogue
    fresh, rows = {product.product_id for product in new}, catalogue.row_of
    old = [p for p in found.dataset.products if p.product_id in rows and p.product_id not in fresh]
    grown, _ = extended(catalogue, new, found.service.modalities, media.__getitem__)
    return (
        _products_side(f"catalogue of {found.package.name}", old, catalogue, np.array([rows[p.product_id] for p in old], int)),
        _products_side("what is new in the catalogue", new, grown, np.arange(len(catalogue), len(grown))),
    )


def _content(product: Product) -> dict[str, Any]:
    """What can be changed of a product from outside."""
    return {name: value for name, value in asdict(product).items() if name not in ("split", "attributes")}


def _products_side(name: str, products: Iterable[Product], catalogue: Catalogue, rows: np.ndarray) -> Side:
    table = pa.Table.from_pylist([asdict(product) for product in products], schema=SCHEMAS["products"])
    vectors = {m: np.asarray(catalogue.vectors[m][rows]) for m in catalogue.vectors if m not in UNCOMPARED}
    present = {m: np.asarray(catalogue.present[rows])[:, catalogue.modalities.index(m)] for m in vectors}
    return Side.of(name, table, SCHEMAS["queries"].empty_table(), vectors, present)


def _quality(job: Job, version: str, since: datetime, until: datetime, alpha: float) -> QualityChange:
    """Feedback on the champion's answers in the window, against that on its answers before."""
    folder, bias = log_folder(job.settings.home, job.name), job.settings.monitoring.position_bias
    acts = acts_of(folder)
    sides: tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]] = ({}, {})  # before the window, in it
    rows, _ = read_log(folder, "rankings", until=until, columns=CLICKED)
    for row in rows.filter(pc.and_(pc.equal(rows["model_version"], version), pc.not_equal(rows["role"], "shadow"))).to_pylist():
        done = acts.get(row["request_id"], {})
        ranks = [rank for rank, product in enumerate(row["product_ids"], start=1) if product in done]
        if ranks:
            side = sides[row["time"] >= since]
            shopper = row["user"] or row["session_id"] or row["request_id"]
            new = wishes(ranks, [done[row["product_ids"][rank - 1]] for rank in ranks], position_bias=bias)
            old = side.get(shopper, (0.0, 0.0))
            side[shopper] = (old[0] + new[0], old[1] + new[1])
    before, now = ({who: sums for who, sums in side.items() if sums[1] > 0} for side in sides)
    return compare_quality(before, now, alpha=alpha)


def _write_history(out: Path, known: list[Judged], keep: int) -> None:
    """The page of all verdicts; reports but the last `keep` are removed."""
    for old in known[:-keep]:
        shutil.rmtree(out / old.verdict, ignore_errors=True)
    kept = {judged.verdict for judged in known[-keep:]}
    write_file(out / "history.html", render("drift_history.html", verdicts=known[::-1], kept=kept))
