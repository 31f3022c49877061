"""A heat map laid over the picture it is of, as PNG bytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from fuserank.explain.grad_cam import Heat

MOST_BYTES = 64 * 1024  # one byte a pixel of 224 x 224, a palette of 256 colours, and the container
STRENGTH = 0.75  # opacity where the heat is 1
_COLOURS = "inferno"  # dark to bright in equal steps, so that it also reads without colour vision


def overlay(heat: Heat) -> bytes:
    """The picture, grey where it is cold and glowing where its evidence lies: PNG with a palette, at most MOST_BYTES."""
    import matplotlib

    size = heat.pixels.shape[1], heat.pixels.shape[0]
    spread = np.asarray(Image.fromarray(heat.heat.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)
    glow = matplotlib.colormaps[_COLOURS](0.25 + 0.75 * spread)[..., :3] * 255
    grey = np.asarray(Image.fromarray(heat.pixels).convert("L"), np.float32)[..., None].repeat(3, axis=2)
    mixed = grey + STRENGTH * spread[..., None] * (glow - grey)
    return palette_png(mixed.round().clip(0, 255).astype(np.uint8))


def palette_png(pixels: np.ndarray) -> bytes:
    """Pixels uint8 (h, w, 3) as PNG with a palette of 256 colours: at most one byte a pixel and 1 KiB or so around them."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).quantize(256).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
