"""A dataset grown by what its service has learned: the catalogue as it is now, and queries judged by what shoppers did.

It lies in <home>/grown/<name>. The dataset that it grew from is never changed, and each time all that log and catalogue hold is
laid over it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fuserank.click_models.click_log import HIGHEST
from fuserank.click_models.coec import expected
from fuserank.click_models.from_service import Asked, from_service, plain
from fuserank.click_models.grading import SOURCE
from fuserank.data.dataset import Dataset, write_dataset
from fuserank.inference_log import log_folder
from fuserank.pipeline.job import Job
from fuserank.pipeline.sides import side_of, sides_of
from fuserank.serving import catalogue_changes
from fuserank.types import Judgment, Product, Query

MANY = 0.5  # of those who look act: at least the lowest grade, on any scale


def grown(job: Job) -> Job:
    """The job over the grown dataset; the same job when nothing was learned."""
    base, media = job.dataset, dict[str, bytes]()
    products = _catalogue(job, media)
    known = {product.product_id: product.split for product in products}
    asked = _judged(job, known)
    if products == base.products and not asked:
        return job
    side_of_query = {query.query_id: query.split for query in base.queries}
    judgments = [j for j in _judgments(base) if j.product_id in known and known[j.product_id] in (None, side_of_query[j.query_id])]
    judgments += [Judgment(query.query_id, product, grade, SOURCE) for query, grades in asked for product, grade in grades.items()]
    queries = [*base.queries, *(query for query, _ in asked)]
    target = grown_folder(job.settings.home, base.name)
    write_dataset(
        target,
        base.manifest,
        products=products,
        queries=queries,
        judgments=judgments,
        interactions=[event for event in base.interactions if event.product_id in known],
        media=_media(base, [*products, *queries], media),
    )
    return Job(target, job.settings)


def grown_folder(home: Path, name: str) -> Path:
    """Where the grown dataset of a name lies."""
    return home / "grown" / name


def _catalogue(job: Job, media: dict[str, bytes]) -> list[Product]:
    """The products with all changes of the catalogue; the bytes of new media go into `media`."""
    base = {product.product_id: product for product in job.dataset.products}
    changes = catalogue_changes(job.settings.home, job.name, media)
    kept = {product_id: product for product_id, product in base.items() if product_id not in changes}
    new = [
        replace(product, attributes=base[product_id].attributes if product_id in base else product.attributes)
        for product_id, product in changes.items()
        if product is not None
    ]
    if any(product.split for product in base.values()):
        sides = sides_of(new, base.values())
        new = [replace(product, split=sides[product.product_id]) for product in new]
    return [*kept.values(), *new]


def _judged(job: Job, sides: Mapping[str, str | None]) -> list[tuple[Query, Mapping[str, int]]]:
    """Queries of the log with enough shoppers, whose acts tell products apart.

    Args:
        sides: product id -> side, of all products there are.
    """
    knobs, folder = job.settings.retraining, log_folder(job.settings.home, job.name)
    asked_before = {plain(query.text): query.split for query in job.dataset.queries if query.text}
    log, found = from_service(folder), []
    shoppers = dict(zip(log.queries.tolist(), np.bincount(log.query, minlength=len(log.queries)).tolist(), strict=True))
    for key, gains in expected(log, job.settings.monitoring.position_bias).by_query(log):
        asked = Asked.read(key)
        if asked.text and shoppers[key] >= knobs.shoppers:
            query = _query(asked, asked_before.get(asked.text) or side_of(asked.text))
            grades = _grades(gains, {p for p, side in sides.items() if side in (None, query.split)}, job.dataset.manifest.max_grade)
            if len(set(grades.values())) > 1:
                found.append((query, grades))
    return sorted(found, key=lambda pair: pair[0].query_id)


def _grades(gains: Mapping[str, float], known: set[str], max_grade: int) -> Mapping[str, int]:
    """product -> grade: the gain of a shopper who looks, on the scale of the dataset; a purchase by each is the highest."""
    return {product: round(max_grade * gain / HIGHEST) or int(gain >= MANY) for product, gain in gains.items() if product in known}


def _query(asked: Asked, split: str) -> Query:
    digest = hashlib.sha256(f"{asked.text}\0{asked.locale}".encode()).hexdigest()[:16]
    return Query(f"log-{digest}", asked.text, asked.locale, split=split)


def _judgments(base: Dataset) -> Iterator[Judgment]:
    table = base.table("judgments")
    columns = (table[name].to_pylist() for name in ("query_id", "product_id", "grade", "source"))
    return (Judgment(*row) for row in zip(*columns, strict=True))


def _media(base: Dataset, rows: Sequence[Product | Query], new: Mapping[str, bytes]) -> Iterator[bytes]:
    """Bytes of the media that the rows name, in their order; what is named and nowhere is left to validation."""
    for digest in dict.fromkeys(digest for row in rows for digest in (row.image, row.audio) if digest):
        if digest in new:
            yield new[digest]
        elif digest in base.media:
            yield base.media.get(digest)
