"""Fine-tuning the last blocks of the picture encoder on photos that were judged against products.

    pixels -> blocks before CUT (frozen; once a crop, kept on disk) -> blocks from CUT on (learned) -> mean f (1280,)
    loss = cross-entropy of softmax(W f̂ + b) over the judged products with what the judgments say, f̂ standardised

W is a read-out that only training needs: what is kept are the blocks. The products' pictures go through the same blocks later, so a
photo and a product's picture stay in one space. Frozen blocks cost one pass for each crop instead of one for each epoch.

Shapes: n photos, P judged products.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from fuserank.encoders.efficientnet import POOLED, SIZE, load_torch
from fuserank.encoders.onnx_cache import export_of_pixels, session

CUT = 11  # of 16 blocks; from here on maps are 14 x 14 and smaller, and about a third of the arithmetic is left
MAPS = (112, 14, 14)  # what block CUT reads
SMALLEST_CROP = 0.7  # of the side
GRADED = 0.3  # weight of the order below the best grade beside the best grade itself
READ_OUT_RATE, READ_OUT_DECAY, READ_OUT_DROPOUT = 1e-3, 0.1, 0.3
WARM_UP = 0.1  # share of the steps
AT_ONCE = 32  # crops in a pass through the frozen blocks

Pixels = Callable[[int], np.ndarray]  # number of a photo -> uint8 (224, 224, 3)


@dataclass(frozen=True)
class FinetuningKnobs:
    """How the blocks are trained; names and meaning as in `fuserank.settings.FinetuningSettings`."""

    epochs: int = 8
    crops: int = 4
    batch: int = 32
    learning_rate: float = 5e-4
    weight_decay: float = 1e-2
    seed: int = 0
    device: str = "auto"


def finetune(
    pixels: Pixels, grades: Any, knobs: FinetuningKnobs, *, scratch: Path, on_epoch: Callable[[int, float], None] | None = None
) -> dict[str, Tensor]:
    """Train the last blocks.

    Args:
        pixels: gives a photo, decoded and square.
        grades: scipy sparse (n, P), the grade of each product for each photo; every row has a grade above 0.
        scratch: an existing folder; n x crops x 44 kB are needed in it while this runs.
        on_epoch: told epoch (from 1) and mean loss.

    Returns:
        weights of the whole network by name, on the CPU.
    """
    device = torch.device("cuda" if knobs.device == "auto" and torch.cuda.is_available() else knobs.device.replace("auto", "cpu"))
    rng = np.random.default_rng(knobs.seed)
    with tempfile.TemporaryDirectory(dir=scratch) as folder, torch.random.fork_rng():
        torch.manual_seed(knobs.seed)
        network = load_torch()
        maps = _frozen_maps(pixels, grades.shape[0], knobs.crops, rng, network, Path(folder))
        last = LastBlocks(network.to(device))
        read_out = ReadOut(last(torch.from_numpy(np.array(maps[:AT_ONCE, 0], np.float32)).to(device)), grades.shape[1]).to(device)
        optimizer = torch.optim.AdamW(
            [
                {"params": last.learned(), "lr": knobs.learning_rate, "weight_decay": knobs.weight_decay},
                {"params": read_out.parameters(), "lr": READ_OUT_RATE, "weight_decay": READ_OUT_DECAY},
            ]
        )
        steps = knobs.epochs * -(-len(maps) // knobs.batch)
        rates = [group["lr"] for group in optimizer.param_groups]
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, pct_start=WARM_UP)
        for epoch in range(1, knobs.epochs + 1):
            losses = []
            for chosen, batch in _batches(maps, knobs.batch, rng):
                loss = listwise(read_out(last(batch.to(device))), torch.from_numpy(grades[chosen].toarray()).to(device))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(last.learned(), 5.0)
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
            if on_epoch:
                on_epoch(epoch, float(np.mean(losses)))
        return {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}


class LastBlocks(nn.Module):
    """The network from block CUT on: maps (n, 112, 14, 14) -> pooled features (n, 1280).

    Normalisation keeps its ImageNet statistics: a shop's photos are too few for statistics of their own.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def learned(self) -> list[nn.Parameter]:
        """The parameters that are trained."""
        net = self.network
        parts = [*net._blocks[CUT:], net._conv_head, net._bn1]
        return [parameter for part in parts for parameter in part.parameters()]

    def forward(self, maps: Tensor) -> Tensor:
        """Pooled features."""
        net = self.network
        for block in net._blocks[CUT:]:
            maps = block(maps)
        pooled: Tensor = net._swish(net._bn1(net._conv_head(maps))).mean((2, 3))
        return pooled


