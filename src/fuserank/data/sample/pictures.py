"""Rendered product pictures: an outline in a colour with a pattern, turned and scaled, on a noisy background.

All pixels come from integer arithmetic, and the PNG is written without hash-chain matching, so the bytes do not depend on the
processor.
"""

from __future__ import annotations

import colorsys
import io
import math
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from fuserank.data.sample.shapes import OUTLINES

SIDE = 96  # pixels
_GRID = 2 * SIDE  # drawn at twice the size, then averaged
_UNIT = 1 << 14  # fixed point of the turn

PATTERN_MASKS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "plain": lambda u, v: np.zeros(np.broadcast(u, v).shape, bool),
    "striped": lambda u, v: np.mod(u + v, 360) < 150,
    "dotted": lambda u, v: (np.mod(u, 330) - 165) ** 2 + (np.mod(v, 330) - 165) ** 2 < 100**2,
    "checked": lambda u, v: (np.mod(u, 400) < 200) ^ (np.mod(v, 400) < 200),
}


def render(outline: str, colour: tuple[int, int, int], pattern: str, rng: np.random.Generator, *, hue_shift: float = 0.0) -> bytes:
    """Draw one product.

    Args:
        outline: a key of OUTLINES.
        colour: sRGB, 0..255 each.
        pattern: a key of PATTERN_MASKS.
        rng: turn (-17°..17°), size (80..110 %), place, shade, background and noise come from it.
        hue_shift: degrees by which the hue of the whole picture is turned; simulates another camera.

    Returns:
        PNG bytes, SIDE x SIDE, RGB.
    """
    u, v = _shape_space(rng)
    inside = OUTLINES[outline](u, v)
    accent = PATTERN_MASKS[pattern](u, v)
    shade = int(rng.integers(-18, 19))
    ink = np.array(_turn_hue(colour, hue_shift)) + shade
    light = 299 * ink[0] + 587 * ink[1] + 114 * ink[2] > 150_000
    second = np.array((70, 62, 60) if light else (238, 234, 222)) + shade
    canvas = _background(rng, hue_shift)
    canvas[inside] = ink
    canvas[inside & accent] = second
    small = canvas.reshape(SIDE, 2, SIDE, 2, 3).sum((1, 3)) // 4
    noise = rng.integers(-9, 10, small.shape)
    return _png(np.clip(small + noise, 0, 255).astype(np.uint8))


def _shape_space(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (u, v) of every grid point after a random turn, scale and shift: int64 (_GRID, _GRID)."""
    angle = int(rng.integers(-17, 18))
    cos, sin = round(math.cos(math.radians(angle)) * _UNIT), round(math.sin(math.radians(angle)) * _UNIT)
    percent = int(rng.integers(80, 111))
    x0, y0 = (_GRID // 2 + int(rng.integers(-10, 11)) for _ in range(2))
    y, x = np.mgrid[:_GRID, :_GRID].astype(np.int64)
    # At 100 % the shape's 2000 units fill 80 % of the side.
    unit = 2500 * 100 // percent
    x, y = (x - x0) * unit // _GRID, (y - y0) * unit // _GRID
    return (cos * x + sin * y) // _UNIT, (cos * y - sin * x) // _UNIT


def _background(rng: np.random.Generator, hue_shift: float) -> np.ndarray:
    """A pale gradient with a few blurred blocks: int64 (_GRID, _GRID, 3)."""
    top, bottom = (np.array(_turn_hue(tuple(rng.integers(176, 246, 3).tolist()), hue_shift)) for _ in range(2))
    row = np.arange(_GRID)[:, None, None]
    canvas = np.broadcast_to((top * (_GRID - row) + bottom * row) // _GRID, (_GRID, _GRID, 3)).copy()
    for _ in range(int(rng.integers(1, 4))):
        x, y, width, height = rng.integers(0, _GRID, 2).tolist() + rng.integers(20, 80, 2).tolist()
        canvas[y : y + height, x : x + width] -= int(rng.integers(8, 40))
    return canvas


def _turn_hue(colour: tuple[int, ...], degrees: float) -> tuple[int, int, int]:
    if degrees == 0:
        return (colour[0], colour[1], colour[2])
    hue, lightness, saturation = colorsys.rgb_to_hls(*(c / 255 for c in colour))
    red, green, blue = colorsys.hls_to_rgb((hue + degrees / 360) % 1, lightness, saturation)
    return (round(red * 255), round(green * 255), round(blue * 255))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_type=zlib.Z_HUFFMAN_ONLY)
    return buffer.getvalue()
