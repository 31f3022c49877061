"""Fine-tune the picture encoder on the judged photos of a dataset's training queries, into a folder that settings can name.

The folder is read like any encoder of your own: config.json, model.safetensors, and a card. Photos of validation and test queries
are not looked at, nor are grades of products that only such queries rank.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from fuserank.data.dataset import Dataset
from fuserank.encoders.efficientnet import ARCHITECTURE, SHIPPED, SIZE
from fuserank.encoders.hub_folder import CARD, WEIGHTS
from fuserank.encoders.picture_decoding import decode_picture
from fuserank.errors import InputError, MediaError, ModelFolderError
from fuserank.files import new_folder
from fuserank.finetuning import FinetuningKnobs, OnEpoch, Photo, Tuned, finetune
from fuserank.pipeline.job import Job
from fuserank.sealed import seal, verify

SOURCES = (
    "finetuning.py",
    "frozen_maps.py",
    "pipeline/finetune.py",
    "encoders/efficientnet.py",
    "encoders/onnx_cache.py",
    "encoders/picture_decoding.py",
)
CONFIG = "config.json"
SCRATCH = ".maps"
MODEL_CARD = """---
license: {licence}
base_model: {base}
---
{base}, its last blocks fine-tuned on {photos} judged photos of {products} products; dataset {data}, version {version}.
"""


@dataclass(frozen=True)
class Finetuned:
    """An encoder folder, and on how many photos of how many judged products it was trained."""

    folder: Path
    photos: int
    products: int

    @property
    def line(self) -> str:
        """The setting that makes the modality `image` read it, to paste into pyproject.toml."""
        return f'[tool.fuserank.features.encoders]\nimage = "{self.folder}"'


def finetune_pictures(job: Job, *, on_epoch: OnEpoch | None = None) -> Finetuned:
    """Fine-tune, or give what was fine-tuned before from the same inputs.

    A folder that is damaged is made anew.

    Raises:
        InputError: too few training queries with a readable picture and a judged product, or training diverged.
    """
    knobs = FinetuningKnobs(**job.settings.finetuning.model_dump(), device=job.settings.training.device)
    # No encoder of the modalities is read here: the setting that this very result is named by must not make it stale.
    key = job.fingerprint(sources=SOURCES, encoders={}, base=SHIPPED.key, knobs=asdict(knobs))
    place = job.settings.home / "finetuned"
    folder, scratch = place / f"{ARCHITECTURE}-{job.name}-{key[:8]}", place / SCRATCH
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / ".lock"):
        if not _is_whole(folder):
            shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed
            scratch.mkdir()
            photos = judged_photos(job.dataset, _reader(job))
            _write(folder, finetune(photos, knobs, scratch=scratch, on_epoch=on_epoch), job.dataset)
    made = json.loads((folder / CONFIG).read_text())
    return Finetuned(folder, made["photos"], made["products"])


def _is_whole(folder: Path) -> bool:
    """Whether the folder is there, complete and unaltered."""
    try:
        verify(folder, (CONFIG, WEIGHTS))
    except ModelFolderError:
        return False
    return True


def judged_photos(dataset: Dataset, read: Callable[[str], np.ndarray]) -> Iterator[Photo]:
    """Photos of training queries, in file order, that decode and have a product with a grade above 0; each is read once.

    As in `judged_slates`, only products of the split train and those of no split count.

    Args:
        read: media hash -> pixels; a MediaError leaves the photo out.
    """
    side = {product.product_id for product in dataset.products if product.split in (None, "train")}
    for query in dataset.queries:
        judged = dataset.qrels.get(query.query_id, {})
        grades = {product: grade for product, grade in judged.items() if grade > 0 and product in side}
        if query.split != "train" or not query.image or not grades:
            continue
        try:
            pixels = read(query.image)
        except MediaError:
            continue
        yield pixels, grades


def _reader(job: Job) -> Callable[[str], np.ndarray]:
    media, caps = job.dataset.media, job.settings.media
    return lambda digest: decode_picture(media.get(digest), SIZE, max_bytes=caps.max_image_bytes, max_pixels=caps.max_image_pixels)


def _write(path: Path, tuned: Tuned, dataset: Dataset) -> None:
    from safetensors.torch import save_file

    if not all(weight.isfinite().all() for weight in tuned.weights.values()):
        raise InputError("fine-tuning diverged: weights are not finite", todo="lower finetuning.learning_rate")
    counts = {"photos": tuned.photos, "products": tuned.products}
    card = MODEL_CARD.format(
        licence=SHIPPED.licence.lower(), base=SHIPPED.name, data=dataset.manifest.name, version=dataset.version[:12], **counts
    )
    with new_folder(path) as folder:
        save_file(tuned.weights, folder / WEIGHTS)
        (folder / CONFIG).write_text(json.dumps({"model_type": ARCHITECTURE, "base": SHIPPED.key, **counts}, indent=1) + "\n")
        (folder / CARD).write_text(card)
        seal(folder)
