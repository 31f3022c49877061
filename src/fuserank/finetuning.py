"""Fine-tuning the last blocks of the picture encoder on photos that were judged against products.

    pixels -> blocks before CUT (frozen; `fuserank.frozen_maps`) -> blocks from CUT on (learned) -> mean f (1280,)
    loss = cross-entropy of softmax(W f̂ + b) over the judged products with what the judgments say, f̂ standardised

W and b, a classification head, serve training alone: what is kept are the blocks. The products' pictures go through the same blocks
later, so a photo and a product's picture stay in one space.

Shapes: n photos, P judged products.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fuserank.devices import Device, device_of
from fuserank.encoders.efficientnet import POOLED, load_torch
from fuserank.errors import InputError
from fuserank.frozen_maps import AT_ONCE, LastBlocks, batches, frozen_maps

FEWEST = 2  # photos, and products they show: a softmax over one product teaches nothing
GRADED = 0.3  # weight of the order below the best grade beside the best grade itself
HEAD_RATE, HEAD_DECAY, HEAD_DROPOUT = 1e-3, 0.1, 0.3
SAMPLE = 256  # photos that the head's standardiser is fitted on
WARM_UP = 0.1  # share of the steps

Photo = tuple[np.ndarray, Mapping[str, int]]  # pixels uint8 (224, 224, 3), and the grades above 0 of the products judged for it
OnEpoch = Callable[[int, float], None]  # told epoch (from 1) and mean loss


@dataclass(frozen=True)
class FinetuningKnobs:
    """How the blocks are trained; names and meaning as in `fuserank.settings.FinetuningSettings`."""

    epochs: int = 8
    crops: int = 4
    batch: int = 32
    learning_rate: float = 5e-4
    weight_decay: float = 1e-2
    seed: int = 0
    device: Device = "auto"


class Tuned(NamedTuple):
    """Weights of the whole network by name, on the CPU, and on how many photos of how many judged products they were trained."""

    weights: dict[str, Tensor]
    photos: int
    products: int


def finetune(photos: Iterable[Photo], knobs: FinetuningKnobs, *, scratch: Path, on_epoch: OnEpoch | None = None) -> Tuned:
    """Train the last blocks.

    Args:
        photos: gone through once; every photo has a product.
        scratch: an existing folder; n x crops x 44 kB are needed in it while this runs.

    Raises:
        InputError: fewer than FEWEST photos, or products judged for them.
    """
    device = device_of(knobs.device)
    rng = np.random.default_rng(knobs.seed)
    judged: list[Mapping[str, int]] = []
    with tempfile.TemporaryDirectory(dir=scratch) as folder, torch.random.fork_rng():
        torch.manual_seed(knobs.seed)
        network = load_torch()
        maps = frozen_maps(_noting(photos, judged), knobs.crops, rng, network, Path(folder))
        grades = _table(judged)
        if min(grades.shape) < FEWEST:
            raise InputError(
                f"{grades.shape[0]} judged photos of {grades.shape[1]} products among the training queries",
                allowed=f"at least {FEWEST} of each; some hundreds, with several a product, for a gain",
                todo="add queries with pictures to the split train, or keep the encoder that ships",
            )
        train_blocks(network.to(device), maps, grades, knobs, rng, on_epoch)
        return Tuned({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}, *grades.shape)


def train_blocks(
    network: Any, maps: np.ndarray, grades: Any, knobs: FinetuningKnobs, rng: np.random.Generator, on_epoch: OnEpoch | None = None
) -> None:
    """Train the blocks from CUT on in place, where the network is.

    Args:
        maps: (n, crops, *MAPS), as `frozen_maps` gives them.
        grades: scipy sparse (n, P), the grade of each product for each photo; every row has a grade above 0.
    """
    last, device = LastBlocks(network), next(network.parameters()).device
    head = ClassificationHead(example_features(last, maps, rng, device), grades.shape[1]).to(device)
    optimizer = torch.optim.AdamW(
        [
            {"params": last.learned(), "lr": knobs.learning_rate, "weight_decay": knobs.weight_decay},
            {"params": head.parameters(), "lr": HEAD_RATE, "weight_decay": HEAD_DECAY},
        ]
    )
    steps = knobs.epochs * -(-len(maps) // knobs.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_share(step, steps))
    for epoch in range(1, knobs.epochs + 1):
        losses = []
        for chosen, batch in batches(maps, knobs.batch, rng):
            loss = listwise(head(last(batch.to(device))), torch.from_numpy(grades[chosen].toarray()).to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(last.learned(), 5.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        if on_epoch:
            on_epoch(epoch, float(np.mean(losses)))


def rate_share(step: int, steps: int) -> float:
    """Share of the full learning rate at step 0, 1, …: a linear rise for WARM_UP of the steps, then a half cosine to 0."""
    warm = max(1, round(WARM_UP * steps))
    return min((step + 1) / warm, (1 + math.cos(math.pi * step / steps)) / 2)


class ClassificationHead(nn.Module):
    """Pooled features (n, 1280) -> logits (n, P).

    Args:
        example: (m, 1280) features of the untrained network, whose mean and deviation standardise.
        products: P.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, example: Tensor, products: int) -> None:
        super().__init__()
        unit = F.normalize(example, dim=1)
        self.register_buffer("mean", unit.mean(0))
        self.register_buffer("deviation", unit.std(0, correction=0) + 1e-4)
        self.linear = nn.Linear(POOLED, products)
        nn.init.normal_(self.linear.weight, std=0.005)
        nn.init.zeros_(self.linear.bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """Logits, with dropout in training."""
        inputs = ((F.normalize(pooled, dim=1) - self.mean) / self.deviation).clamp(-10, 10)
        logits: Tensor = self.linear(F.dropout(inputs, HEAD_DROPOUT, self.training))
        return logits


@torch.no_grad()
def example_features(last: nn.Module, maps: np.ndarray, rng: np.random.Generator, device: torch.device) -> Tensor:
    """Pooled features (m, 1280) of m = min(n, SAMPLE) photos drawn at random: the first of a file are often all of one class."""
    return torch.cat([last(batch.to(device)) for _, batch in islice(batches(maps, AT_ONCE, rng), SAMPLE // AT_ONCE)])


def listwise(logits: Tensor, grades: Tensor) -> Tensor:
    """Softmax cross-entropy on normalised linear gains: of a photo's best grade alone, and to a lesser part of all its grades.

    Bruch et al. 2019, "An Analysis of the Softmax Cross Entropy Loss for Learning-to-Rank with Binary Relevance", ICTIR.

    Args:
        logits, grades: (n, P); every row has a grade above 0.

    Returns:
        scalar, the mean over photos.
    """
    grades = grades.to(logits.dtype)
    best = (grades == grades.amax(1, keepdim=True)).to(logits.dtype)
    terms = [
        weight * F.cross_entropy(logits, target / target.sum(1, keepdim=True)) for weight, target in ((1.0, best), (GRADED, grades))
    ]
    return torch.stack(terms).sum()


def _noting(photos: Iterable[Photo], judged: list[Mapping[str, int]]) -> Iterator[np.ndarray]:
    """The pixels of each photo; its grades are appended to `judged`."""
    for pixels, grades in photos:
        judged.append(grades)
        yield pixels


def _table(judged: list[Mapping[str, int]]) -> Any:
    """Scipy sparse float32 (n, P): a row for each photo, a column for each product that one of them is judged for."""
    from scipy.sparse import csr_array

    column: dict[str, int] = {}
    cells = [
        (row, column.setdefault(product, len(column)), grade)
        for row, grades in enumerate(judged)
        for product, grade in grades.items()
    ]
    rows, columns, values = np.array(cells, int).reshape(-1, 3).T
    return csr_array((values.astype(np.float32), (rows, columns)), shape=(len(judged), len(column)))
