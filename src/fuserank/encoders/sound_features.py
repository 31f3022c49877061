"""What a sound is like, in numbers that need no training: where its energy lies, how it moves, and its rhythm.

Four blocks, each of length 1 (rhythm: at most 1), so that a cosine of two vectors weighs them alike and loudness does not count:
    spectrum    mean log-mel energies (40), centred
    cepstrum    mean and deviation of MFCC 1..13 (26): timbre
    pitch       where the strongest frequency lies (28 bins), its level, spread, step and purity (4): deep, bright, warbling
    rhythm      how far loudness and pitch swing, in 8 bands each from 1 to 25 Hz (16); about 0 for a steady sound
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from fuserank.encoders.sound_decoding import RATE

MELS, CEPSTRA = 40, 13
HOP = RATE // 100  # samples between frames, 10 ms
WINDOW = 1024  # samples of a pitch frame, 64 ms
_PITCH_LOW, _PITCH_HIGH, _PITCH_BINS = 60.0, 6000.0, 28
_MODULATION_EDGES = np.geomspace(1, 25, 9)  # Hz
_LOUDNESS_SWING, _PITCH_SWING = 1.0, 0.1  # nat and octave: a swing that is plain to hear
_ACTIVE = 35 / 10 * np.log(10)  # frames within 35 dB of the loudest
DIM = MELS + 2 * CEPSTRA + _PITCH_BINS + 4 + 2 * (len(_MODULATION_EDGES) - 1)


def sound_features(samples: np.ndarray) -> np.ndarray:
    """The four blocks of a sound.

    Args:
        samples: float32 (n,) at 16 kHz, n >= 320, as `decode_sound` gives them.

    Returns:
        float32 (DIM,), finite, of length at most 1.
    """
    mels = _log_mels(samples)
    loudness = np.log(np.exp(mels.astype(np.float64)).sum(axis=1))
    active = loudness >= loudness.max() - _ACTIVE
    pitch, purity = _pitch_track(samples, len(mels))
    spectrum = mels[active].mean(axis=0)
    blocks = [
        _unit(spectrum - spectrum.mean()),
        _unit(_cepstrum(mels[active])),
        _unit(_pitch(pitch[active], purity[active])),
        _rhythm(np.maximum(loudness, loudness.max() - _ACTIVE), np.where(active, pitch, pitch[active].mean())),
    ]
    return np.concatenate(blocks).astype(np.float32) / np.float32(np.sqrt(len(blocks)))


def _log_mels(samples: np.ndarray) -> np.ndarray:
    """Log-mel energies of 25 ms frames every 10 ms: float32 (t, 40), t >= 1."""
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = MELS
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(RATE, samples)
    bank.input_finished()
    return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])


def _cepstrum(mels: np.ndarray) -> np.ndarray:
    """Mean and deviation of MFCC 1..13 (0 is loudness), (26,)."""
    from scipy.fft import dct

    cepstra = dct(mels, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1]
    return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)])


def _pitch_track(samples: np.ndarray, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Per frame: the strongest frequency, as octaves above 60 Hz, and the share of the energy around it; float64 (frames,) each."""
    padded = np.pad(samples.astype(np.float64), (WINDOW // 2, WINDOW))
    at = np.minimum(np.arange(frames) * HOP, len(padded) - WINDOW)
    power = np.square(np.abs(np.fft.rfft(padded[at[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW), 2 * WINDOW, axis=1)))
    hertz = np.fft.rfftfreq(2 * WINDOW, 1 / RATE)
    power[:, (hertz < _PITCH_LOW) | (hertz > _PITCH_HIGH)] = 0
    peak = power.argmax(axis=1)
    around = np.abs(np.arange(len(hertz))[None] - peak[:, None]) <= 4
    total = power.sum(axis=1)
    purity = (power * around).sum(axis=1) / np.where(total > 0, total, 1)
    return np.log2(np.maximum(hertz[peak], _PITCH_LOW) / _PITCH_LOW), purity


def _pitch(pitch: np.ndarray, purity: np.ndarray) -> np.ndarray:
    """Shares of the pitch range (28 bins of a quarter octave, square roots), then level, spread, step and purity, (32,)."""
    octaves = np.log2(_PITCH_HIGH / _PITCH_LOW)
    position = np.clip(pitch / octaves * _PITCH_BINS - 0.5, 0, _PITCH_BINS - 1)
    low = np.floor(position).astype(np.int64)
    shares = np.bincount(low, 1 - (position - low), minlength=_PITCH_BINS)
    shares += np.bincount(np.minimum(low + 1, _PITCH_BINS - 1), position - low, minlength=_PITCH_BINS)
    steps = np.abs(np.diff(pitch)).mean() if len(pitch) > 1 else 0.0
    return np.concatenate([np.sqrt(shares / len(pitch)), [pitch.mean() / octaves, pitch.std(), min(steps * 5, 1), purity.mean()]])


def _rhythm(loudness: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Swings of loudness and of pitch in units of a plain one, cut to length 1, (16,)."""
    swings = np.concatenate([_swings(loudness) / _LOUDNESS_SWING, _swings(pitch) / _PITCH_SWING])
    return swings / max(float(np.linalg.norm(swings)), 1.0)


def _swings(track: np.ndarray) -> np.ndarray:
    """Root mean square of a track sampled at 100 Hz in each of 8 bands from 1 to 25 Hz, (8,)."""
    window = np.hanning(len(track) + 2)[1:-1]
    length = 256 * -(-len(track) // 256)
    spectrum = 2 * np.square(np.abs(np.fft.rfft((track - track.mean()) * window, length))) / (length * np.square(window).sum())
    edges = np.searchsorted(np.fft.rfftfreq(length, HOP / RATE), _MODULATION_EDGES)
    return np.sqrt([spectrum[a:b].sum() for a, b in pairwise(edges)])


def _unit(block: np.ndarray) -> np.ndarray:
    norm = float(np.linalg.norm(block))
    return block / norm if norm > 0 else block
