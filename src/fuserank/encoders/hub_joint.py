"""Words and pictures in one space: CLIP (Radford et al. 2021), SigLIP (Zhai et al. 2023), Chinese-CLIP (Yang et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.devices import Device
from fuserank.encoders.base import unit_rows
from fuserank.encoders.hub_folder import HubFolder
from fuserank.encoders.hub_image import HubImage
from fuserank.encoders.hub_loading import refuse_other_architecture
from fuserank.encoders.hub_network import HubTokenizer
from fuserank.encoders.text_cleaning import clean_text

ARCHITECTURES = ("chinese_clip", "clip", "siglip")


class HubJoint(HubImage):
    """Vectors of pictures as `HubImage` gives them, and of texts in the same space; the cosine of the two is how well they fit.

    Args:
        folder: of the model; checked at once, loaded on first use.
        max_bytes: cap on encoded pictures.
        max_pixels: cap on width times height.
        device: a torch device, or ``auto``: a GPU when there is one.

    Raises:
        SettingsError: not one of ARCHITECTURES.
    """

    def __init__(self, folder: HubFolder, max_bytes: int, max_pixels: int, device: Device = "cpu") -> None:
        refuse_other_architecture(folder, "words and pictures together", ARCHITECTURES)
        super().__init__(folder, max_bytes, max_pixels, device)
        fill = folder.model_type == "siglip"
        self._tokenize = HubTokenizer(self._network, lambda c: int(c.text_config.max_position_embeddings), fill=fill)

    def prepare(self, value: bytes | str) -> np.ndarray | str:  # type: ignore[override]
        """Decode one picture (bytes) to float32 (3, h, w), or clean one text.

        Raises:
            MediaError: see `decode_picture`.
        """
        return clean_text(value) if isinstance(value, str) else super().prepare(value)

    def encode(self, prepared: Sequence[np.ndarray | str]) -> np.ndarray:
        """Vectors of prepared pictures and texts, mixed as they come: float32 (n, dim), rows of length 1."""
        vectors = np.zeros((len(prepared), self.info.dim), np.float32)
        texts = [(i, item) for i, item in enumerate(prepared) if isinstance(item, str)]
        pictures = [(i, item) for i, item in enumerate(prepared) if not isinstance(item, str)]
        if texts:
            network = self._network.network
            tokens = self._tokenize([text for _, text in texts])
            found = self._network.run(tokens, lambda **given: network.get_text_features(**given).pooler_output)
            vectors[[i for i, _ in texts]] = unit_rows(found)
        if pictures:
            vectors[[i for i, _ in pictures]] = super().encode([picture for _, picture in pictures])
        return vectors
