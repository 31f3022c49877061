"""One training in several processes: torchrun starts them, each builds the job anew and trains its share.

    python -m torch.distributed.run --standalone --nproc-per-node 2 -m fuserank.pipeline.training_processes order.json

Features come out of the feature store, so a process reads what the one that started it has extracted.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path

from fuserank.errors import FuserankError, InputError
from fuserank.files import write_file
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, model_key, slates_of, train_plan
from fuserank.settings import load_settings
from fuserank.training_group import join

NO_PART = frozenset({"operations", "retraining", "serving"})  # sections that training does not read; one of them has a secret


def train_in_processes(job: Job, plan: Plan, key: str) -> None:
    """Train a plan in `scale.processes` processes of this machine; the model folder is there afterwards.

    Args:
        key: that the model is known by; the processes refuse when theirs is another.

    Raises:
        FuserankError: a process failed, with the last lines it wrote.
    """
    order = {
        "data": str(job.data.absolute()),
        "settings": job.settings.model_dump(mode="json", exclude=set(NO_PART)),
        "plan": asdict(plan),
        "key": key,
    }
    with tempfile.TemporaryDirectory(prefix="fuserank-training-") as folder:
        path = Path(folder) / "order.json"
        write_file(path, json.dumps(order))
        launcher = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            str(job.settings.scale.processes),
        ]
        done = subprocess.run(  # noqa: S603 (the arguments are ours)
            [*launcher, "-m", "fuserank.pipeline.training_processes", str(path)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("fuserank: ")]
        said = errors[0].removeprefix("fuserank: ") if errors else _last_words(done.stderr)
        raise FuserankError(
            f"training in {job.settings.scale.processes} processes failed: {said[-600:]}",
            todo="set scale.processes to 1, or correct it",
        )


def _last_words(stderr: str) -> str:
    """What a process raised: the last line of the first trace."""
    lines = stderr.splitlines()
    raised = [line for line in lines if re.match(r"(\[rank\d+\]: )?[\w.]*(Error|Exception)\b", line)]
    return (raised or lines[-1:] or ["no word"])[0]


def run(path: Path) -> None:
    """Do one process's part of an order that `train_in_processes` wrote.

    Raises:
        InputError: the dataset alone does not give the features that were to be trained on.
    """
    order = json.loads(path.read_text())
    job = Job(Path(order["data"]), load_settings(**order["settings"]))
    plan = Plan(**{**order["plan"], "keep": tuple(order["plan"]["keep"])})
    features, _ = extract(job)
    train_slates, val_slates, _ = slates_of(job, features)
    if model_key(job, features, plan, train_slates, val_slates) != order["key"]:
        raise InputError(
            "features or judged queries that are not those of the dataset alone",
            allowed="a training on one dataset, whole",
            todo="set scale.processes to 1",
        )
    group = join(job.settings.training.device, job.settings.scale.processes)
    train_plan(job, features, plan, train_slates, val_slates, group=group)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    try:
        run(Path(sys.argv[1]))
    except FuserankError as error:
        sys.exit(f"fuserank: {error}")
