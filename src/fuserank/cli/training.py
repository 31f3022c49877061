"""Commands that train: rankers, searches, encoders, studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, Told, app, job_of, say, tells
from fuserank.cli.completion import STUDIES, among
from fuserank.progress import bar_of, named_bars, working


@app.command()
@tells
def train(data: Data) -> Told:
    """Train all configured rankers, and print the leaderboard.

    Without the gate: that is the chain's.
    """
    from fuserank.pipeline.compare import compare_rankers

    job = job_of(data)
    epochs = job.settings.training.epochs
    with named_bars() as bars:
        board = compare_rankers(
            job, extracting=bars, on_epoch=lambda plan, epoch: bars(f"{plan.name} seed {plan.seed}", epoch.epoch, epochs)
        ).board
    table = Table("ranker", "kind", "nDCG@10", "± seeds", title=escape(f"{job.name}: {board.queries} test queries"))
    for row in board.rows:
        ndcg = row.metrics["nDCG@10"]
        table.add_row(row.ranker, row.kind, f"{ndcg['mean']:.3f}", f"{ndcg['std']:.3f}")
    page = job.reports / "leaderboard.html"
    rows = [{"ranker": row.ranker, "kind": row.kind, "metrics": row.metrics} for row in board.rows]
    value = {"dataset": job.name, "queries": board.queries, "chosen": board.chosen, "rows": rows, "page": page}
    return Told(value, (table, escape(f"chosen on validation: {board.chosen}; page: {page}")))


@app.command()
@tells
def tune(
    data: Data,
    minutes: Annotated[float | None, typer.Option(help="budget of this call; default: tuning.minutes")] = None,
) -> Told:
    """Search over rankers, losses and sizes on validation.

    A second call goes on where the first ended.
    """
    from fuserank.pipeline.extract import extract as step
    from fuserank.pipeline.tune import tune as search

    job = job_of(data, **({"tuning": {"minutes": minutes}} if minutes is not None else {}))
    with named_bars() as bars:
        features, _ = step(job, progress=bars)

    def tell(trial: Any) -> None:
        value = trial.why if trial.value is None else f"{trial.value:.4f}"
        say(f"trial {trial.number} {trial.state}, {value}: {escape(str(trial.params))}")

    with working("searching"):
        tuned = search(job, features, on_trial=tell)
    shares = Table("knob", "importance", title=escape(f"{job.name}: {len(tuned.trials)} trials, nDCG@10 on validation"))
    for name, share in tuned.importance.items():
        shares.add_row(name, f"{share:.2f}")
    alone = "no trial but that of the settings as they are came to an end: give it more --minutes"
    kept = alone if len(tuned.trials) < 2 else "nothing beats the settings as they are with fresh seeds: keep them"
    proposal = tuned.lines or kept
    page = job.reports / "tuning.html"
    trials = [{"number": t.number, "state": t.state, "value": t.value, "params": t.params} for t in tuned.trials]
    value = {"dataset": job.name, "trials": trials, "importance": tuned.importance, "lines": tuned.lines, "page": page}
    return Told(value, (*([shares] if tuned.importance else []), escape(proposal), escape(f"page: {page}")))


@app.command()
@tells
def finetune(data: Data) -> Told:
    """Fine-tune the picture encoder on judged photos.

    Learns from training queries; prints the setting that uses it.
    """
    from fuserank.pipeline.finetune import finetune_pictures

    job = job_of(data)
    with bar_of("fine-tuning, epochs") as bar:
        found = finetune_pictures(job, on_epoch=lambda epoch, _: bar(epoch, job.settings.finetuning.epochs))
    line = f"{found.photos} photos of {found.products} products; to use it, in pyproject.toml:\n{escape(found.line)}"
    return Told({"photos": found.photos, "products": found.products, "line": found.line}, (line,))


@app.command()
@tells
def study(
    name: Annotated[
        str,
        typer.Argument(
            help="components, missing, noise, one_or_many, learning_curve, errors, probabilities, faithful, frontier, drift "
            "or behaviour",
            autocompletion=among(*STUDIES),
        ),
    ],
    source: Annotated[Path, typer.Option("--from", help="the folder of the real sets")],
    seeds: Annotated[int, typer.Option(min=1, help="trainings of each kind")] = 3,
) -> Told:
    """Answer a question about the ranker by experiment.

    On the real sets; what was measured before is reused.
    """
    from fuserank.pipeline import studies
    from fuserank.pipeline.studies.bench import imported
    from fuserank.pipeline.studies.report import PAGE, write_studies
    from fuserank.settings import load_settings

    run, settings = studies.STUDIES[name], load_settings()
    folder = settings.reports / "studies" / name
    with working(f"study {name}"):
        rows = write_studies([run(imported(source, settings), range(seeds), say)], folder)
    return Told({"rows": rows, "page": folder / PAGE}, (escape(f"{len(rows)} rows; page: {folder / PAGE}"),))
