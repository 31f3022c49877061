"""Pictures and sounds that are nearly right: bits flipped, cut short, or spliced with one another."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytes, bytes, random.Random], bytes]


def seeds() -> dict[str, bytes]:
    """A small file of each kind that the service takes."""
    import soundfile
    from PIL import Image

    across = np.linspace(0, 255, 48)
    pixels = np.stack(np.broadcast_arrays(across[:, None], across[None, :], across[::-1, None]), axis=2).astype(np.uint8)
    wave = 0.3 * np.sin(np.arange(3200) * 2 * np.pi * 440 / 16_000)
    found = {}
    for kind in ("JPEG", "PNG", "WEBP"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind)
        found[kind] = buffer.getvalue()
    for kind in ("WAV", "FLAC"):
        buffer = io.BytesIO()
        soundfile.write(buffer, wave, 16_000, format=kind, subtype="PCM_16")
        found[kind] = buffer.getvalue()
    return found


def flip(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """One to eight bits, half of the time in the first 64 bytes, where a file says what it is."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        bit = dice.randrange(8 * min(64, len(data)) if dice.random() < 0.5 else 8 * len(data))
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def truncate(data: bytes, _: bytes, dice: random.Random) -> bytes:
    """Its beginning."""
    return data[: dice.randrange(len(data))]


def splice(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """Its beginning, and the end of another."""
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (flip, truncate, splice)
PICTURES, SOUNDS = ("JPEG", "PNG", "WEBP"), ("WAV", "FLAC")


def mutants(count: int, seed: int, sounds: float) -> list[tuple[str, bytes]]:
    """("image" or "audio", bytes) of `count` mutants; `sounds` is the share of sounds."""
    dice, good = random.Random(seed), seeds()
    found = []
    for _ in range(count):
        kind, names = ("audio", SOUNDS) if dice.random() < sounds else ("image", PICTURES)
        mutate, data, other = dice.choice(MUTATIONS), good[dice.choice(names)], good[dice.choice(sorted(good))]
        found.append((kind, mutate(data, other, dice)))
    return found
