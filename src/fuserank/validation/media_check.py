"""Can a picture or a sound be used? The same decoders answer here and in extraction, so both always agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from fuserank.data.media import MediaStore, sniff_mime
from fuserank.errors import MediaError
from fuserank.types import AUDIO_TYPES

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["picture", "sound"]
SIZE = 224  # side that a picture is decoded to, as in extraction
CHUNK_BYTES, CHUNK_ITEMS = 32 * 2**20, 2_000


class MediaCaps(Protocol):
    """Limits at the door, as `fuserank.settings.MediaSettings` has them."""

    @property
    def max_image_bytes(self) -> int:
        """Encoded bytes of a picture."""

    @property
    def max_image_pixels(self) -> int:
        """Width times height."""

    @property
    def max_audio_bytes(self) -> int:
        """Encoded bytes of a sound."""

    @property
    def max_audio_seconds(self) -> float:
        """Seconds of a sound."""


def defect(data: bytes, kind: Kind, *, max_bytes: int, max_size: float) -> str | None:
    """The reason why some bytes cannot be used as this kind of media; None when they can.

    Args:
        data: encoded bytes.
        kind: what they are used as.
        max_bytes: cap on the encoded bytes.
        max_size: cap on pixels (picture) or seconds (sound), looked at before anything is decoded.

    Returns:
        One of `fuserank.types.QUARANTINE_REASONS`, or None.
    """
    from fuserank.encoders.picture_decoding import decode_picture
    from fuserank.encoders.sound_decoding import decode_sound

    try:
        if kind == "picture":
            decode_picture(data, SIZE, max_bytes=max_bytes, max_pixels=int(max_size))
        else:
            decode_sound(data, max_bytes=max_bytes, max_seconds=max_size)
    except MediaError as error:
        return error.reason
    return None


def media_frames(store: MediaStore, used_as: Mapping[str, set[Kind]]) -> Iterator[pd.DataFrame]:
    """The media as frames of at most about CHUNK_BYTES, in storage order.

    Args:
        store: the pictures and sounds.
        used_as: hash -> what the tables use it as; an item that no table names is taken for what its first bytes say.

    Yields:
        Columns ``id`` (the hash), ``intact`` (the bytes are those that the hash names), ``mime``, and ``picture`` and
        ``sound``: the bytes where they are used as such, else None.
    """
    rows: list[tuple[str, bool, str | None, bytes | None, bytes | None]] = []
    held = 0
    for digest in store.hashes():
        try:
            data = store.get(digest)
        except MediaError:
            rows.append((digest, False, None, None, None))
            continue
        mime = sniff_mime(data)
        kinds = used_as.get(digest) or {"sound" if mime in AUDIO_TYPES else "picture"}
        rows.append((digest, True, mime, data if "picture" in kinds else None, data if "sound" in kinds else None))
        held += len(data)
        if held >= CHUNK_BYTES or len(rows) >= CHUNK_ITEMS:
            yield _frame(rows)
            rows, held = [], 0
    if rows:
        yield _frame(rows)


def _frame(rows: list[tuple[str, bool, str | None, bytes | None, bytes | None]]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["id", "intact", "mime", "picture", "sound"])
    return frame.astype(dict.fromkeys(("mime", "picture", "sound"), object))
