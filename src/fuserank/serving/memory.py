"""Memory that a worker has freed goes back to the system: glibc keeps it in pieces, much of it after thousands of pictures."""

from __future__ import annotations

import ctypes
from contextlib import suppress

EVERY = 15.0  # seconds


def give_back() -> None:
    """Hand free pages back. Where the C library is not glibc, nothing happens."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
