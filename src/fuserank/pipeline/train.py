"""Training: every configured fusion ranker, and each family of modalities alone with the same supervision and capacity."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fuserank.calibration import Calibration
from fuserank.data_versions import recorded_hash
from fuserank.errors import InputError
from fuserank.files import sha256_file, write_file
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.pipeline.calibrate import calibrate
from fuserank.pipeline.clicked import clicked_slates
from fuserank.pipeline.job import Job, git_commit, parts_of
from fuserank.ranker import RankerSpec
from fuserank.sealed import SEAL
from fuserank.slates import Features, Slate, judged_slates, keep_modalities
from fuserank.training import Epoch, Trained, TrainingKnobs, train
from fuserank.training_group import ONE_PROCESS, TrainingGroup

ALONE = " only"  # ends the name of a model that sees one family of modalities
CHECKPOINT_SECONDS = 30.0  # a checkpoint is some tens of MB, fsynced: not after every epoch of a second


@dataclass(frozen=True)
class Plan:
    """One training.

    Attributes:
        name: on the leaderboard.
        ranker: name of its ranker, as `fuserank.pipeline.job.parts_of` reads it.
        kind: ``fusion``, or ``single`` for one family of modalities.
        keep: product modalities that the model sees; the query is always seen whole.
        seed: of the training.
    """

    name: str
    kind: str
    ranker: str
    keep: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class TrainedModel:
    """A finished training.

    Attributes:
        plan: what was trained.
        folder: the model folder.
        val_ndcg: validation nDCG@10 (linear gain) of the model in the folder.
        curve: validation nDCG@10 after each epoch.
    """

    plan: Plan
    folder: Path
    val_ndcg: float
    curve: tuple[float, ...]


def plans(job: Job, features: Features) -> list[Plan]:
    """What is to be trained, by the settings. A family that no product has, or that is all there is, is not trained alone."""
    knobs, names = job.settings.training, [m.name for m in job.modalities]
    seen = {name for name in names if features.catalogue.has(name).any()}
    models = [Plan(name, "fusion", name, tuple(names), seed) for name, seed in itertools.product(knobs.rankers, knobs.seeds)]
    alone = [
        Plan(f"{family}{ALONE}", "single", default_ranker(job), members, seed)
        for (family, members), seed in itertools.product(families_of(job, features).items(), knobs.seeds)
        if set(members) < seen
    ]
    return models + alone


def default_ranker(job: Job) -> str:
    """The ranker that stands for the rest wherever one ranker is asked for: the first of the settings."""
    return job.settings.training.rankers[0]


def families_of(job: Job, features: Features) -> dict[str, tuple[str, ...]]:
    """family -> its modalities that some product has; a family without any is left out."""
    found = {
        family: tuple(m for m in members if m in features.catalogue.modalities and features.catalogue.has(m).any())
        for family, members in job.settings.evaluation.families.items()
    }
    return {family: members for family, members in found.items() if members}


def slates_of(job: Job, features: Features) -> tuple[list[Slate], list[Slate], list[Slate]]:
    """Training slates (drawn from a bounded pool), validation slates and test slates, whole.

    Raises:
        InputError: a split has no query that can be learned from or measured.
    """
    train_slates, val_slates, test_slates = judged_splits(job, features, ("train", "val", "test"))
    return train_slates, val_slates, test_slates


def judged_splits(job: Job, features: Features, splits: Sequence[str]) -> list[list[Slate]]:
    """The slates of some splits; arguments and errors as of `slates_of`."""
    pools = {"train": job.settings.training.pool}
    found = {split: list(judged_slates(features, job.dataset, split, pool=pools.get(split))) for split in splits}
    if (way := job.settings.training.clicks) != "off" and "train" in found:
        found["train"] = clicked_slates(features, job.dataset, way, pool=pools["train"])
    empty = [split for split, slates in found.items() if not slates]
    if empty:
        raise InputError(
            f"{job.name}: no query of split {', '.join(empty)} has candidates of different grades",
            allowed="at least one such query in each of train, val and test; some dozens for numbers that mean something",
            todo="judge more queries, or set the column split of the queries",
        )
    return list(found.values())


def train_plan(
    job: Job,
    features: Features,
    plan: Plan,
    train_slates: Sequence[Slate],
    val_slates: Sequence[Slate],
    progress: Callable[[Plan, Epoch], None] | None = None,
    *,
    group: TrainingGroup | None = None,
) -> TrainedModel:
    """Train one model, or give the one that was trained before from the same inputs. An interrupted training is resumed.

    Args:
        features, train_slates, val_slates: of the job's dataset, or stacked with others' (`fuserank.pipeline.stacking`); of all
            judged queries or of some. The model is known by their ids.
        group: the processes that train it, each of which calls this; None: as the settings say, started here if they are several.
    """
    key = model_key(job, features, plan, train_slates, val_slates)
    folder, log = job.settings.home / "models" / key, job.settings.home / "training" / key
    if not (folder.exists() and (log / "curve.json").exists()):
        if group is None and job.settings.scale.processes > 1:
            from fuserank.pipeline.training_processes import train_in_processes

            train_in_processes(job, plan, key)
        else:
            _train(job, features, plan, train_slates, val_slates, folder, log, group or ONE_PROCESS, progress)
    stored = json.loads((log / "curve.json").read_text())
    return TrainedModel(plan, folder, stored["val_ndcg"], tuple(stored["curve"]))


def model_key(job: Job, features: Features, plan: Plan, train_slates: Sequence[Slate], val_slates: Sequence[Slate]) -> str:
    """What a model of these inputs is known by: 16 hex characters; arguments as of `train_plan`."""
    judged = [[features.queries.query_ids[s.query] for s in slates] for slates in (train_slates, val_slates)]
    return job.fingerprint(
        spec=spec_of(job, features, plan.ranker).as_dict(),
        knobs=asdict(knobs_of(job)),
        pool=job.settings.training.pool,
        clicks=job.settings.training.clicks,
        keep=plan.keep,
        seed=plan.seed,
        judged=judged,
        start=start_of(job),
        processes=job.settings.scale.processes,
    )


def _train(
    job: Job,
    features: Features,
    plan: Plan,
    train_slates: Sequence[Slate],
    val_slates: Sequence[Slate],
    folder: Path,
    log: Path,
    group: TrainingGroup,
    progress: Callable[[Plan, Epoch], None] | None,
) -> None:
    """Train, calibrate and keep a model; of several processes the first one writes."""
    spec = spec_of(job, features, plan.ranker)
    kept = [keep_modalities(slates, spec.modalities, plan.keep) for slates in (train_slates, val_slates)]
    trained = _train_logged(
        spec, features, kept[0], kept[1], knobs_of(job), plan, job.settings.training.start, log, group, progress
    )
    if group.rank == 0:
        curve = [e.val_ndcg for e in trained.history]
        write_file(log / "curve.json", json.dumps({"val_ndcg": trained.best.val_ndcg, "curve": curve}))
        calibration = calibrate(trained.ranker, features, kept[1], job.dataset.manifest.relevant_grade)
        save_model(folder, trained.ranker, _meta(job, plan, spec, trained.best.val_ndcg, calibration))
        shutil.rmtree(log / "checkpoint", ignore_errors=True)  # three times the size of the model, and of no more use
    group.wait()


def _train_logged(
    spec: RankerSpec,
    features: Features,
    train_slates: Sequence[Slate],
    val_slates: Sequence[Slate],
    knobs: TrainingKnobs,
    plan: Plan,
    start: Path | None,
    log: Path,
    group: TrainingGroup,
    progress: Callable[[Plan, Epoch], None] | None,
) -> Trained:
    """Train with a checkpoint in `log`, and, in the first process, a dvclive log."""
    options: dict[str, Any] = {"seed": plan.seed, "start": start, "checkpoint": log / "checkpoint", "group": group}
    if group.rank:
        return train(spec, features, train_slates, val_slates, knobs, **options)
    from dvclive import Live

    with Live(str(log / "dvclive"), save_dvc_exp=False, dvcyaml=None, report=None, resume=True) as live:
        live.log_params({**{k: v for k, v in asdict(plan).items() if k != "keep"}, "keep": list(plan.keep), **asdict(knobs)})

        def on_epoch(epoch: Epoch) -> None:
            live.log_metric("loss", epoch.loss)
            live.log_metric("val_ndcg_10", epoch.val_ndcg)
            live.next_step()
            if progress:
                progress(plan, epoch)

        options |= {"checkpoint_seconds": CHECKPOINT_SECONDS, "on_epoch": on_epoch}
        return train(spec, features, train_slates, val_slates, knobs, **options)


def start_of(job: Job) -> str | None:
    """Identity of the model that training starts from: its bytes count, not where they lie; None: from scratch."""
    start = job.settings.training.start
    return None if start is None else sha256_file(start / SEAL)


def spec_of(job: Job, features: Features, ranker: str) -> RankerSpec:
    """The ranker of this name, with the widths and dropouts of the settings."""
    settings, parts = job.settings.training, parts_of(ranker)
    return RankerSpec(
        features.specs(),
        parts.fusion,
        parts.scorer,
        settings.width,
        settings.interaction,
        settings.dropout,
        settings.late if parts.late else 0,
        settings.input_dropout,
    )


def knobs_of(job: Job) -> TrainingKnobs:
    """The training knobs out of the settings."""
    training = job.settings.training
    values = {name: getattr(training, name) for name in TrainingKnobs.__dataclass_fields__ if name in type(training).model_fields}
    families = tuple(job.settings.evaluation.families.values())
    return TrainingKnobs(**values, families=families, max_grade=float(job.dataset.manifest.max_grade))


def _meta(job: Job, plan: Plan, spec: RankerSpec, val_ndcg: float, calibration: Calibration | None) -> ModelMeta:
    """What the model folder says of the model."""
    data = job.dataset
    return ModelMeta(
        name=plan.name,
        ranker=json.loads(json.dumps(spec.as_dict())),
        seed=plan.seed,
        git_commit=git_commit(),
        encoders={m.name: m.encoder.info for m in job.modalities if m.encoder},
        settings=job.settings.training.model_dump(mode="json") | {"keep": list(plan.keep)},
        data=DataIdentity(
            name=job.name,
            version=data.version,
            dvc_hash=recorded_hash(job.data),
            licence=data.manifest.licence,
            sources=tuple(sorted(set(data.table("judgments")["source"].to_pylist()))),
        ),
        metrics={"val nDCG@10": val_ndcg},
        calibration=calibration,
    )
