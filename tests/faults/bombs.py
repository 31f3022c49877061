"""Inputs that cost nothing to send and much to take, made on the spot."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator

SIDE = 14_500  # squared: 210 megapixels
MEGABYTE = b" " * 2**20


def bomb(side: int = SIDE) -> bytes:
    """A valid PNG of side² pixels of one bit each, about 25 kB: deflate packs empty rows a thousandfold."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def base64_of(data: bytes) -> str:
    """As requests carry media."""
    return base64.b64encode(data).decode()


def chunks(megabytes: int) -> Iterator[bytes]:
    """A body of spaces behind an open brace, in HTTP chunks, without its end."""
    yield b"1\r\n{\r\n"
    for _ in range(megabytes):
        yield b"100000\r\n" + MEGABYTE + b"\r\n"


def whole(megabytes: int) -> Iterator[bytes]:
    """The same without chunks."""
    yield b"{"
    for _ in range(megabytes):
        yield MEGABYTE
