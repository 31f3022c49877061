"""Commands that look at a trained ranker and at new data: explanations, drift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, Told, app, job_of, tells, time_of
from fuserank.cli.completion import folders
from fuserank.errors import InputError
from fuserank.progress import named_bars, working

TITLE = 40  # characters of a title in a table

if TYPE_CHECKING:
    from fuserank.monitoring import Verdict
    from fuserank.pipeline.job import Job


@app.command()
@tells
def explain(
    data: Data,
    query: Annotated[str | None, typer.Option(help="id of a query of the dataset")] = None,
    text: Annotated[str | None, typer.Option(help="or the words of one")] = None,
    top: Annotated[int, typer.Option(min=1, help="how many products, best first")] = 10,
    closely: Annotated[int, typer.Option(min=0, help="of how many words, fields and pictures are explained too")] = 3,
) -> Told:
    """Say why the champion orders products as it does.

    Shares of modalities, words, fields; heat maps on a page.
    """
    from fuserank.explain import PARTS
    from fuserank.pipeline.explain import asked, explain_query

    job = job_of(data)
    question = asked(job, query, text)
    with named_bars() as bars:
        found, page = explain_query(job, question, top=top, closely=closely, parts=tuple(PARTS) if closely else (), progress=bars)
    names = list(dict.fromkeys(name for product in found.products for name in product.modalities))
    titles = {product.product_id: product.title for product in job.dataset.products}
    table = Table("", "product", "title", "score", *names, title=f"{job.name}: {escape(found.words or found.query_id)}")
    for product in found.products:
        shares = [f"{product.modalities[name]:+.2f}" if name in product.modalities else "" for name in names]
        table.add_row(
            str(product.rank),
            escape(product.product_id),
            escape(titles[product.product_id][:TITLE]),
            f"{product.score:.2f}",
            *shares,
        )
    return Told({"explanation": found, "page": page}, (table, escape(f"page: {page}")))


@app.command()
@tells
def monitor(
    data: Data,
    current: Annotated[
        Path | None, typer.Argument(help="the batch to judge; none: train against test", autocompletion=folders)
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="judge what the service was asked, answered and got into its catalogue")
    ] = False,
    since: Annotated[str | None, typer.Option(help="with --log: answers from this time on, ISO 8601; without a zone UTC")] = None,
    until: Annotated[str | None, typer.Option(help="with --log: answers before this time")] = None,
) -> Told:
    """Judge drift of a batch, or of what the service is asked.

    Against what the champion was trained on.
    """
    from fuserank.pipeline.monitor import PAGE, VERDICTS, watch_log

    job = job_of(data)
    if not log:
        if since or until:
            raise InputError("--since and --until without --log", allowed="with --log", todo="add --log, or leave them out")
        return _monitor_batch(job, current)
    if current is not None:
        raise InputError(f"--log and the batch {current}", allowed="one of them", todo="leave one out")
    span = {"since": time_of("since", since), "until": time_of("until", until)}
    with working("judging the log"):
        verdict = watch_log(job, **span)
    return _told(verdict, job.reports / "drift" / VERDICTS / verdict.id / PAGE)


def _monitor_batch(job: Job, current: Path | None) -> Told:
    from fuserank.pipeline.extract import extract as step
    from fuserank.pipeline.monitor import PAGE, watch

    with named_bars() as bars:
        features, _ = step(job, progress=bars)
    with working("judging drift"):
        verdict = watch(job, features, job_of(current) if current else None)
    return _told(verdict, job.reports / "drift" / PAGE)


def _told(verdict: Verdict, page: Path) -> Told:
    line = f"{'drift' if verdict.drift else 'no drift'}: {verdict.reason}; page: {page}"
    return Told({"verdict": verdict, "page": page}, (escape(line),), tuple(verdict.notes))
