"""What a modality is: one file that says which content of a product and of a query it reads, and how that becomes a vector.

    content (text, media hash, numbers)  --prepare-->  array  --encode-->  vector (d,)  --pair-->  scores of a (query, product) pair

`prepare` is per item and runs in threads beside `encode`, which is per batch. Vectors are stored by content hash and encoder
identity, so equal content is encoded once. Fusion never sees a modality's name, only its vectors and whether they exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from fuserank.types import Product, Query


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


@dataclass(frozen=True)
class Content:
    """What is encoded, named by its hash.

    Attributes:
        key: hex sha256 of the content (of normalised text, of media bytes, of the numbers).
        value: the text, the numbers, or for media the hash itself (bytes are fetched when it is encoded).
        is_media: `value` names bytes in the media store.
    """

    key: str
    value: Any
    is_media: bool = False


class Encoder(Protocol):
    """Turns content into vectors. Loaded lazily: making one costs nothing, the first `encode` loads the weights."""

    info: EncoderInfo

    def prepare(self, value: Any) -> Any:
        """Decode and clean one item (text, media bytes, numbers); thread-safe.

        Raises:
            MediaError: the bytes cannot be used; the item is quarantined with the error's reason.
        """
        ...

    def encode(self, prepared: Sequence[Any]) -> np.ndarray:
        """Encode a batch of prepared items: float32 (n, dim), every value finite."""
        ...


@runtime_checkable
class Modality(Protocol):
    """One source of evidence about a pair.

    Attributes:
        name: key in MODALITIES.
        encoder: gives product and query vectors, or None when the modality has pair scores only (lexical).
        pair_names: names of the scores that `pair` gives, () for none.
    """

    name: str
    encoder: Encoder | None
    pair_names: tuple[str, ...]

    def product_content(self, product: Product) -> Content | None:
        """What of a product is encoded; None: absent."""
        ...

    def query_content(self, query: Query) -> Content | None:
        """What of a query is encoded; None: absent."""
        ...

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Scores of one query vector (d,) with product vectors (n, d): float32 (n, len(pair_names)), each about in [-1, 1]."""
        ...


ModalityFactory = Callable[[], Modality]
