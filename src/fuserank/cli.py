"""`fuserank …`: the command line. Reads settings, calls `fuserank.pipeline`, prints; errors are one line and an exit code.

Exit codes: 0 done; 1 failed; 2 wrong input, setting or name; 3 validation found a broken critical rule; 4 stale features; 5 damaged
model folder.
"""

from __future__ import annotations

import os
import sys
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError, validate_call
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fuserank.errors import FuserankError, InputError
from fuserank.import_options import column_pair, importer_options
from fuserank.progress import bar_of, named_bars

app = typer.Typer(help="Multimodal fusion ranking for e-commerce search.", no_args_is_help=True, pretty_exceptions_enable=False)
models = typer.Typer(help="The registry: champion, challengers, rollback.", no_args_is_help=True)
app.add_typer(models, name="models")
out = Console(soft_wrap=True)

Data = Annotated[Path, typer.Argument(help="a dataset folder, as import or sample wrote it")]


def main() -> None:
    """Entry point: an error of ours becomes one line on stderr and its exit code."""
    try:
        app()
    except FuserankError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, markup=True, soft_wrap=True)
        sys.exit(error.exit_code)


def _job(data: Path, **overrides: Any) -> Any:
    from fuserank.pipeline.job import Job
    from fuserank.settings import load_settings

    return Job(data, load_settings(**overrides))


