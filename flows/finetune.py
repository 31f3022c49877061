"""Fine-tuning of the picture encoder on judged photos: ``python -m flows.finetune data/sample``."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows.runs import FLOW, HOUR, SAMPLE, Overrides, settings_of
from fuserank.pipeline.finetune import finetune_pictures
from fuserank.pipeline.job import Job


@flow(name="fuserank finetune", timeout_seconds=24 * HOUR, **FLOW)
def finetune(data: Path = SAMPLE, overrides: Overrides | None = None) -> str:
    """Fine-tune, or find what was fine-tuned from the same; gives the encoder's folder.

    Args:
        data: the dataset folder.
        overrides: settings that win over environment and pyproject.toml, for example ``{"finetuning": {"epochs": 4}}``.
    """
    log = get_run_logger()
    job = Job(data, settings_of(overrides))
    found = finetune_pictures(job, on_epoch=lambda epoch, loss: log.info("epoch %d: loss %.4f", epoch, loss))
    create_markdown_artifact(
        key="finetune", markdown=f"{found.photos} photos of {found.products} products\n\n```toml\n{found.line}\n```"
    )
    return str(found.folder)


if __name__ == "__main__":
    from flows.command import command

    command(finetune)
