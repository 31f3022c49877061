"""Small pictures of products, for people who look at answers and for heat maps: one file, mapped into memory.

pictures/data.bin     JPEG, PNG or WebP, one behind the other
pictures/offsets.npy  int64 (N + 1): picture of row i is data[offsets[i] : offsets[i + 1]], none where that is empty
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fuserank.encoders.picture_decoding import open_picture
from fuserank.errors import MediaError, ModelFolderError
from fuserank.settings import MediaSettings

# Near what the encoder sees, so that its vector of the small picture is that of the large one.
SIDE, QUALITY = 384, 92
KEPT_BYTES = 64 * 1024  # of a picture that is small already, which stays as it is
STARTS = {b"\x89PNG": "image/png", b"RIFF": "image/webp"}
DATA, OFFSETS = "data.bin", "offsets.npy"


@dataclass(frozen=True)
class Pictures:
    """Pictures by row.

    Attributes:
        data: uint8, all pictures.
        offsets: int64 (N + 1,).
        added: further rows, that came while these were served.
    """

    data: np.ndarray
    offsets: np.ndarray
    added: tuple[bytes | None, ...] = ()

    @property
    def packaged(self) -> int:
        """N."""
        return len(self.offsets) - 1

    def __len__(self) -> int:
        return self.packaged + len(self.added)

    def __contains__(self, row: int) -> bool:
        if row >= self.packaged:
            return self.added[row - self.packaged] is not None
        return bool(self.offsets[row] < self.offsets[row + 1])

    def __getitem__(self, row: int) -> bytes | None:
        """Its bytes, None where the product has none."""
        if row >= self.packaged:
            return self.added[row - self.packaged]
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes() if row in self else None

    def extended(self, pictures: Iterable[bytes | None]) -> Pictures:
        """With those of further rows."""
        return replace(self, added=(*self.added, *pictures))

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
    """At most SIDE pixels a side: as it is where that is small, else a JPEG; None for bytes that the encoder does not take."""
    try:
        picture = open_picture(data, SIDE, max_bytes=media.max_image_bytes, max_pixels=media.max_image_pixels)
    except MediaError:
        return None
    if max(picture.size) <= SIDE and len(data) <= KEPT_BYTES:
        return data
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()


def mime_of(picture: bytes) -> str:
    """Type of a picture that `small_picture` gave."""
    return next((mime for start, mime in STARTS.items() if picture.startswith(start)), "image/jpeg")
