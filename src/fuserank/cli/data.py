"""Commands on data: make or import it, check it, extract features."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from fuserank.cli.base import Data, Told, app, job_of, tells
from fuserank.cli.completion import EXPORTS, IMPORTS, among
from fuserank.errors import InputError
from fuserank.import_options import column_map, importer_options
from fuserank.progress import bar_of, named_bars, working


@app.command()
@tells
def sample(
    target: Annotated[Path, typer.Argument(help="the folder to make")] = Path("data/sample"),
    products: Annotated[int, typer.Option(help="how many products")] = 600,
    queries: Annotated[int, typer.Option(help="how many queries")] = 150,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="of everything random")] = 0,
) -> Told:
    """Generate the sample store, a small shop to try things on."""
    from fuserank.data.sample import build_sample

    with bar_of("drawing products") as bar:
        dataset = build_sample(target, products=products, queries=queries, seed=seed, progress=bar)
    products, queries = len(dataset.products), len(dataset.queries)
    made = {"dataset": target, "version": dataset.version, "products": products, "queries": queries}
    return Told(made, (escape(f"{target}: {products} products, {queries} queries, version {dataset.version[:12]}"),))


@app.command("import", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@tells
def import_(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="table for your own; trec, quepid, ubi, letor, metarank onto a dataset; fashion, grocery …",
            autocompletion=among(*IMPORTS),
        ),
    ],
    source: Annotated[Path, typer.Option("--from", help="the folder or file to read")],
    target: Annotated[Path | None, typer.Option("--to", help="the dataset folder to make; default data/NAME")] = None,
    column: Annotated[list[str] | None, typer.Option("--map", help="table only: our_column=your_column, may be repeated")] = None,
    media: Annotated[Path | None, typer.Option(help="table only: folder of the pictures and sounds that the tables name")] = None,
) -> Told:
    """Turn files of yours, or a known set, into a dataset.

    Further options go to the importer: --onto, --duplicates, --unknown, --name, --fold …
    """
    from pydantic import ValidationError, validate_call

    from fuserank.data.importers import IMPORTERS

    importer = IMPORTERS[name]
    options: dict[str, Any] = importer_options(context.args) | ({"media": media} if media else {})
    given = ("source", "target", "progress")
    names = ["map" if option == "columns" else option for option in signature(importer).parameters if option not in given]
    allowed = ", ".join(f"--{option.replace('_', '-')}" for option in names)
    if taken := [f"--{option}" for option in given if option in options]:
        raise InputError(
            f"import {name}: {', '.join(taken)}", allowed=allowed, todo="leave it out: --from and --to name the folders"
        )
    if column:
        options["columns"] = column_map(column)
    try:
        with bar_of(f"importing {name}") as bar:
            dataset = validate_call(importer)(source, target or Path("data") / name, progress=bar, **options)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise InputError(f"import {name}: {wrong}", allowed=allowed, todo="correct the options") from None
    counts = {table: dataset.count(table) for table in ("products", "queries", "judgments", "interactions")}
    line = f"{dataset.root}: {', '.join(f'{rows} {table}' for table, rows in counts.items())}"
    return Told({"dataset": dataset.root, "version": dataset.version, **counts}, (escape(line),), tuple(dataset.warnings))


@app.command()
@tells
def export(
    name: Annotated[
        str, typer.Argument(help="trec, quepid, ubi, letor, metarank, esci, wands or huggingface", autocompletion=among(*EXPORTS))
    ],
    data: Data,
    target: Annotated[Path, typer.Option("--to", help="the folder to make or replace")],
) -> Told:
    """Write a dataset in a format that others read."""
    from fuserank.pipeline.exporting import export as step

    with named_bars() as bars:
        notes = step(lambda: job_of(data), data, name, target, progress=bars)
    files = sorted(path.name for path in target.iterdir())
    return Told({"folder": target, "format": name, "files": files}, (escape(f"{target}: {', '.join(files)}"),), tuple(notes))


@app.command()
@tells
def judge(
    sources: Annotated[list[Path], typer.Argument(help="CSV files, or folders of them")],
    target: Annotated[Path, typer.Option("--to", help="the judgments to write, as CSV")],
    how: Annotated[
        str, typer.Option(help="median, mean or majority", autocompletion=among("median", "mean", "majority"))
    ] = "median",
    max_grade: Annotated[int, typer.Option(help="highest grade")] = 3,
) -> Told:
    """Turn judgments of several people into grades."""
    from fuserank.data.agreement import HOW, agreement, read_grades, settle, write_grades

    if how not in HOW:
        raise InputError(f"--how {how[:80]!r}", allowed=", ".join(HOW), todo="choose one of them")
    files = [file for path in sources for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    with working("reading judgments"):
        grades = read_grades([file for file in files if file.absolute() != target.absolute()], max_grade)
        found = agreement(grades)
        write_grades(target, settle(grades, how))
    lines = [
        f"{target}: {found.pairs} pairs judged by {found.raters} people, grades by {how}",
        f"Krippendorff's alpha (ordinal) {_number(found.alpha)}, Fleiss' kappa {_number(found.kappa)}",
    ]
    lines += [f"{rater}: {distance:.2f} grades from the others" for rater, distance in list(found.distances.items())[:5]]
    lines += [f"disputed: {query} / {product}: {', '.join(map(str, given))}" for query, product, given in found.disputed]
    return Told(found, tuple(map(escape, lines)))


def _number(value: float | None) -> str:
    return "cannot be told" if value is None else f"{value:.3f}"


@app.command()
@tells
def validate(data: Data) -> Told:
    """Check a dataset by its rules, and every picture and sound.

    Bad media is quarantined; a broken critical rule is an error.
    """
    from fuserank.pipeline.validate import check

    job = job_of(data)
    with bar_of("checking media") as bar:
        report = check(job, progress=bar)
    rules, bad, place = len(report.results), len(report.quarantine), job.reports / "validation"
    line = f"{rules} rules hold or warn, {bad} media in quarantine: {place}"
    return Told({"rules": rules, "quarantined": bad, "report": place}, (escape(line),))


@app.command()
@tells
def extract(data: Data) -> Told:
    """Encode what is new into the feature store."""
    from fuserank.pipeline.extract import extract as step

    with named_bars() as bars:
        _, reports = step(job_of(data), progress=bars)
    counts: dict[str, dict[str, int]] = {}  # an encoder reads products and queries, and may serve two modalities
    for report in reports:
        row = counts.setdefault(report.encoder.key, dict.fromkeys(("encoded", "reused", "quarantined"), 0))
        for what, more in (("encoded", report.encoded), ("reused", report.reused), ("quarantined", len(report.quarantined))):
            row[what] += more
    lines = (f"{key}: {', '.join(f'{n} {what}' for what, n in row.items())}" for key, row in counts.items())
    return Told([{"encoder": key, **row} for key, row in counts.items()], tuple(map(escape, lines)))