class ReadOut(nn.Module):
    """Pooled features (n, 1280) -> logits (n, P).

    Args:
        example: (m, 1280) features of the untrained network, whose mean and deviation standardise.
        products: P.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, example: Tensor, products: int) -> None:
        super().__init__()
        unit = F.normalize(example.detach(), dim=1)
        self.register_buffer("mean", unit.mean(0))
        self.register_buffer("deviation", unit.std(0, correction=0) + 1e-4)
        self.linear = nn.Linear(POOLED, products)
        nn.init.normal_(self.linear.weight, std=0.005)
        nn.init.zeros_(self.linear.bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """Logits, with dropout in training."""
        inputs = ((F.normalize(pooled, dim=1) - self.mean) / self.deviation).clamp(-10, 10)
        logits: Tensor = self.linear(F.dropout(inputs, READ_OUT_DROPOUT, self.training))
        return logits


def listwise(logits: Tensor, grades: Tensor) -> Tensor:
    """Cross-entropy with the products of a photo's best grade, and to a lesser part with all grades (ListNet, Cao et al. 2007).

    Args:
        logits, grades: (n, P); every row has a grade above 0.

    Returns:
        scalar.
    """
    log_probability = F.log_softmax(logits, dim=1)
    best = (grades == grades.amax(1, keepdim=True)).to(logits.dtype)
    return sum(
        weight * -((target / target.sum(1, keepdim=True)) * log_probability).sum(1).mean()
        for weight, target in ((1.0, best), (GRADED, grades.to(logits.dtype)))
    )  # type: ignore[return-value]


def _batches(maps: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, Tensor]]:
    """All photos once, in random order, each in one of its crops."""
    order = rng.permutation(len(maps))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        crops = rng.integers(maps.shape[1], size=len(chosen))
        yield chosen, torch.from_numpy(np.stack([maps[i, c] for i, c in zip(chosen, crops, strict=True)]).astype(np.float32))


def _frozen_maps(pixels: Pixels, count: int, crops: int, rng: np.random.Generator, network: Any, folder: Path) -> np.ndarray:
    """float16 (n, crops, *MAPS), memory-mapped: the first crop is the whole photo, every other one is flipped."""
    run = _frozen(network, folder / "frozen.onnx")
    maps = np.memmap(folder / "maps", np.float16, "w+", shape=(count, crops, *MAPS))
    for start in range(0, count, AT_ONCE // crops or 1):
        part = range(start, min(start + (AT_ONCE // crops or 1), count))
        seen = [crop for i in part for crop in _crops(pixels(i), crops, rng)]
        maps[part.start : part.stop] = run(np.stack(seen)).reshape(len(part), crops, *MAPS)
    return maps


def _crops(photo: np.ndarray, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield photo
    for number in range(1, count):
        side = int(SIZE * rng.uniform(SMALLEST_CROP, 1))
        x, y = (int(v) for v in rng.integers(0, SIZE - side + 1, 2))
        crop = Image.fromarray(photo).resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side))
        yield np.asarray(crop)[:, :: -1 if number % 2 else 1]


def _frozen(network: Any, path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """The blocks before CUT as a function of pixels uint8 (n, 224, 224, 3); ONNX is several times faster than eager torch."""

    def frozen(network: Any, pixels: Tensor) -> Tensor:
        maps: Tensor = network._swish(network._bn0(network._conv_stem(pixels)))
        for block in network._blocks[:CUT]:
            maps = block(maps)
        return maps

    export_of_pixels(network, frozen, SIZE, path)
    runtime = session(path, torch.get_num_threads())

    def run(pixels: np.ndarray) -> np.ndarray:
        maps: np.ndarray = runtime.run(None, {"pixels": (pixels.astype(np.float32).transpose(0, 3, 1, 2) - 127) / 128})[0]
        return maps

    return run
