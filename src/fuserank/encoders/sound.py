"""Sound vectors: what a sound is like (log-mel, MFCC, pitch, rhythm) beside how Whisper hears it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.encoders import sound_features, whisper
from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.encoders.sound_decoding import decode_sound


class Sound:
    """114 features of a sound and 384 of Whisper's encoder, side by side with like weight.

    Args:
        threads: threads of Whisper.
        max_bytes: cap on encoded sounds.
        max_seconds: cap on their length.
    """

    info = EncoderInfo("sound-whisper-tiny.en", "0.1.0+2", sound_features.DIM + whisper.DIM, "MIT", whisper.SHA256)

    def __init__(self, threads: int, max_bytes: int, max_seconds: float) -> None:
        self._threads, self._max_bytes, self._max_seconds = threads, max_bytes, max_seconds

    def prepare(self, value: bytes) -> np.ndarray:
        """Decode one sound: float32 samples at 16 kHz.

        Raises:
            MediaError: see `decode_sound`.
        """
        return decode_sound(value, max_bytes=self._max_bytes, max_seconds=self._max_seconds)

    def encode(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """Vectors of sounds: float32 (n, 498), rows of length 1; `split` gives the two parts. Lengths differ, so one by one."""
        rows = [
            np.concatenate([sound_features.sound_features(samples), whisper.speech_vector(samples, self._threads)])
            for samples in prepared
        ]
        return unit_rows(np.stack(rows)) if rows else np.zeros((0, self.info.dim), np.float32)


def split(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sound part (..., 114) and the speech part (..., 384) of sound vectors."""
    return vectors[..., : sound_features.DIM], vectors[..., sound_features.DIM :]
