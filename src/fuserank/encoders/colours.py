"""A colour histogram of what a picture shows, apart from its background: colour is what EfficientNet-Lite0 knows least about."""

from __future__ import annotations

import numpy as np
from PIL import Image

from fuserank.encoders.picture_decoding import border_colour

HUES, SATURATIONS, VALUES, GREYS = 12, 3, 3, 8
DIM = HUES * SATURATIONS * VALUES + GREYS
_STEP = 2  # every second pixel in both directions is enough for a histogram
_BACKGROUND = 24  # a pixel this close to the border's colour, in every channel of 255, is background
_LEAST_FOREGROUND = 0.02
# Below this chroma a hue is noise and the pixel counts as grey; above the second it counts as coloured; a ramp between.
_GREY_BELOW, _COLOURED_ABOVE = 0.06, 0.18


def colour_histogram(pixels: np.ndarray) -> np.ndarray:
    """Colours of the foreground.

    Args:
        pixels: uint8 (h, w, 3), RGB.

    Returns:
        float32 (DIM,) of length 1: square roots of shares (Hellinger), coloured bins (hue, saturation, value) then greys by
        brightness; a pixel is shared between neighbouring bins.
    """
    pixels = pixels[::_STEP, ::_STEP]
    foreground = (np.abs(pixels - border_colour(pixels)) > _BACKGROUND).any(axis=2)
    if foreground.mean() < _LEAST_FOREGROUND:
        foreground[:] = True
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV"))[foreground].astype(np.float32) / 255
    hue, saturation, value = hsv.T
    coloured = np.clip((saturation * value - _GREY_BELOW) / (_COLOURED_ABOVE - _GREY_BELOW), 0, 1)
    histogram = np.zeros(DIM, np.float64)
    for h, h_share in _neighbours(hue * HUES, HUES, circular=True):
        for s, s_share in _neighbours(saturation * SATURATIONS - 0.5, SATURATIONS):
            for v, v_share in _neighbours(value * VALUES - 0.5, VALUES):
                histogram += np.bincount((h * SATURATIONS + s) * VALUES + v, coloured * h_share * s_share * v_share, minlength=DIM)
    for g, share in _neighbours(value * GREYS - 0.5, GREYS):
        histogram += np.bincount(DIM - GREYS + g, (1 - coloured) * share, minlength=DIM)
    return np.sqrt(histogram / histogram.sum()).astype(np.float32)


def _neighbours(position: np.ndarray, bins: int, *, circular: bool = False) -> list[tuple[np.ndarray, np.ndarray]]:
    """The two bins that a position lies between, with its share in each."""
    low = np.floor(position).astype(np.int64)
    share = position - low
    pair = [(low, 1 - share), (low + 1, share)]
    return [(b % bins if circular else np.clip(b, 0, bins - 1), s) for b, s in pair]
