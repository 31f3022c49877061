"""Bytes of a sound to clean samples; whatever is wrong with the bytes becomes one MediaError with a reason."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np

from fuserank.errors import MediaError
from fuserank.types import AUDIO_TYPES

RATE = 16_000  # Hz, what speech models and the filter banks below work at
FORMATS = tuple(mime.removeprefix("audio/").upper() for mime in AUDIO_TYPES)
_RATES = range(4_000, 192_001)
_MAX_CHANNELS = 8
_HIGH_PASS = 60  # Hz: below lie hum, rumble and a microphone's offset, above it every voice
_FRAME = RATE // 50
_SILENCE = 1e-4  # power of a frame (20 ms) relative to the loudest one, -40 dB
_INAUDIBLE = 1e-5  # peak of full scale 1


def decode_sound(data: bytes, *, max_bytes: int, max_seconds: float) -> np.ndarray:
    """A sound as samples: mixed to mono, resampled, high-passed, loudest sample at 1, silence cut off at both ends.

    Args:
        data: an encoded sound of one of AUDIO_TYPES.
        max_bytes: cap on the encoded bytes.
        max_seconds: cap on the length, checked by the header before anything is decoded.

    Returns:
        float32 (n,), n >= 320, at 16 kHz, in [-1, 1].

    Raises:
        MediaError: ``empty`` (nothing to hear), ``too_large``, ``unsupported_type``, ``corrupt`` or ``not_finite``.
    """
    import soxr

    if not data:
        raise MediaError("empty", "a sound of 0 bytes")
    if len(data) > max_bytes:
        raise MediaError("too_large", f"a sound of {len(data)} bytes", allowed=f"at most {max_bytes}", todo="shorten it")
    samples, rate = _read(data, max_seconds)
    if not samples.size:
        raise MediaError("empty", "a sound without samples", todo="replace the file")
    if not np.isfinite(samples).all():
        raise MediaError("not_finite", "a sound with NaN or infinite samples", todo="replace the file")
    peak = float(np.abs(samples).max())
    if peak < _INAUDIBLE:
        raise MediaError("empty", "a silent sound", todo="replace the file")
    return _trimmed(_high_passed(soxr.resample((samples / peak).astype(np.float32), rate, RATE)))


def _read(data: bytes, max_seconds: float) -> tuple[np.ndarray, int]:
    """Mono samples, float64 (n,), as they are in the file, and their rate in Hz."""
    import soundfile

    try:
        file = soundfile.SoundFile(io.BytesIO(data))
    except Exception as error:
        raise MediaError("unsupported_type", f"not a readable sound ({error})", allowed=", ".join(AUDIO_TYPES)) from None
    with file:
        if file.format not in {*FORMATS, "WAVEX"} or file.samplerate not in _RATES or not 1 <= file.channels <= _MAX_CHANNELS:
            raise MediaError(
                "unsupported_type",
                f"{file.format} at {file.samplerate} Hz with {file.channels} channels",
                allowed=f"{', '.join(AUDIO_TYPES)}; {_RATES.start} to {_RATES.stop - 1} Hz; 1 to {_MAX_CHANNELS} channels",
            )
        if file.frames > max_seconds * file.samplerate:
            raise MediaError(
                "too_large", f"{file.frames / file.samplerate:.1f} s", allowed=f"at most {max_seconds:g} s", todo="shorten it"
            )
        try:
            samples = file.read(dtype="float64", always_2d=True)
        except Exception as error:
            raise MediaError("corrupt", f"the sound does not decode ({error})", todo="replace the file") from None
    with np.errstate(all="ignore"):  # not finite is found and named by the caller
        return samples.mean(axis=1), file.samplerate


def _high_passed(samples: np.ndarray) -> np.ndarray:
    from scipy.signal import sosfilt

    filtered = sosfilt(_high_pass(), samples).astype(np.float32)
    peak = float(np.abs(filtered).max(initial=0))
    if peak < _INAUDIBLE:
        raise MediaError("empty", "a sound with nothing above 60 Hz", todo="replace the file")
    return filtered / peak


@cache
def _high_pass() -> Any:
    from scipy.signal import butter

    return butter(2, _HIGH_PASS, "highpass", fs=RATE, output="sos")


def _trimmed(samples: np.ndarray) -> np.ndarray:
    """Without the frames at both ends that are 40 dB below the loudest; at least one frame long."""
    padded = np.pad(samples, (0, -len(samples) % _FRAME))
    power = np.square(padded.reshape(-1, _FRAME)).mean(axis=1)
    loud = np.flatnonzero(power >= _SILENCE * power.max())
    return padded[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME]
