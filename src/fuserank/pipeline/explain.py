"""Explaining the champion's order of one query, as a page that a person reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from fuserank.errors import InputError, RequestError
from fuserank.explain import Explanation, Shop, explain
from fuserank.features.extraction import Progress
from fuserank.files import write_file
from fuserank.model_folder import check_encoders, load_model
from fuserank.pages import render
from fuserank.pipeline.explanation_page import page_context
from fuserank.pipeline.extract import features_of
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import families_of
from fuserank.ranker import Ranker
from fuserank.serving.retrieval import retrieve
from fuserank.slates import keep_modalities, project_catalogue
from fuserank.types import Query

DEPTH = 50  # products that each retriever gives
NAME_BYTES = 80  # of a page's name, well below what file systems take


def champion(job: Job) -> tuple[Ranker, tuple[str, ...]]:
    """The reigning ranker of a dataset, and the product modalities that it sees.

    Raises:
        InputError: nobody reigns, because the chain did not run yet or its gate promoted nothing.
        StaleFeatureError: an encoder is not the one that it was trained with.
    """
    models = registry(job)
    reigning = models.champion()
    if reigning is None:
        again, note = f"python -m flows.chain {job.data}", job.reports / "gate.json"
        if note.exists():
            raise InputError(
                f"no champion of {job.name}: the gate promoted no model", todo=f"see why in {note}, mend it, and run again: {again}"
            )
        raise InputError(f"no champion of {job.name}", todo=f"run the chain first: {again}")
    ranker, meta = load_model(models.path(reigning))
    check_encoders(meta, job.modalities)
    return ranker, tuple(meta.settings.get("keep", [m.name for m in job.modalities]))


def asked(job: Job, query_id: str | None, text: str | None) -> Query:
    """A query of the dataset, or one of words.

    Raises:
        InputError: neither or both are given, or the dataset has no such query.
    """
    if (query_id is None) == (text is None):
        came = "no query" if text is None else "a query id and words"
        raise InputError(came, allowed="one of both", todo="give --query or --text")
    if text is not None:
        return Query(f"asked {text}", text=text)  # the page is named for it
    queries = {query.query_id: query for query in job.dataset.queries}
    if query_id not in queries:
        some = ", ".join(list(queries)[:3])
        raise InputError(f"no query {query_id!r}", allowed=f"{len(queries)} ids such as {some}", todo="look it up in the queries")
    return queries[query_id]


def explain_query(
    job: Job,
    query: Query,
    *,
    top: int = 10,
    parts: Sequence[str] = (),
    closely: int = 3,
    progress: Progress | None = None,
) -> tuple[Explanation, Path]:
    """Explain how the champion orders what the catalogue has for a query; write the explanation as a page and as JSON.

    Args:
        top, parts, closely: as of `fuserank.explain.explain`.
        progress: of extraction.

    Returns:
        the explanation, and the path of the page.

    Raises:
        RequestError: nothing in the catalogue can be looked up for the query.
    """
    data, (ranker, keep) = job.dataset, champion(job)
    features, _ = features_of(job, data.products, [query], data.media.get, progress=progress)
    rows = retrieve(job.modalities, features.catalogue, features.queries, DEPTH)
    if not len(rows):
        raise RequestError(f"query {query.query_id!r} finds nothing", todo="ask with other words, or for another query")
    (slate,) = keep_modalities([features.slate(0, rows)], ranker.spec.modalities, keep)
    products = {product.product_id: product for product in data.products}
    explanation = explain(
        ranker,
        project_catalogue(ranker, features),
        features,
        slate,
        top=top,
        families=families_of(job, features),
        parts=parts,
        closely=closely,
        shop=Shop(products.__getitem__, data.media.get, query),
    )
    folder, name = job.reports / "explanations", _file_name(query.query_id)
    write_file(folder / f"{name}.json", json.dumps(explanation.as_dict(), ensure_ascii=False, indent=1))
    page = folder / f"{name}.html"
    write_file(page, render("explanation.html", **page_context(job, explanation, query, products, ranker.spec.name)))
    return explanation, page


def _file_name(query_id: str) -> str:
    """A name that no file system refuses: the id where it is one, else what is left of it and a hash, for each id its own."""
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in query_id).encode()[:NAME_BYTES].decode(errors="ignore")
    return kept if kept == query_id else f"{kept}-{hashlib.sha256(query_id.encode()).hexdigest()[:8]}"
