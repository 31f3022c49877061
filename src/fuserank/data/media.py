"""Pictures and sounds as bytes in a few content-addressed Parquet shards.

One file per picture makes versioning ten times slower than hashing; a few shards do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.errors import MediaError, SchemaError
from fuserank.types import SCHEMAS

SMALL_SHARD, LARGE_SHARD = 32 * 2**20, 128 * 2**20  # bytes; a shard ends between them, where an item's hash says so
ROW_GROUP = 64


def sniff_mime(data: bytes) -> str:
    """Media type by magic bytes: one of IMAGE_TYPES or AUDIO_TYPES, else ``"application/octet-stream"``."""
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    if data[:4] == b"fLaC":
        return "audio/flac"
    return "application/octet-stream"


def media_hash(data: bytes) -> str:
    """The name of some media bytes: their sha256, hex."""
    return hashlib.sha256(data).hexdigest()


def write_media(folder: Path, items: Iterable[bytes]) -> dict[str, int]:
    """Write media bytes into shards ``media-00000.parquet`` … in the order they come.

    Where a shard ends is decided by the hashes of its items (content-defined chunking; Muthitacharoen, Chen & Mazières 2001), not
    by counting: an item that changes, comes or goes makes its own shard new, seldom the next ones too, and never all that follow.

    Args:
        folder: an existing folder, usually the one that `fuserank.files.new_folder` gave.
        items: bytes of pictures and sounds; the same bytes twice are stored once. At most LARGE_SHARD bytes are held.

    Returns:
        hash -> size in bytes.
    """
    sizes: dict[str, int] = {}
    batch: list[tuple[str, str, bytes]] = []
    shard, held = 0, 0

    def flush() -> None:
        nonlocal shard, held
        if batch:
            columns = [list(column) for column in zip(*batch, strict=True)]
            table = pa.Table.from_arrays(
                [pa.array(c, f.type) for c, f in zip(columns, SCHEMAS["media"], strict=True)], schema=SCHEMAS["media"]
            )
            pq.write_table(table, folder / f"media-{shard:05d}.parquet", compression="none", row_group_size=ROW_GROUP)
            shard, held = shard + 1, 0
            batch.clear()

    for data in items:
        digest = media_hash(data)
        if digest in sizes:
            continue
        sizes[digest] = len(data)
        batch.append((digest, sniff_mime(data), data))
        held += len(data)
        if held >= LARGE_SHARD or (held >= SMALL_SHARD and int(digest[:8], 16) / 2**32 < len(data) / SMALL_SHARD):
            flush()
    flush()
    return sizes


class MediaStore:
    """Reads media by hash out of the shards of one dataset folder. Hashes are indexed once; bytes are read on demand.

    Raises:
        SchemaError: a shard is cut off, damaged or no media shard; now, or when its bytes are read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards = sorted(folder.glob("media-*.parquet"))
        self._where: dict[str, tuple[int, int, int]] = {}
        for shard, path in enumerate(self._shards):
            with _readable(path) as file:
                for group in range(file.num_row_groups):
                    for row, digest in enumerate(file.read_row_group(group, ["hash"])["hash"].to_pylist()):
                        self._where[digest] = (shard, group, row)
        self._group = lru_cache(maxsize=4)(self._read_group)

    def __reduce__(self) -> tuple[type[MediaStore], tuple[Path]]:
        """A worker in another process opens the folder itself."""
        return MediaStore, (self._folder.absolute(),)

    def __contains__(self, digest: str) -> bool:
        return digest in self._where

    def __len__(self) -> int:
        return len(self._where)

    def hashes(self) -> list[str]:
        """All hashes, in the order of the shards."""
        return list(self._where)

    def get(self, digest: str) -> bytes:
        """Bytes of one item.

        Raises:
            MediaError: reason ``missing`` (no such hash) or ``hash_mismatch`` (the bytes were altered).
        """
        if digest not in self._where:
            raise MediaError("missing", f"no media {digest[:16]}…", todo="import the media folder again")
        shard, group, row = self._where[digest]
        data = self._group(shard, group)[row].as_py()
        if media_hash(data) != digest:
            raise MediaError("hash_mismatch", f"bytes of media {digest[:16]}… were altered", todo="restore the data version")
        return data

    def items(self, digests: Iterable[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """(hash, bytes) of the given hashes (default: all) in storage order, which reads each row group once."""
        wanted = self._where if digests is None else {d for d in digests if d in self._where}
        for digest in sorted(wanted, key=self._where.__getitem__):
            yield digest, self.get(digest)

    def _read_group(self, shard: int, group: int) -> pa.ChunkedArray:
        with _readable(self._shards[shard]) as file:
            return file.read_row_group(group, ["bytes"])["bytes"]


@contextmanager
def _readable(shard: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(shard) as file:
            if file.schema_arrow != SCHEMAS["media"]:
                raise pa.ArrowInvalid(f"columns {', '.join(map(str, file.schema_arrow))}")
            yield file
    except (OSError, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise SchemaError(
            f"media shard {shard.name} cannot be read: {said}", allowed="a shard as it was written", todo="import the data again"
        ) from None
