"""Fine-tune the picture encoder on the judged photos of a dataset's training queries, into a folder that settings can name.

The folder is read like any encoder of your own: config.json, model.safetensors, and a card. Photos of validation and test queries
are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.encoders.efficientnet import ARCHITECTURE, SHIPPED, SIZE
from fuserank.encoders.hub_folder import CARD, WEIGHTS
from fuserank.encoders.picture_decoding import decode_picture
from fuserank.errors import InputError, MediaError
from fuserank.files import new_folder
from fuserank.finetuning import FinetuningKnobs, finetune
from fuserank.pipeline.job import Job

SOURCES = ("finetuning.py", "pipeline/finetune.py", "encoders/efficientnet.py", "encoders/picture_decoding.py")
FEWEST = 2  # photos, and products they show: a softmax over one product teaches nothing
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


def finetune_pictures(job: Job, *, on_epoch: Callable[[int, float], None] | None = None) -> Finetuned:
    """Fine-tune, or give what was fine-tuned before from the same inputs.

    Args:
        on_epoch: told epoch (from 1) and mean loss.

    Raises:
        InputError: too few training queries with a readable picture and a judged product.
    """
    settings = job.settings.finetuning
    pictures, grades = judged_photos(job.dataset, _reader(job))
    if len(pictures) < FEWEST or grades.shape[1] < FEWEST:
        raise InputError(
            f"{job.name}: {len(pictures)} judged photos of {grades.shape[1]} products among the training queries",
            allowed=f"at least {FEWEST} of each; some hundreds, with several a product, for a gain",
            todo="add queries with pictures to the split train, or keep the encoder that ships",
        )
    knobs = FinetuningKnobs(**settings.model_dump(), device=job.settings.training.device)
    key = job.fingerprint(sources=SOURCES, knobs=asdict(knobs), base=SHIPPED.key)
    found = Finetuned(job.settings.home / "finetuned" / f"{ARCHITECTURE}-{job.name}-{key[:8]}", *grades.shape)
    if not found.folder.exists():
        read = _reader(job)
        scratch = job.settings.home / "finetuned"
        scratch.mkdir(parents=True, exist_ok=True)
        weights = finetune(lambda i: read(pictures[i]), grades, knobs, scratch=scratch, on_epoch=on_epoch)
        _write(found, weights, job.dataset)
    return found


def judged_photos(dataset: Dataset, read: Callable[[str], np.ndarray]) -> tuple[list[str], Any]:
    """Photos of training queries that decode and have a product with a grade above 0.

    Args:
        read: media hash -> pixels; a MediaError leaves the photo out.

    Returns:
        their media hashes (n), and the grades: scipy sparse float32 (n, P) over the P products that one of them is judged for.
    """
    from scipy.sparse import csr_array

    column: dict[str, int] = {}
    pictures: list[str] = []
    cells: list[tuple[int, int, int]] = []
    for query in dataset.queries:
        judged = {product: grade for product, grade in dataset.qrels.get(query.query_id, {}).items() if grade > 0}
        if query.split != "train" or not query.image or not judged or not _readable(read, query.image):
            continue
        cells += [(len(pictures), column.setdefault(product, len(column)), grade) for product, grade in judged.items()]
        pictures.append(query.image)
    rows, columns, values = (np.array(v, int) for v in zip(*cells, strict=True)) if cells else (np.zeros(0, int),) * 3
    return pictures, csr_array((values.astype(np.float32), (rows, columns)), shape=(len(pictures), len(column)))


def _reader(job: Job) -> Callable[[str], np.ndarray]:
    media, caps = job.dataset.media, job.settings.media
    return lambda digest: decode_picture(media.get(digest), SIZE, max_bytes=caps.max_image_bytes, max_pixels=caps.max_image_pixels)


def _readable(read: Callable[[str], np.ndarray], digest: str) -> bool:
    try:
        read(digest)
    except MediaError:
        return False
    return True


def _write(found: Finetuned, weights: dict[str, Any], dataset: Dataset) -> None:
    from safetensors.torch import save_file

    card = MODEL_CARD.format(
        licence=SHIPPED.licence.lower(),
        base=SHIPPED.name,
        photos=found.photos,
        products=found.products,
        data=dataset.manifest.name,
        version=dataset.version[:12],
    )
    with new_folder(found.folder) as folder:
        save_file(weights, folder / WEIGHTS)
        (folder / "config.json").write_text(json.dumps({"model_type": ARCHITECTURE, "base": SHIPPED.key}, indent=1) + "\n")
        (folder / CARD).write_text(card)
