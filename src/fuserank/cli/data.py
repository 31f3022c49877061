"""Commands on data: make or import it, check it, extract features."""

from __future__ import annotations

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
    name: Annotated[str, typer.Argument(help="fashion, grocery, chorus, online_retail, or table for your own")],
    source: Annotated[Path, typer.Option("--from", help="the folder to read")],
    target: Annotated[Path | None, typer.Option("--to", help="the dataset folder to make; default data/NAME")] = None,
    column: Annotated[list[str] | None, typer.Option("--map", help="table only: our_column=your_column, may be repeated")] = None,
    media: Annotated[Path | None, typer.Option(help="table only: folder of the pictures and sounds that the tables name")] = None,
) -> None:
    """Turn a folder into a dataset. Further options go to the importer: --regime, --batch, --fold, --name, --candidates …"""
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
    judged = sum(len(grades) for grades in dataset.qrels.values())
    out.print(f"{dataset.root}: {len(dataset.products)} products, {len(dataset.queries)} queries, {judged} judgments")


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
