"""A picture encoder of your own: a vision transformer or a convolutional network, or the picture half of a joint model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fuserank.devices import Device
from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.encoders.hub_folder import HubFolder
from fuserank.encoders.hub_loading import refuse_other_architecture
from fuserank.encoders.hub_network import HubNetwork, HubPictures
from fuserank.plugins import PluginTable


class Reading(NamedTuple):
    """How a picture's vector is read off a network.

    Attributes:
        vectors: (network, pixels (n, 3, h, w)) -> (n, dim).
        dim: configuration -> dim.
        unused: beginnings of the names of weights that are not read.
    """

    vectors: Callable[[Any, Any], Any]
    dim: Callable[[Any], int]
    unused: tuple[str, ...] = ()


# The first token sums up the picture; a pooler behind it was trained in few checkpoints, and is left alone.
FIRST_TOKEN = Reading(lambda net, pixels: net(pixels).last_hidden_state[:, 0], lambda c: c.hidden_size, ("pooler.",))
# The network's own pooling, which has no weights or was trained with it.
POOLED = Reading(lambda net, pixels: net(pixels).pooler_output.flatten(1), lambda c: c.hidden_size)
LAST_STAGE = POOLED._replace(dim=lambda c: c.hidden_sizes[-1])
JOINT = Reading(lambda net, pixels: net.get_image_features(pixels).pooler_output, lambda c: c.projection_dim)

READINGS: PluginTable[Reading] = PluginTable(
    "picture architecture",
    {
        "vit": FIRST_TOKEN,
        "deit": FIRST_TOKEN,
        "dinov2": FIRST_TOKEN,
        "dinov2_with_registers": FIRST_TOKEN,
        "dinov3_vit": FIRST_TOKEN,
        "convnext": LAST_STAGE,
        "convnextv2": LAST_STAGE,
        "resnet": LAST_STAGE,
        "regnet": LAST_STAGE,
        "swin": POOLED,
        "swinv2": POOLED,
        "clip_vision_model": POOLED,
        "siglip_vision_model": POOLED,
        "clip": JOINT,
        "chinese_clip": JOINT,
        "siglip": JOINT._replace(dim=lambda c: c.vision_config.hidden_size),
    },
)


class HubImage:
    """Vectors of pictures, rows of length 1.

    Args:
        folder: of the model; checked at once, loaded on first use.
        max_bytes: cap on encoded pictures.
        max_pixels: cap on width times height.
        device: a torch device, or ``auto``: a GPU when there is one.

    Raises:
        SettingsError: not an architecture of READINGS.
    """

    def __init__(self, folder: HubFolder, max_bytes: int, max_pixels: int, device: Device = "cpu") -> None:
        refuse_other_architecture(folder, "pictures", READINGS)
        self.folder, self._reading = folder, READINGS[folder.model_type]
        self._network = HubNetwork(folder, device, self._reading.unused)
        self._pictures = HubPictures(folder, max_bytes, max_pixels)

    @cached_property
    def info(self) -> EncoderInfo:
        """Identity; reads the weights' bytes once."""
        return self._network.info(self._reading.dim)

    def prepare(self, value: bytes) -> np.ndarray:
        """Decode one picture: float32 (3, h, w).

        Raises:
            MediaError: see `decode_picture`.
        """
        return self._pictures(value)

    def encode(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Vectors of pictures: float32 (n, dim)."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        network = self._network.network
        vectors = self._network.run({"pixels": np.stack(prepared)}, lambda pixels: self._reading.vectors(network, pixels))
        return unit_rows(vectors)
