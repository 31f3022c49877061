"""The real sets, from import to table: what `make results` writes to docs/results.md and docs/results.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.data.importers import IMPORTERS
from fuserank.evaluation.leaderboard import Leaderboard
from fuserank.pipeline.compare import compare_rankers
from fuserank.pipeline.finetune import finetune_pictures
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import TrainedModel
from fuserank.settings import load_settings

SEEDS = (0, 1, 2)
RANKERS = ("late", "concat+sequence")  # the study `components` compares all others on one set
TEXT_AND_PICTURE = ("text", "words", "lexical", "image")


@dataclass(frozen=True)
class Case:
    """One table of the results.

    Attributes:
        importer: name in IMPORTERS.
        regime: of the results; with the importer it names the case.
        options: of the importer, one dict for each dataset of the case (folds).
        modalities: that the set has.
        rankers: fusion+scorer of each model.
        note: what a reader must know to read the table rightly.
        finetuned: the picture encoder is fine-tuned on the training photos first.
    """

    importer: str
    regime: str
    options: tuple[Mapping[str, Any], ...]
    modalities: tuple[str, ...] = TEXT_AND_PICTURE
    rankers: tuple[str, ...] = RANKERS
    note: str = ""
    finetuned: bool = False


CASES = (
    *(
        Case(
            "fashion",
            regime,
            ({"regime": regime},),
            rankers=rankers,
            note="No untrained score compares words with pixels: the fixed sum does not see the picture at all; LambdaMART and the "
            "plain MLP are given the scores of the two trained picture models.",
        )
        for regime, rankers in (("full", ("late",)), ("no_colour", RANKERS), ("no_colour_type", ("late",)))
    ),
    *(
        Case(
            "fashion",
            f"full_{locale}",
            ({"regime": "full", "locale": locale},),
            ("text", "multilingual", "words", "lexical", "image"),
            ("late",),
            note="Chinese made by rule (docs/data.md): one Chinese word for one English word, so synonyms are not tested.",
        )
        for locale in ("zh", "cross")
    ),
    Case(
        "grocery",
        "picture",
        ({"regime": "picture"},),
        note="A photo asks for one of 81 products that all splits share. What a ranker of one family does not see of products "
        "it still sees of the query, so `text only` learns which photo goes with which text.",
    ),
    Case(
        "grocery",
        "picture_finetuned",
        ({"regime": "picture"},),
        note="The same queries, with the last blocks of the picture encoder fine-tuned on the 2,640 training photos (`fuserank "
        "finetune`, one seed). The trained rankers and peers all read its features; the untrained scores too.",
        finetuned=True,
    ),
    Case("grocery", "text", ({"regime": "text"},), note="116 training and 36 test queries: differences are mostly noise."),
    Case(
        "grocery",
        "voice",
        ({"regime": "voice"},),
        (*TEXT_AND_PICTURE, "audio"),
        note="The seven words of the test recordings occur in training in other takes, so the trained rankers recognise words "
        "rather than generalise; and the no-speech thresholds of the transcription were set with these recordings at hand.",
    ),
    Case(
        "chorus",
        "human",
        tuple({"fold": fold} for fold in range(5)),
        ("text", "multilingual", "text_tokens", "words", "lexical", "numeric"),
        note="Text and price only: there are no pictures. About 81 training queries a fold.",
    ),
    Case(
        "online_retail",
        "next_purchase",
        ({},),
        ("history", "behaviour", "numeric"),
        note="Time split; about half of what is bought was bought before, so look at `repeat`: own purchases, then popularity. All "
        "products were sold before the first period.",
    ),
)


@dataclass(frozen=True)
class Line:
    """One ranker of one case: per measure the mean and the deviation over seeds, and how many queries and seeds."""

    ranker: str
    kind: str
    metrics: dict[str, dict[str, float]]
    per_query: dict[str, float]
    seeds: int
    cost_ms_per_1000: float


@dataclass(frozen=True)
class Result:
    """All rankers of one case, best nDCG@10 first; `chosen` are the fusions that validation chose, fold by fold."""

    case: Case
    queries: int
    chosen: tuple[str, ...]
    lines: tuple[Line, ...]


def run_case(case: Case, source: Path, home: Path, reports: Path, progress: Callable[[str], None]) -> Result:
    """Import, extract, train three seeds and evaluate one case.

    Args:
        source: the folder that holds a folder of the importer's name.
        home, reports: as in the settings.
    """
    boards = []
    for number, options in enumerate(case.options):
        data = home / "results" / f"{case.importer}-{case.regime}-{number}"
        IMPORTERS[case.importer](source / case.importer, data, **options)
        settings = load_settings(
            home=home, reports=reports, features={"modalities": case.modalities}, training={"seeds": SEEDS, "rankers": case.rankers}
        )
        job = Job(data, settings)
        if case.finetuned:
            job = with_finetuned(job)

        def tell(model: TrainedModel, name: str = f"{job.name}, {case.regime}") -> None:
            progress(f"{name}: {model.plan.name} seed {model.plan.seed}, validation nDCG@10 {model.val_ndcg:.4f}")

        boards.append(compare_rankers(job, on_trained=tell).board)
    return Result(case, sum(b.queries for b in boards), tuple(b.chosen for b in boards), tuple(merge(boards)))


def with_finetuned(job: Job) -> Job:
    """The job with a picture encoder that is fine-tuned on its training photos."""
    features = job.settings.features
    encoders = features.encoders.model_copy(update={"image": str(finetune_pictures(job).folder)})
    # Reports lie by the dataset's name, which the case without fine-tuning has too.
    update = {"features": features.model_copy(update={"encoders": encoders}), "reports": job.settings.reports / "finetuned"}
    return Job(job.data, job.settings.model_copy(update=update))


def merge(boards: Sequence[Leaderboard]) -> list[Line]:
    """One table out of the folds': means over all queries of all folds, deviations over seeds of these means."""
    lines = []
    for name in {row.ranker: None for board in boards for row in board.rows}:
        found = [(board.queries, board.row(name)) for board in boards if any(row.ranker == name for row in board.rows)]
        if len(found) < len(boards):
            continue
        weights = np.array([queries for queries, _ in found], float)
        rows = [row for _, row in found]
        metrics = {}
        for measure in rows[0].metrics:
            by_seed = [
                np.average([row.by_seed[s].get(measure, np.nan) for row in rows], weights=weights) for s in range(rows[0].seeds)
            ]
            metrics[measure] = {"mean": float(np.mean(by_seed)), "std": float(np.std(by_seed))}
        per_query = {query: value for row in rows for query, value in row.per_query.items()}
        cost = float(np.median([row.cost_ms_per_1000 for row in rows]))
        lines.append(Line(name, rows[0].kind, metrics, per_query, rows[0].seeds, cost))
    return sorted(lines, key=lambda line: -line.metrics["nDCG@10"]["mean"])
