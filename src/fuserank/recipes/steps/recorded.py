"""A turn that is a recording: `@file.wav`."""

from __future__ import annotations

from pathlib import Path

from fuserank.errors import InputError

MARK = "@"


def recording(turn: str) -> bytes | None:
    """The bytes of the file that a turn names; None for a turn in words.

    Raises:
        InputError: it cannot be read.
    """
    if not turn.startswith(MARK):
        return None
    file = Path(turn.removeprefix(MARK).strip())
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(
            f"recording {str(file)[:80]!r}: {error}"[:200], allowed="a WAV or FLAC file", todo="correct the name behind @"
        ) from None
