import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.encoders.sound_decoding import RATE, decode_sound
from fuserank.encoders.sound_features import DIM, sound_features
from fuserank.errors import MediaError
from fuserank.modalities.base import cosines

CAPS = {"max_bytes": 1 << 20, "max_seconds": 5.0}


def wav(samples, rate=RATE, subtype="FLOAT", kind="WAV"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def alike(one, other):
    return cosines(sound_features(one), sound_features(other)[None])[0]


def reason(data, **caps):
    with pytest.raises(MediaError) as raised:
        decode_sound(data, **{**CAPS, **caps})
    return raised.value.reason


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_sounds_come_out_mono_at_16_khz(tone, kind, rate, channels):
    samples = decode_sound(tone(rate=rate, kind=kind, channels=channels, seconds=0.5), **CAPS)
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert len(samples) == pytest.approx(0.5 * RATE, abs=700)
    assert np.abs(samples).max() == pytest.approx(1, abs=1e-3)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * RATE / len(samples) == pytest.approx(440, abs=4)


def test_loudness_offset_and_silence_around_do_not_count():
    time = np.arange(RATE) / RATE
    sound = np.sin(2 * np.pi * 500 * time)
    quiet = np.concatenate([np.zeros(RATE // 2), 0.01 * sound, np.zeros(RATE // 2)])
    plain, trimmed = decode_sound(wav(sound), **CAPS), decode_sound(wav(quiet), **CAPS)
    assert abs(len(plain) - len(trimmed)) <= RATE // 50
    assert alike(plain, trimmed) > 0.98
    shifted = decode_sound(wav(0.5 * sound + 0.4), **CAPS)
    assert alike(plain, shifted) > 0.98


def test_reasons(tone):
    good = tone(kind="FLAC")
    noise = np.random.default_rng(0).normal(size=RATE) * 0.1
    ogg = wav(noise, kind="OGG", subtype="VORBIS")
    assert reason(b"") == "empty"
    assert reason(wav(np.zeros(0))) == "empty"
    assert reason(wav(np.zeros(RATE))) == "empty"
    assert reason(wav(np.array([0.1, np.nan, 0.2]))) == "not_finite"
    assert reason(wav(np.array([0.1, np.inf, 0.2]))) == "not_finite"
    assert reason(b"hello" * 30) == "unsupported_type"
    assert reason(ogg) == "unsupported_type"
    assert reason(wav(noise, rate=2_000)) == "unsupported_type"
    assert reason(wav(noise, rate=8_000), max_seconds=1.9) == "too_large"
    assert reason(tone(seconds=6)) == "too_large"
    assert reason(good, max_bytes=100) == "too_large"
    assert reason(good[: len(good) // 2]) == "corrupt"


def test_absurdly_loud_finite_samples_are_scaled():
    samples = decode_sound(wav(np.sin(np.arange(RATE) * 0.3) * 1e37), **CAPS)
    assert np.isfinite(samples).all() and np.abs(samples).max() <= 1.001


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_sounds_raise_media_errors_only(tone, kind, data):
    original = bytearray(tone(kind=kind, seconds=0.1))
    for _ in range(data.draw(st.integers(1, 6))):
        original[data.draw(st.integers(0, min(len(original) - 1, 200)))] = data.draw(st.integers(0, 255))
    try:
        samples = decode_sound(bytes(original[: data.draw(st.integers(0, len(original)))]), **CAPS)
        features = sound_features(samples)
    except MediaError as error:
        assert error.reason in {"empty", "unsupported_type", "corrupt", "too_large", "not_finite"}
    else:
        assert np.isfinite(features).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(320, 4000), st.sampled_from(["noise", "click", "constant"]))
def test_any_samples_give_finite_features(seed, length, shape):
    rng = np.random.default_rng(seed)
    samples = {"noise": rng.normal(size=length), "click": np.eye(1, length)[0], "constant": np.ones(length)}[shape].astype(
        np.float32
    )
    features = sound_features(samples)
    assert features.shape == (DIM,) and np.isfinite(features).all()
    assert np.linalg.norm(features) <= 1 + 1e-5


def test_deep_bright_and_warbling_tones_are_told_apart(tone):
    def sound(**options):
        return decode_sound(tone(seconds=0.8, **options), **CAPS)

    deep, bright, warbling = sound(hertz=150), sound(hertz=1500), sound(hertz=600, wobble=6)
    for kind, again in ((deep, sound(hertz=160)), (bright, sound(hertz=1450)), (warbling, sound(hertz=630, wobble=6))):
        assert alike(kind, again) > max(alike(kind, other) for other in (deep, bright, warbling) if other is not kind) + 0.05