@app.command()
def sample(
    target: Annotated[Path, typer.Argument(help="the folder to make")] = Path("data/sample"),
    products: Annotated[int, typer.Option(help="how many products")] = 600,
    queries: Annotated[int, typer.Option(help="how many queries")] = 150,
    seed: Annotated[int, typer.Option(help="of everything random")] = 0,
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
    allowed = ", ".join(f"--{option.replace('_', '-')}" for option in signature(importer).parameters if option not in given)
    if taken := [f"--{option}" for option in given if option in options]:
        raise InputError(
            f"import {name}: {', '.join(taken)}", allowed=allowed, todo="leave it out: --from and --to name the folders"
        )
    if column:
        options["columns"] = dict(column_pair(text) for text in column)
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

    job = _job(data)
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
        _, reports = step(_job(data), progress=bars)
    for report in reports:
        out.print(f"{report.encoder.key}: {report.encoded} encoded, {report.reused} reused, {len(report.quarantined)} quarantined")


@app.command()
def train(data: Data) -> None:
    """Train all configured rankers and print the leaderboard (without the gate: that is the chain's)."""
    from fuserank.pipeline.compare import compare_rankers

    job = _job(data)
    epochs = job.settings.training.epochs
    with named_bars() as bars:
        board = compare_rankers(
            job, extracting=bars, on_epoch=lambda plan, epoch: bars(f"{plan.name} seed {plan.seed}", epoch.epoch, epochs)
        ).board
    table = Table("ranker", "kind", "nDCG@10", "± seeds", title=escape(f"{job.name}: {board.queries} test queries"))
    for row in board.rows:
        value = row.metrics["nDCG@10"]
        table.add_row(row.ranker, row.kind, f"{value['mean']:.3f}", f"{value['std']:.3f}")
    out.print(table, f"chosen on validation: {board.chosen}; page: {job.reports / 'leaderboard.html'}")


@app.command()
def tune(
    data: Data,
    minutes: Annotated[float | None, typer.Option(help="budget of this call; default: tuning.minutes")] = None,
) -> None:
    """Search over rankers, losses and sizes on validation; a second call goes on where the first ended."""
    from fuserank.pipeline.extract import extract as step
    from fuserank.pipeline.tune import tune as search

    job = _job(data, **({"tuning": {"minutes": minutes}} if minutes is not None else {}))
    with named_bars() as bars:
        features, _ = step(job, progress=bars)

    def tell(trial: Any) -> None:
        value = trial.why if trial.value is None else f"{trial.value:.4f}"
        out.print(f"trial {trial.number} {trial.state}, {value}: {escape(str(trial.params))}", highlight=False)

    tuned = search(job, features, on_trial=tell)
    shares = Table("knob", "importance", title=escape(f"{job.name}: {len(tuned.trials)} trials, nDCG@10 on validation"))
    for name, share in tuned.importance.items():
        shares.add_row(name, f"{share:.2f}")
    proposal = tuned.lines or "nothing beats the settings as they are with fresh seeds: keep them"
    out.print(shares, escape(proposal), f"page: {job.reports / 'tuning.html'}", sep="\n")


@app.command()
def finetune(data: Data) -> None:
    """Fine-tune the picture encoder on the photos of judged training queries; prints the setting that uses it."""
    from fuserank.pipeline.finetune import finetune_pictures

    job = _job(data)
    with bar_of("fine-tuning, epochs") as bar:
        found = finetune_pictures(job, on_epoch=lambda epoch, _: bar(epoch, job.settings.finetuning.epochs))
    out.print(f"{found.photos} photos of {found.products} products; to use it, in pyproject.toml:\n{escape(found.line)}")


@app.command()
def study(
    name: Annotated[
        str,
        typer.Argument(help="components, missing, noise, one_or_many, learning_curve, errors, probabilities, faithful or frontier"),
    ],
    source: Annotated[Path, typer.Option("--from", help="the folder of the real sets")],
) -> None:
    """Answer a question about the ranker by experiment on the real sets; what was measured before is reused."""
    from fuserank.pipeline.results import SEEDS
    from fuserank.pipeline.studies import STUDIES
    from fuserank.pipeline.studies.bench import imported
    from fuserank.pipeline.studies.report import PAGE, write_studies
    from fuserank.settings import load_settings

    run, settings = STUDIES[name], load_settings()
    folder = settings.reports / "studies" / name
    rows = write_studies([run(imported(source, settings), SEEDS, out.print)], folder)
    out.print(f"{len(rows)} rows; page: {folder / PAGE}")


@app.command()
def explain(
    data: Data,
    query: Annotated[str | None, typer.Option(help="id of a query of the dataset")] = None,
    text: Annotated[str | None, typer.Option(help="or the words of one")] = None,
    top: Annotated[int, typer.Option(min=1, help="how many products, best first")] = 10,
    closely: Annotated[int, typer.Option(min=0, help="of how many words, fields and pictures are explained too")] = 3,
) -> None:
    """Say why the champion orders products as it does: shares of modalities, words, fields; heat maps on a page."""
    from fuserank.explain import PARTS
    from fuserank.pipeline.explain import asked, explain_query

    job = _job(data)
    question = asked(job, query, text)
    with named_bars() as bars:
        found, page = explain_query(job, question, top=top, closely=closely, parts=tuple(PARTS) if closely else (), progress=bars)
    names = list(dict.fromkeys(name for product in found.products for name in product.modalities))
    table = Table("", "product", "score", *names, title=f"{job.name}: {escape(found.words or found.query_id)}")
    for product in found.products:
        shares = [f"{product.modalities[name]:+.2f}" if name in product.modalities else "" for name in names]
        table.add_row(str(product.rank), escape(product.product_id), f"{product.score:.2f}", *shares)
    out.print(table, f"page: {page}")


@app.command()
def monitor(
    data: Data, current: Annotated[Path | None, typer.Argument(help="the batch to judge; none: train against test")] = None
) -> None:
    """Judge drift of a current batch against the reference."""
    from fuserank.pipeline.extract import extract as step
    from fuserank.pipeline.monitor import watch

    job = _job(data)
    with named_bars() as bars:
        features, _ = step(job, progress=bars)
    verdict = watch(job, features, _job(current) if current else None)
    out.print(f"{'drift' if verdict.drift else 'no drift'}: {verdict.reason}; page: {job.reports / 'drift' / 'drift.html'}")


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="the dataset whose champion is served")] = "sample",
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 3000,
) -> None:
    """Serve the packaged champion's Bento: /rank, /search, /healthz, /metrics."""
    from fuserank.settings import load_settings

    home = load_settings().home
    noted = home / "bentos" / name
    if not noted.is_file():
        built = ", ".join(sorted(p.name for p in (home / "bentos").glob("*"))) or "none yet"
        raise InputError(f"no Bento for {name!r}", allowed=built, todo="run the chain first, for example make demo")
    os.environ |= {"BENTOML_HOME": str((home / "bentoml").resolve()), "BENTOML_DO_NOT_TRACK": "True"}
    os.execv(sys.executable, [sys.executable, "-m", "bentoml", "serve", noted.read_text(), "--host", host, "--port", str(port)])


@models.command("list")
def models_list(data: Data) -> None:
    """Versions of a dataset's models; the champion is marked."""
    from fuserank.pipeline.gate import registry

    registered = registry(_job(data))
    champion, versions = registered.champion(), registered.versions()
    if not versions:
        out.print(f"no models of {data} yet; next: python -m flows.chain {data}")
    for version in versions:
        out.print(f"{version}{'  champion' if version == champion else ''}")


@models.command()
def rollback(data: Data, reason: Annotated[str, typer.Option(help="why, for the log")]) -> None:
    """Make the previous champion champion again, and its Bento the one that is served."""
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.package import serve_again

    job = _job(data)
    version = registry(job).rollback(reason)
    tag = serve_again(job, version)
    out.print(f"champion: {version}")
    out.print(f"served from the next start on: {tag}" if tag else "it has no Bento here: run the chain to build one")
