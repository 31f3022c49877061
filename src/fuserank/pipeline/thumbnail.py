"""Small pictures for pages and sheets."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from fuserank.encoders.picture_decoding import decode_picture
from fuserank.errors import MediaError
from fuserank.pipeline.job import Job


def thumbnail(job: Job, image: str | None, side: int) -> np.ndarray | None:
    """A picture of the job's dataset as uint8 (side, side, 3); None where there is none, or none that can be read.

    Args:
        image: its media hash.
    """
    if not image:
        return None
    media = job.settings.media
    try:
        data = job.dataset.media.get(image)
        return decode_picture(data, side, max_bytes=media.max_image_bytes, max_pixels=media.max_image_pixels)
    except MediaError:
        return None


def jpeg(pixels: np.ndarray, quality: int = 72) -> bytes:
    """Pixels uint8 (h, w, 3) as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def data_uri(job: Job, image: str | None, side: int) -> str:
    """The thumbnail as a data address for an <img>; "" where there is none."""
    pixels = thumbnail(job, image, side)
    return "" if pixels is None else "data:image/jpeg;base64," + base64.b64encode(jpeg(pixels)).decode()
