"""Sounds: what a product sounds like against the shopper's recording, and the words of a voice query."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from fuserank.encoders import sound_features, whisper
from fuserank.encoders.sound import Sound, split
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, cosines
from fuserank.types import Product, Query

sound = cache(Sound)


class Audio:
    """Cosines of the character of two sounds, and of how a speech model hears them."""

    name = "audio"
    pair_names: tuple[str, ...] = ("sound_cosine", "speech_cosine")
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = True
    pair_only = False
    compared: slice | None = slice(sound_features.DIM)
    speech = whisper.INFO  # what `transcribe` is done with

    def __init__(self, resources: Resources) -> None:
        self._threads = resources.threads
        self._sound = sound(resources.threads, resources.media.max_audio_bytes, resources.media.max_audio_seconds)
        self.encoder: Encoder | None = self._sound

    def product_content(self, product: Product) -> Content | None:
        """The product's sound."""
        return Content(product.audio, product.audio, is_media=True) if product.audio else None

    def query_content(self, query: Query) -> Content | None:
        """The query's recording."""
        return Content(query.audio, query.audio, is_media=True) if query.audio else None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Cosines of the sound parts and of the speech parts: float32 (n, 2)."""
        return np.stack([cosines(q, p) for q, p in zip(split(query), split(products), strict=True)], axis=1)

    def transcribe(self, data: bytes, words: Sequence[str] = ()) -> str:
        """The words spoken in a recording; "" when there are none.

        Args:
            data: an encoded sound.
            words: words of the catalogue, preferred where the sound allows it.

        Raises:
            MediaError: the bytes cannot be used.
        """
        return whisper.transcribe(self._sound.prepare(data), words, self._threads)
