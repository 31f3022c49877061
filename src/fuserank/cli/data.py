"""Commands on data: make or import it, check it, extract features."""

from __future__ import annotations

import json
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError, validate_call
from rich.markup import escape

from fuserank.cli.base import Data, app, job_of, out
from fuserank.errors import InputError
from fuserank.import_options import column_map, importer_options
from fuserank.progress import bar_of, named_bars


@app.command()
def sample(
    target: Annotated[Path, typer.Argument(help="the folder to make")] = Path("data/sample"),
    products: Annotated[int, typer.Option(help="how many products")] = 600,
    queries: Annotated[int, typer.Option(help="how many queries")] = 150,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="of everything random")] = 0,
) -> None:
    """Generate the sample store."""
    from fuserank.data.sample import build_sample

    with bar_of("drawing products") as bar:
        dataset = build_sample(target, products=products, queries=queries, seed=seed, progress=bar)
    out.print(f"{target}: {len(dataset.products)} products, {len(dataset.queries)} queries, version {dataset.version[:12]}")


@app.command("import", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def import_(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="table for your own; trec, quepid, ubi, letor, metarank onto a dataset; fashion, grocery …")
    ],
    source: Annotated[Path, typer.Option("--from", help="the folder or file to read")],
    target: Annotated[Path | None, typer.Option("--to", help="the dataset folder to make; default data/NAME")] = None,
    column: Annotated[list[str] | None, typer.Option("--map", help="table only: our_column=your_column, may be repeated")] = None,
    media: Annotated[Path | None, typer.Option(help="table only: folder of the pictures and sounds that the tables name")] = None,
) -> None:
    """Turn a folder into a dataset. Further options go to the importer: --onto, --duplicates, --unknown, --name, --fold …"""
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
    for warning in dataset.warnings:
        out.print(f"[yellow]note:[/] {escape(warning)}")
    counts = ", ".join(f"{dataset.count(table)} {table}" for table in ("products", "queries", "judgments", "interactions"))
    out.print(f"{dataset.root}: {counts}")


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="trec, quepid, ubi, letor, metarank, esci, wands or huggingface")],
    data: Data,
    target: Annotated[Path, typer.Option("--to", help="the folder to make or replace")],
) -> None:
    """Write a dataset, or what of it the format can hold, as others read it."""
    from fuserank.pipeline.exporting import export as step

    with named_bars() as bars:
        notes = step(lambda: job_of(data), data, name, target, progress=bars)
    for note in notes:
        out.print(f"[yellow]note:[/] {escape(note)}")
    out.print(f"{target}: {', '.join(sorted(path.name for path in target.iterdir()))}")


@app.command()
def judge(
    sources: Annotated[list[Path], typer.Argument(help="CSV files, or folders of them")],
    target: Annotated[Path, typer.Option("--to", help="the judgments to write, as CSV")],
    how: Annotated[str, typer.Option(help="median, mean or majority")] = "median",
    max_grade: Annotated[int, typer.Option(help="highest grade")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="print the agreement as JSON")] = False,
) -> None:
    """Turn judgments of several people into grades, and say how far they agree."""
    from fuserank.data.agreement import HOW, agreement, read_grades, settle, write_grades

    if how not in HOW:
        raise InputError(f"--how {how[:80]!r}", allowed=", ".join(HOW), todo="choose one of them")
    files = [file for path in sources for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    grades = read_grades([file for file in files if file.absolute() != target.absolute()], max_grade)
    found = agreement(grades)
    write_grades(target, settle(grades, how))
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
        return
    out.print(f"{target}: {found.pairs} pairs judged by {found.raters} people, grades by {how}")
    out.print(f"Krippendorff's alpha (ordinal) {_number(found.alpha)}, Fleiss' kappa {_number(found.kappa)}")
    for rater, distance in list(found.distances.items())[:5]:
        out.print(f"{escape(rater)}: {distance:.2f} grades from the others")
    for query_id, product_id, given in found.disputed:
        out.print(f"disputed: {escape(query_id)} / {escape(product_id)}: {', '.join(map(str, given))}")


def _number(value: float | None) -> str:
    return "cannot be told" if value is None else f"{value:.3f}"


@app.command()
def validate(data: Data) -> None:
    """Check a dataset; bad media is quarantined, a broken critical rule is an error."""
    from fuserank.pipeline.validate import check

    job = job_of(data)
    with bar_of("checking media") as bar:
        report = check(job, progress=bar)
    out.print(
        f"{len(report.results)} rules hold or warn, {len(report.quarantine)} media in quarantine: {job.reports / 'validation'}"
    )


@app.command()
def extract(data: Data) -> None:
    """Extract the features of every modality; only what is new is encoded."""
    from fuserank.pipeline.extract import extract as step

    with named_bars() as bars:
        _, reports = step(job_of(data), progress=bars)
    for report in reports:
        out.print(f"{report.encoder.key}: {report.encoded} encoded, {report.reused} reused, {len(report.quarantined)} quarantined")
