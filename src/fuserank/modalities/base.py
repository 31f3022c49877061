"""What a modality is: one file that says which content of a product and of a query it reads, and how that becomes a vector.

    content (text, media hash, numbers)  --prepare-->  array  --encode-->  vector (d,)  --pair-->  scores of a (query, product) pair

`prepare` is per item and runs in threads beside `encode`, which is per batch. Vectors are stored by content hash and encoder
identity, so equal content is encoded once. Fusion never sees a modality's name, only its vectors and whether they exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from fuserank.devices import Device
from fuserank.encoders.base import Encoder, EncoderInfo, widened
from fuserank.encoders.hub_folder import HubFolder
from fuserank.settings import MediaSettings
from fuserank.types import Product, Query

__all__ = ["Content", "Encoder", "EncoderInfo", "Modality", "ModalityFactory", "Resources", "Scaling", "cosines", "text_content"]

Scaling = Literal["unit", "standard", "robust"]


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


@runtime_checkable
class Modality(Protocol):
    """One source of evidence about a pair.

    Attributes:
        name: key in MODALITIES.
        encoder: gives product and query vectors, or None when the modality has pair scores only (lexical).
        pair_names: names of the scores that `pair` gives, () for none.
        scaling: how a model standardises the vectors: ``unit`` (length 1, so times sqrt(d)), ``standard`` (mean and
            deviation) or ``robust`` (median and quartiles), from training products.
        query_from_history: the query vector is the mean, made unit length, of the vectors of the shopper's past products.
        query_is_term: the query vector is one term of late interaction; False for a sentence, whose words are the terms.
        pair_only: the vectors are there for `pair` alone, no network reads them.
        compared: the part of the vectors whose cosine is the first pair score; None when the first score is no such cosine.
    """

    name: str
    encoder: Encoder | None
    pair_names: tuple[str, ...]
    scaling: Scaling
    query_from_history: bool
    query_is_term: bool
    pair_only: bool
    compared: slice | None

    def product_content(self, product: Product) -> Content | None:
        """What of a product is encoded; None: absent."""
        ...

    def query_content(self, query: Query) -> Content | None:
        """What of a query is encoded; None: absent."""
        ...

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Scores of one query vector (d,) with product vectors (n, d): float32 (n, len(pair_names)), each about in [-1, 1]."""
        ...


@dataclass(frozen=True)
class Resources:
    """What modalities are made with.

    Attributes:
        cache: folder for models exported to ONNX.
        threads: threads of each encoder.
        media: caps for pictures and sounds.
        own: encoders of your own, by the name of their setting.
        device: torch device that these run on.
        rounded: English text is read with weights in 8 bits, for one query at a time.
    """

    cache: Path
    threads: int = 2
    media: MediaSettings = field(default_factory=MediaSettings)
    own: Mapping[str, HubFolder] = field(default_factory=dict)
    device: Device = "cpu"
    rounded: bool = False


ModalityFactory = Callable[[Resources], Modality]


def text_content(text: str) -> Content | None:
    """Cleaned text as content; None when it is empty."""
    return Content(hashlib.sha256(text.encode()).hexdigest(), text) if text else None


def cosines(query: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Cosines of a vector (d,) with rows (n, d): float32 (n,); 0 where either is zero."""
    import torch

    query, products = np.asarray(query, np.float32), widened(products)
    norms = torch.linalg.vector_norm(torch.from_numpy(products), dim=1).numpy() * np.linalg.norm(query)
    return np.clip(products @ query / np.where(norms > 0, norms, 1), -1, 1).astype(np.float32, copy=False)
