"""Commands over rules of merchandising: check, preview, release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, app, job_of, out, print_wide
from fuserank.progress import bar_of

if TYPE_CHECKING:
    from fuserank.pipeline.merchandising import Preview

rules = typer.Typer(help="Merchandising: pins, boosts, buries, filters and synonyms, with dates.", no_args_is_help=True)
app.add_typer(rules, name="rules")

File = Annotated[Path, typer.Argument(help="a file of rules, TOML or JSON")]
Json = Annotated[bool, typer.Option("--json", help="for machines")]


@rules.command()
def check(file: File) -> None:
    """Say whether a file of rules is as it must be, and which of its rules hold today."""
    from fuserank.merchandising import read_rules
    from fuserank.merchandising.compiled import utc_now

    found, now = read_rules(file), utc_now()
    holding = sum(rule.holds_at(now) for rule in found.rules)
    out.print(f"{len(found.rules)} rules, version {found.version[:12]}; {holding} within their dates now")
    for rule in found.rules:
        if not rule.holds_at(now):
            out.print(f"outside its dates: {escape(rule.name)}")


@rules.command()
def preview(
    file: File,
    data: Data,
    text: Annotated[str | None, typer.Option(help="words of one query; none: all queries of the split")] = None,
    locale: Annotated[str, typer.Option(help="of that query")] = "",
    split: Annotated[str, typer.Option(help="whose queries are asked")] = "test",
    json: Json = False,
) -> None:
    """Ask the released champion without and with rules: what moves, by which rule, and what nDCG@10 it costs on judged queries."""
    from fuserank.merchandising import read_rules
    from fuserank.pipeline.merchandising import preview_queries, preview_text, told

    found, job = read_rules(file), job_of(data)
    if text is not None:
        previews = [preview_text(job, found, text, locale)]
    else:
        with bar_of("asking") as progress:
            previews = preview_queries(job, found, split, progress)
    if json:
        out.print(told(previews), markup=False, highlight=False)
    elif text is not None:
        _tell_one(previews[0])
    else:
        _tell_all(previews)


@rules.command()
def release(
    file: File,
    name: Annotated[str, typer.Argument(help="the dataset, with its regime")],
    reason: Annotated[str, typer.Option(help="why; it stands in the log")],
) -> None:
    """Put rules live: services of the dataset take them up within seconds. An empty file takes all rules away."""
    from fuserank.pipeline.merchandising import release_rules
    from fuserank.settings import load_settings

    found = release_rules(load_settings().home, name, file, reason)
    out.print(f"{len(found.rules)} rules released for {escape(name)}, version {found.version[:12]}")


@rules.command()
def diversity(
    data: Data,
    values: Annotated[list[float] | None, typer.Option("--value", min=0, max=1, help="of serving.diversity; repeatable")] = None,
    split: Annotated[str, typer.Option(help="whose queries are asked")] = "test",
) -> None:
    """What the setting serving.diversity costs: nDCG@10 beside intra-list similarity of the best ten, for several values."""
    from fuserank.pipeline.merchandising import diversity_costs

    table = Table("diversity", "nDCG@10", "intra-list similarity", "judged queries")
    with bar_of("asking") as progress:
        for cost in diversity_costs(job_of(data), values or [0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0], split, progress):
            table.add_row(f"{cost.diversity:g}", f"{cost.ndcg:.3f}", f"{cost.likeness:.3f}", str(cost.queries))
    print_wide(table)


def _tell_one(one: Preview) -> None:
    """The best ten, with the place by the model alone."""
    table = Table("place", "model", "product", "title", "moved by")
    for line in one.after.results[:10]:
        cells = (line.product_id, line.title, ", ".join(line.moved_by))
        table.add_row(str(line.rank), str(line.model_rank), *map(escape, cells))
    print_wide(table)
    for note in one.after.notes:
        out.print(f"[yellow]note:[/] {escape(note)}")


def _tell_all(previews: list[Preview]) -> None:
    """Queries that change, most costly first, and what all of it costs."""
    changed = [one for one in previews if one.moved or one.after.rules]
    table = Table("query", "words", "moved in the top 10", "nDCG@10 before", "after", "rules")
    for one in sorted(changed, key=lambda one: one.ndcg[1] - one.ndcg[0] if one.ndcg else 0.0):
        values = [f"{value:.3f}" for value in one.ndcg] if one.ndcg else ["", ""]
        table.add_row(escape(one.query_id), escape(one.text), str(len(one.moved)), *values, escape(", ".join(one.after.rules)))
    print_wide(table)
    notes = {note: one for one in changed for note in one.after.notes}
    for note, one in notes.items():
        out.print(f"[yellow]note:[/] {escape(one.query_id)}: {escape(note)}")
    judged = [one.ndcg for one in previews if one.ndcg]
    out.print(f"{len(changed)} of {len(previews)} queries change")
    if judged:
        before, after = np.mean(judged, axis=0)
        out.print(f"nDCG@10 of {len(judged)} judged queries: {before:.4f} before, {after:.4f} after ({after - before:+.4f})")
