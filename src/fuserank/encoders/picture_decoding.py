"""Bytes of a picture to a square of pixels; whatever is wrong with the bytes becomes one MediaError with a reason."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

from fuserank.errors import MediaError
from fuserank.types import IMAGE_TYPES

FORMATS = tuple(mime.removeprefix("image/").upper() for mime in IMAGE_TYPES)


def decode_picture(data: bytes, size: int, *, max_bytes: int, max_pixels: int) -> np.ndarray:
    """A picture as a square: turned upright (EXIF), transparency put on white, padded with the colour of its border, resized.

    Args:
        data: an encoded picture of one of IMAGE_TYPES; of an animation the first frame counts.
        size: side of the square, in pixels.
        max_bytes: cap on the encoded bytes.
        max_pixels: cap on width times height, checked before anything is decoded.

    Returns:
        uint8 (size, size, 3), RGB.

    Raises:
        MediaError: ``empty``, ``too_large``, ``unsupported_type`` or ``corrupt``.
    """
    return _square(open_picture(data, size, max_bytes=max_bytes, max_pixels=max_pixels), size)


def open_picture(data: bytes, size: int, *, max_bytes: int, max_pixels: int) -> Image.Image:
    """A picture, decoded and upright: RGB, at least `size` pixels along its longer side where it has so many.

    Arguments and errors as of `decode_picture`.
    """
    if not data:
        raise MediaError("empty", "a picture of 0 bytes")
    if len(data) > max_bytes:
        raise MediaError("too_large", f"a picture of {len(data)} bytes", allowed=f"at most {max_bytes}", todo="shrink it")
    try:
        opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise MediaError(
            "too_large", "a picture of absurd size", allowed=f"at most {max_pixels} pixels", todo="shrink it"
        ) from None
    except Exception as error:
        raise MediaError("unsupported_type", f"not a readable picture ({error})", allowed=", ".join(IMAGE_TYPES)) from None
    width, height = opened.size
    if width * height > max_pixels:
        raise MediaError("too_large", f"{width} x {height} pixels", allowed=f"at most {max_pixels}", todo="shrink it")
    try:
        # JPEG is decoded at half, quarter … size where that is still larger than what is asked for.
        opened.draft("RGB", (2 * size, 2 * size))
        return _on_white(ImageOps.exif_transpose(opened))
    except Exception as error:  # broken files raise SyntaxError, RuntimeError, OSError, ValueError, struct.error …
        raise MediaError(
            "corrupt", f"the picture does not decode ({type(error).__name__}: {error})", todo="replace the file"
        ) from None


def border_colour(pixels: np.ndarray) -> np.ndarray:
    """Median colour of the outermost pixels of (h, w, 3): float64 (3,)."""
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return np.median(edge, axis=0)


def _on_white(picture: Image.Image) -> Image.Image:
    """RGB, with transparency composited on white and 16-bit grey scaled to 8 (Pillow alone would clip it)."""
    if picture.mode.startswith("I"):
        picture = Image.fromarray((np.asarray(picture).astype(np.float64) / 257).clip(0, 255).astype(np.uint8))
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _square(picture: Image.Image, size: int) -> np.ndarray:
    scale = size / max(picture.size)
    fitted = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.BILINEAR, reducing_gap=2.0)
    pixels = np.asarray(fitted)
    top, left = (size - pixels.shape[0]) // 2, (size - pixels.shape[1]) // 2
    square = np.empty((size, size, 3), np.uint8)
    square[:] = np.round(border_colour(pixels)).astype(np.uint8)
    square[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return square
