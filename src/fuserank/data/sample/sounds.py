"""Synthesised product sounds: the type gives the rhythm, the tone gives pitch and timbre.

Oscillators step through integer tables, so the samples do not depend on a machine's sine.
"""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Callable

import numpy as np

RATE = 16_000  # Hz
_TABLE = 1 << 12
_PHASE = 1 << 32  # one turn of the phase accumulator
SINE = np.array([round(32_767 * math.sin(2 * math.pi * i / _TABLE)) for i in range(_TABLE)], np.int64)


def _wave(frequency: np.ndarray) -> np.ndarray:
    """Sine of a frequency in mHz per sample: int64 in ±32767."""
    phase = np.cumsum(frequency * _PHASE // (RATE * 1000))
    return SINE[(phase % _PHASE) * _TABLE // _PHASE]


def _deep(base: int, samples: int) -> np.ndarray:
    pitch = np.full(samples, base * 170, np.int64)
    return (3 * _wave(pitch) + _wave(2 * pitch)) // 4


def _bright(base: int, samples: int) -> np.ndarray:
    pitch = np.full(samples, base * 1500, np.int64)
    return (2 * _wave(pitch) + _wave(2 * pitch) + _wave(3 * pitch)) // 4


def _warbling(base: int, samples: int) -> np.ndarray:
    wobble = _wave(np.full(samples, 14_000, np.int64))
    return _wave(base * 620 + base * 110 * wobble // 32_767)


def _buzzing(base: int, samples: int) -> np.ndarray:
    return np.where(_wave(np.full(samples, base * 420, np.int64)) >= 0, 17_000, -17_000).astype(np.int64)


TONE_WAVES: dict[str, Callable[[int, int], np.ndarray]] = {
    "deep": _deep,
    "bright": _bright,
    "warbling": _warbling,
    "buzzing": _buzzing,
}
# Notes of each rhythm: start (ms), length (ms), pitch (per mille of the tone's own).
RHYTHMS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "ding_dong": ((0, 380, 1189), (400, 400, 944)),
    "beeps": ((0, 90, 1000), (150, 90, 1000), (300, 90, 1000), (450, 90, 1000), (600, 90, 1000)),
    "scatter": ((0, 420, 1000), (110, 420, 1335), (170, 420, 1122), (330, 380, 1498), (400, 380, 1260)),
    "arpeggio": ((0, 190, 750), (190, 190, 944), (380, 190, 1123), (570, 220, 1500)),
}


def synthesise(rhythm: str, tone: str, rng: np.random.Generator) -> bytes:
    """Play a rhythm in a tone.

    Args:
        rhythm: a key of RHYTHMS.
        tone: a key of TONE_WAVES.
        rng: transposition (±8 %), loudness, start and background noise come from it.

    Returns:
        WAV bytes: mono, 16-bit PCM, RATE Hz, about 0.8–1.0 s.
    """
    transpose = int(rng.integers(920, 1081))
    lead = int(rng.integers(0, 100))
    end = max(start + length for start, length, _ in RHYTHMS[rhythm])
    mix = rng.integers(-220, 221, (end + lead + 60) * RATE // 1000)
    for start, length, pitch in RHYTHMS[rhythm]:
        samples = length * RATE // 1000
        at = (start + lead) * RATE // 1000
        mix[at : at + samples] += TONE_WAVES[tone](pitch * transpose // 1000, samples) * _envelope(samples) // 1000
    loudness = int(rng.integers(45, 80))
    return _wav(np.clip(mix * loudness // 130, -32_768, 32_767).astype("<i2"))


def silence(sound: bytes) -> bytes:
    """WAV bytes as long as `sound`, which `synthesise` made, without a sound in them."""
    with wave.open(io.BytesIO(sound)) as file:
        return _wav(np.zeros(file.getnframes(), "<i2"))


def _envelope(samples: int) -> np.ndarray:
    """Per mille: a 5 ms attack, then a quadratic decay."""
    step = np.arange(samples, dtype=np.int64)
    return np.minimum(step * 1000 // (RATE // 200), (samples - step) ** 2 * 1000 // samples**2)


def _wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
