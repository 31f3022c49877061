"""The picture encoder cut in two: frozen blocks, whose maps are made once and kept on disk, and the blocks that read these.

The frozen blocks cost one pass for each crop instead of one for each epoch. Shapes: n photos, C crops of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from fuserank.encoders.efficientnet import SIZE
from fuserank.encoders.onnx_cache import export_of_pixels, session

CUT = 11  # of 16 blocks; from here on maps are 14 x 14 and smaller, and about a third of the arithmetic is left
MAPS = (112, 14, 14)  # what block CUT reads
SMALLEST_CROP = 0.7  # of the side
AT_ONCE = 32  # crops in a pass


def frozen_maps(photos: Iterable[np.ndarray], crops: int, rng: np.random.Generator, network: Any, folder: Path) -> np.ndarray:
    """The maps before block CUT; photos are taken as they come, and only AT_ONCE crops are held.

    Args:
        photos: uint8 (224, 224, 3) each.
        crops: C; the first is the whole photo, every other one is flipped.
        network: as `load_torch` gives it, on the CPU.
        folder: an existing folder, which the maps stay in: 44 kB a crop.

    Returns:
        float16 (n, C, *MAPS), memory-mapped, read-only.
    """
    run: Callable[[np.ndarray], np.ndarray] | None = None
    stream, count = iter(photos), 0
    with (folder / "maps").open("wb") as file:
        while part := list(islice(stream, max(1, AT_ONCE // crops))):
            run = run or _frozen(network, folder / "frozen.onnx")  # takes seconds, which without photos nobody need wait
            run(np.stack([crop for photo in part for crop in _crops(photo, crops, rng)])).astype(np.float16).tofile(file)
            count += len(part)
    shape = (count, crops, *MAPS)
    return np.memmap(folder / "maps", np.float16, "r", shape=shape) if count else np.zeros(shape, np.float16)


def batches(maps: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, Tensor]]:
    """All photos once, in random order, each in one of its crops: their numbers (b,), and their maps float32 (b, *MAPS)."""
    order = rng.permutation(len(maps))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        crops = rng.integers(maps.shape[1], size=len(chosen))
        yield chosen, torch.from_numpy(np.stack([maps[i, c] for i, c in zip(chosen, crops, strict=True)]).astype(np.float32))


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
