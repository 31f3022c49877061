"""Damage of a stated strength to pictures, sounds and texts, to see how a ranker bears it.

Each function is pure: the same value, strength and seed give the same damage, strength 0 gives the value itself, and a higher
strength adds to the damage of a lower one (the same letters and more, the same noise but louder). Damaged media is encoded without
loss, so that only the damage that is named is measured.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter, ImageOps

NEIGHBOURS = {  # on a QWERTY keyboard
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol",
    "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop",
    "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip


def turn_colours(data: bytes, strength: float, seed: int) -> bytes:
    """Another light or camera: hue turned by `strength` · 180 degrees one way or the other, saturation times 1 - `strength` / 2.

    Args:
        data: an encoded picture.
        strength: 0..1.
        seed: chooses the way.
    """
    if strength == 0:
        return data
    pixels = np.asarray(_opened(data).convert("HSV")).copy()
    way = 1 if np.random.default_rng(seed).random() < 0.5 else -1
    pixels[..., 0] = (pixels[..., 0].astype(int) + way * round(strength * 128)) % 256
    pixels[..., 1] = np.round(pixels[..., 1] * (1 - strength / 2)).astype(np.uint8)
    return _encoded(Image.fromarray(pixels, "HSV").convert("RGB"))


def crop(data: bytes, strength: float, seed: int) -> bytes:
    """A window of the picture's own shape, at a random place; `strength`, 0 to below 1, is the share of the area that is lost."""
    if strength == 0:
        return data
    picture = _opened(data)
    side = (1 - strength) ** 0.5
    width, height = (max(1, round(length * side)) for length in picture.size)
    across, down = np.random.default_rng(seed).random(2)
    left, top = round(across * (picture.width - width)), round(down * (picture.height - height))
    return _encoded(picture.crop((left, top, left + width, top + height)))


def blur(data: bytes, strength: float, seed: int) -> bytes:
    """Out of focus: Gaussian with a deviation of `strength` (>= 0) times the longer side."""
    if strength == 0:
        return data
    picture = _opened(data)
    return _encoded(picture.filter(ImageFilter.GaussianBlur(strength * max(picture.size))))


def squeeze(data: bytes, strength: float, seed: int) -> bytes:
    """JPEG artefacts: quality 95 at a `strength` just above 0, falling to quality 1 at 1."""
    if strength == 0:
        return data
    buffer = io.BytesIO()
    _opened(data).save(buffer, "JPEG", quality=max(1, round(95 * (1 - strength))))
    return buffer.getvalue()


def background_noise(data: bytes, strength: float, seed: int) -> bytes:
    """Pink noise (power falling with 1/f, as in rooms and streets) under a recording, mixed to mono.

    Args:
        data: an encoded sound.
        strength: noise to signal as a ratio of RMS amplitudes, >= 0: 0.1 is 20 dB of signal-to-noise ratio, 1 is 0 dB.
        seed: of the noise.
    """
    import soundfile

    if strength == 0:
        return data
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    signal = samples.mean(axis=1)
    mixed = signal + strength * np.sqrt(np.square(signal).mean()) * pink_noise(len(signal), seed)
    buffer = io.BytesIO()
    soundfile.write(buffer, mixed / max(1.0, np.abs(mixed).max(initial=0)), rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def pink_noise(count: int, seed: int) -> np.ndarray:
    """(count,) float64 with RMS 1 and power ~ 1/f (white noise shaped in the frequency domain); 0 for a single sample."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / (np.sqrt(np.square(noise).mean()) or 1.0))


def typos(text: str, strength: float, seed: int) -> str:
    """Slips of the finger: each letter, with probability `strength` (0..1), is dropped, doubled or replaced by a neighbouring key.

    A letter that no key of the keyboard has is dropped.
    """
    rng = np.random.default_rng(seed)
    draws, slips, keys = rng.random(len(text)), rng.integers(3, size=len(text)), rng.integers(12, size=len(text))
    return "".join(
        _slip(letter, int(slip), int(key)) if letter.isalpha() and draw < strength else letter
        for letter, draw, slip, key in zip(text, draws, slips, keys, strict=True)
    )


def lose(text: str, strength: float, seed: int) -> str:
    """A text that is missing with probability `strength` (0..1): "" then, else the text."""
    return "" if np.random.default_rng(seed).random() < strength else text


def _slip(letter: str, slip: int, key: int) -> str:
    beside = NEIGHBOURS.get(letter.lower(), "")
    if slip == 0 or not beside:
        return ""
    return 2 * letter if slip == 1 else beside[key % len(beside)]


def _opened(data: bytes) -> Image.Image:
    """RGB, upright, transparency on white."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
