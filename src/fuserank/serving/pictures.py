"""Small pictures of products, for people who look at answers and for heat maps: one file of JPEGs, mapped into memory.

pictures/data.bin     JPEGs, one behind the other
pictures/offsets.npy  int64 (N + 1): picture of row i is data[offsets[i] : offsets[i + 1]], none where that is empty
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fuserank.encoders.picture_decoding import open_picture
from fuserank.errors import MediaError, ModelFolderError
from fuserank.settings import MediaSettings

SIDE = 384  # near what the encoder sees, so that its vector of the small picture is that of the large one
# The best of these qualities that fits. A drawing of 96 pixels and its JPEG of quality 85 have vectors of cosine .85, and a heat
# map wants .99; quality 98 gives that, and of something so small it is cheap.
QUALITIES, BUDGET = (98, 92, 85), 24_000  # bytes
DATA, OFFSETS = "data.bin", "offsets.npy"


@dataclass(frozen=True)
class Pictures:
    """Pictures by row.

    Attributes:
        data: uint8, all JPEGs.
        offsets: int64 (N + 1,).
    """

    data: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __contains__(self, row: int) -> bool:
        return bool(self.offsets[row] < self.offsets[row + 1])

    def __getitem__(self, row: int) -> bytes | None:
        """A JPEG, None where the product has none."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes() if row in self else None

    @classmethod
    def load(cls, folder: Path) -> Pictures:
        """Map what `save_pictures` wrote.

        Raises:
            ModelFolderError: the two files do not belong together.
        """
        offsets = np.load(folder / OFFSETS, allow_pickle=False)
        size = (folder / DATA).stat().st_size
        if offsets.ndim != 1 or not len(offsets) or offsets[0] != 0 or offsets[-1] != size or (np.diff(offsets) < 0).any():
            raise ModelFolderError(
                f"{folder.name}: {size} bytes, and offsets of others", allowed="what was packaged", todo="package again"
            )
        data = np.memmap(folder / DATA, np.uint8, "r") if size else np.zeros(0, np.uint8)
        return cls(data, offsets)


def no_pictures(count: int) -> Pictures:
    """None of any product."""
    return Pictures(np.zeros(0, np.uint8), np.zeros(count + 1, np.int64))


def joined(pictures: Iterable[bytes | None]) -> Pictures:
    """Pictures in memory."""
    parts = [picture or b"" for picture in pictures]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Pictures(np.frombuffer(b"".join(parts), np.uint8), offsets)


def save_pictures(folder: Path, images: Iterable[str | None], read_bytes: Callable[[str], bytes], media: MediaSettings) -> None:
    """Write small pictures of products into a new folder; one at a time, so memory is bounded.

    Args:
        images: media hash of each product's picture, None for none.
    """
    folder.mkdir()
    offsets = [0]
    with (folder / DATA).open("wb") as file:
        for image in images:
            offsets.append(offsets[-1] + file.write((small_picture(read_bytes(image), media) or b"") if image else b""))
    np.save(folder / OFFSETS, np.array(offsets, np.int64), allow_pickle=False)


def small_picture(data: bytes, media: MediaSettings) -> bytes | None:
    """A JPEG of at most SIDE pixels a side, without metadata; None when the bytes are no picture that the encoder takes."""
    try:
        picture = open_picture(data, SIDE, max_bytes=media.max_image_bytes, max_pixels=media.max_image_pixels)
    except MediaError:
        return None
    picture.thumbnail((SIDE, SIDE))
    data = b""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:4:4" if quality > QUALITIES[-1] else "4:2:0", optimize=True)
        data = buffer.getvalue()
        if len(data) <= BUDGET:
            break
    return data
