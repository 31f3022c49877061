"""Commands that compare: champion and challenger on live traffic, two registered models on judged queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, Told, app, counted, job_of, models, tells, time_of
from fuserank.cli.completion import released, versions
from fuserank.pages import DASH, number
from fuserank.progress import working

if TYPE_CHECKING:
    from fuserank.online_evaluation import Comparison
    from fuserank.pipeline.compare_models import ModelComparison

WORST = 10  # queries in the terminal


@app.command()
@tells
def compare(
    data: Data,
    first: Annotated[str, typer.Argument(help="champion, a version, a model folder, a baseline, run:FILE, or MODEL+RULES.toml")],
    second: Annotated[str, typer.Argument(help="likewise: the one that is held against it")],
    queries: Annotated[int, typer.Option(min=1, max=500, help="at most so many on the page; the JSON has all")] = 30,
) -> Told:
    """Compare two rankers query by query: what got worse, and why.

    On held-out queries, with the pictures of what each shows.
    """
    from fuserank.pipeline.seeing.comparing import compare as step

    with working("comparing"):
        found = step(job_of(data), first, second, queries=queries)
    table = Table("query", "words", "first", "second", "difference", title=escape(f"{second} against {first}: the worst queries"))
    for row in found.queries[:WORST]:
        values = (f"{row['first']:.3f}", f"{row['second']:.3f}", f"{row['difference']:+.3f}")
        table.add_row(escape(row["query_id"]), escape(row["text"]), *values)
    s = found.summary
    line = (
        f"nDCG@10 {s.first:.4f} to {s.second:.4f} over {counted(s.queries, 'test query', 'test queries')}: {s.difference:+.4f} "
        f"(95 % interval {s.low:+.4f} to {s.high:+.4f}), p = {s.p:.4g}; worse {s.worse}, same {s.same}, better {s.better}"
    )
    value = {"summary": s, "queries": found.queries, "page": found.page}
    return Told(value, (table, escape(line), escape(f"page: {found.page}")))


@app.command()
@tells
def traffic(
    name: Annotated[str, typer.Argument(help="the dataset, with its regime, whose service kept a log", autocompletion=released)],
    since: Annotated[str | None, typer.Option(help="answers from this time on, ISO 8601; without a zone UTC")] = None,
    until: Annotated[str | None, typer.Option(help="answers before this time")] = None,
    champion: Annotated[str | None, typer.Option(help="its version; default: of the newest answers that compare")] = None,
    challenger: Annotated[str | None, typer.Option(help="likewise")] = None,
) -> Told:
    """Compare champion and challenger on live traffic.

    Shadow, canary and interleaved answers, with what shoppers did.
    """
    from fuserank.online_evaluation.comparison import PAGE
    from fuserank.pipeline.compare_online import compare_online
    from fuserank.settings import load_settings

    span = {option: time_of(option, text) for option, text in (("since", since), ("until", until))}
    found, folder = compare_online(load_settings(), name, champion=champion, challenger=challenger, **span)
    page = folder / PAGE
    return Told({"comparison": found, "page": page}, (_table(found), *_lines(found), escape(f"page: {page}")))


def _table(found: Comparison) -> Table:
    """What shoppers did, a row a measure."""
    table = Table(
        "", "measure", "champion", "challenger", "difference", "p", title=escape(f"{found.challenger} against {found.champion}")
    )
    shadow = [found.shadow.ndcg] if found.shadow and found.shadow.ndcg else []
    for part, contrasts in (("shadow", shadow), ("canary", found.canary.measures if found.canary else ())):
        for c in contrasts:
            p = c.p if c.p_adjusted is None else c.p_adjusted
            table.add_row(part, c.measure, f"{c.champion:.3f}", f"{c.challenger:.3f}", f"{c.difference:+.3f}", number(p))
    for taken in found.interleaved.preferences if found.interleaved else ():
        won = (str(taken.losses), str(taken.wins), f"{taken.delta:+.3f} ({number(taken.low)} … {number(taken.high)})")
        table.add_row("interleaved", f"requests won, by {taken.action}", *won, number(taken.p))
    return table


def _lines(found: Comparison) -> list[str]:
    """How many requests, how far the orders of a shadow are apart, and what is missing."""
    lines = []
    if shadow := found.shadow:
        lines.append(
            f"shadow: {shadow.requests} requests, Kendall {number(shadow.kendall)}, Spearman {number(shadow.spearman)}, "
            f"overlap@10 {number(shadow.overlap)}, same first product {number(shadow.same_first)}"
        )
    if canary := found.canary:
        lines.append(f"canary: {canary.requests[0]} requests of the champion, {canary.requests[1]} of the challenger")
    if both := found.interleaved:
        lines.append(f"interleaved: {both.requests} requests")
    if found.broken:
        lines.append(f"[yellow]note:[/] damaged segments are left out: {escape(', '.join(found.broken))}")
    return lines


@models.command("compare")
@tells
def models_compare(
    data: Data,
    first: Annotated[str, typer.Argument(help="a version; its beginning or end will do", autocompletion=versions)],
    second: Annotated[str, typer.Argument(help="the one that is held against it", autocompletion=versions)],
) -> Told:
    """Hold two models against each other.

    Metrics, what differs in their making, and a paired test on the same queries.
    """
    from fuserank.pipeline.compare_models import compare_models
    from fuserank.pipeline.gate import registry

    job = job_of(data)
    chosen = (registry(job).find(text) for text in (first, second))
    found = compare_models(job.settings.home, job.name, *chosen, data=job.dataset.version)
    return Told(found, (_side_by_side(found), escape(_verdict(found))))


def _side_by_side(found: ModelComparison) -> Table:
    table = Table("", *found.versions, box=None, pad_edge=False)
    table.add_row("ranker", *(escape(meta.name) for meta in found.metas))
    measured = found.paired.measured if found.paired else {}
    for name, pair in {**found.metrics, **measured}.items():
        table.add_row(escape(name), *(number(value, 4) for value in pair))
    for name, pair in found.differing.items():
        table.add_row(escape(name), *(escape(_said(value)) for value in pair))
    return table


def _said(value: Any) -> str:
    return DASH if value is None or value == "" else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _verdict(found: ModelComparison) -> str:
    if (test := found.paired) is None:
        return f"no paired test: {found.why_not}"
    return (
        f"second against first on {test.queries} test queries of data {test.data}: nDCG@10 {test.difference:+.4f}, "
        f"p = {test.p:.4g} (paired, two-sided); better on {test.better}, worse on {test.worse}, the same on {test.same}"
    )
