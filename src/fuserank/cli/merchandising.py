"""Commands over rules of merchandising: check, preview, release."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, Told, app, counted, job_of, tells
from fuserank.cli.completion import SPLITS, among, released
from fuserank.cli.contents import RULES, chapters
from fuserank.progress import bar_of, working

if TYPE_CHECKING:
    from fuserank.pipeline.merchandising import Preview

rules = chapters("rules", RULES, "Merchandising: pins, boosts, filters, synonyms, by date.")
app.add_typer(rules, name="rules")

File = Annotated[Path, typer.Argument(help="a file of rules, TOML or JSON")]
Split = Annotated[str, typer.Option(help="whose queries are asked", autocompletion=among(*SPLITS))]


@rules.command()
@tells
def check(file: File) -> Told:
    """Check a file of rules, and say which hold today."""
    from fuserank.merchandising import read_rules
    from fuserank.merchandising.compiled import utc_now

    found, now = read_rules(file), utc_now()
    outside = [rule.name for rule in found.rules if not rule.holds_at(now)]
    holding = len(found.rules) - len(outside)
    line = f"{counted(len(found.rules), 'rule')}, version {found.version[:12]}; {holding} within their dates now"
    value = {"version": found.version, "rules": len(found.rules), "holding": holding, "outside": outside}
    return Told(value, (line, *(f"outside its dates: {escape(name)}" for name in outside)))


@rules.command()
@tells
def preview(
    file: File,
    data: Data,
    text: Annotated[str | None, typer.Option(help="words of one query; none: all queries of the split")] = None,
    locale: Annotated[str, typer.Option(help="of that query")] = "",
    split: Split = "test",
) -> Told:
    """Ask the champion without and with rules.

    What moves, by which rule, and what nDCG@10 it costs on judged queries.
    """
    from fuserank.merchandising import read_rules
    from fuserank.pipeline.merchandising import preview_queries, preview_text, told

    found, job = read_rules(file), job_of(data)
    if text is not None:
        with working("asking"):
            previews = [preview_text(job, found, text, locale)]
    else:
        with bar_of("asking") as progress:
            previews = preview_queries(job, found, split, progress)
    return Told(told(previews), *(_one(previews[0]) if text is not None else _all(previews)))


@rules.command()
@tells
def release(
    file: File,
    name: Annotated[str, typer.Argument(help="the dataset, with its regime", autocompletion=released)],
    reason: Annotated[str, typer.Option(help="why; it stands in the log")],
) -> Told:
    """Put rules live; services take them up within seconds.

    An empty file takes all rules away.
    """
    from fuserank.pipeline.merchandising import release_rules
    from fuserank.settings import load_settings

    found = release_rules(load_settings().home, name, file, reason)
    line = f"{counted(len(found.rules), 'rule')} released for {escape(name)}, version {found.version[:12]}"
    return Told({"dataset": name, "version": found.version, "rules": len(found.rules)}, (line,))


@rules.command()
@tells
def diversity(
    data: Data,
    values: Annotated[list[float] | None, typer.Option("--value", min=0, max=1, help="of serving.diversity; repeatable")] = None,
    split: Split = "test",
) -> Told:
    """Measure what diversity costs: nDCG@10 beside likeness.

    For several values of serving.diversity, with the intra-list similarity of the best ten.
    """
    from fuserank.pipeline.merchandising import diversity_costs

    table = Table("diversity", "nDCG@10", "intra-list similarity", "judged queries")
    with bar_of("asking") as progress:
        costs = list(diversity_costs(job_of(data), values or [0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0], split, progress))
    for cost in costs:
        table.add_row(f"{cost.diversity:g}", f"{cost.ndcg:.3f}", f"{cost.likeness:.3f}", str(cost.queries))
    return Told(costs, (table,))


def _one(one: Preview) -> tuple[tuple[Table | str, ...], tuple[str, ...]]:
    """The best ten, with the place by the model alone."""
    table = Table("place", "model", "product", "title", "moved by")
    for line in one.after.results[:10]:
        cells = (line.product_id, line.title, ", ".join(line.moved_by))
        table.add_row(str(line.rank), str(line.model_rank), *map(escape, cells))
    return (table,), tuple(one.after.notes)


def _all(previews: list[Preview]) -> tuple[tuple[Table | str, ...], tuple[str, ...]]:
    """Queries that change, most costly first, and what all of it costs."""
    changed = [one for one in previews if one.moved or one.after.rules]
    table = Table("query", "words", "moved in the top 10", "nDCG@10 before", "after", "rules")
    for one in sorted(changed, key=lambda one: one.ndcg[1] - one.ndcg[0] if one.ndcg else 0.0):
        values = [f"{value:.3f}" for value in one.ndcg] if one.ndcg else ["", ""]
        table.add_row(escape(one.query_id), escape(one.text), str(len(one.moved)), *values, escape(", ".join(one.after.rules)))
    notes = {note: one for one in changed for note in one.after.notes}
    judged = [one.ndcg for one in previews if one.ndcg]
    lines = [f"{len(changed)} of {counted(len(previews), 'query', 'queries')} change"]
    if judged:
        before, after = (fmean(side) for side in zip(*judged, strict=True))
        lines.append(f"nDCG@10 of {len(judged)} judged queries: {before:.4f} before, {after:.4f} after ({after - before:+.4f})")
    return (table, *lines), tuple(f"{one.query_id}: {note}" for note, one in notes.items())
