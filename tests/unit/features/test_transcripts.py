import numpy as np
import pytest

from fuserank.encoders import whisper
from fuserank.encoders.base import EncoderInfo
from fuserank.errors import MediaError
from fuserank.features import ContentCache, FeatureStore, build_catalogue, build_query_features
from fuserank.features.transcripts import hear
from fuserank.modalities import make_modalities
from fuserank.modalities.audio import Audio
from fuserank.types import Product, Query

SPOKEN = {"a" * 64: "red shirt", "b" * 64: "", "c" * 64: "bad"}


class Ear(Audio):
    """An Audio whose recordings are known by heart."""

    speech = EncoderInfo("ear", "1", 1, "none", "0" * 64)

    def __init__(self):
        self.encoder, self.heard = None, []

    def transcribe(self, data, words=()):
        self.heard.append((data, tuple(words)))
        if data == "bad":
            raise MediaError("corrupt", "bad")
        return data


def test_recordings_are_heard_once_for_the_same_words(tmp_path):
    for calls in (2, 0):
        ear = Ear()
        assert hear(["a" * 64, "b" * 64], ear, ["red"], FeatureStore(tmp_path), SPOKEN.__getitem__) == {
            "a" * 64: "red shirt",
            "b" * 64: "",
        }
        assert len(ear.heard) == calls
    ear = Ear()
    hear(["a" * 64], ear, ["blue"], FeatureStore(tmp_path), SPOKEN.__getitem__)
    assert ear.heard == [("red shirt", ("blue",))]


def test_a_cache_remembers_what_was_heard():
    cache, ear = ContentCache(), Ear()
    for _ in range(2):
        assert hear(["a" * 64], ear, ["red"], cache, SPOKEN.__getitem__) == {"a" * 64: "red shirt"}
    assert len(ear.heard) == 1
    hear(["a" * 64], ear, ["blue"], cache, SPOKEN.__getitem__)
    assert len(ear.heard) == 2


def test_a_bad_recording_says_nothing_and_stops_nothing(tmp_path):
    for store in (None, FeatureStore(tmp_path)):
        assert hear(["c" * 64, "a" * 64], Ear(), [], store, SPOKEN.__getitem__) == {"c" * 64: "", "a" * 64: "red shirt"}


def test_a_voice_query_gets_words_and_a_typed_one_keeps_its_own():
    ear, (lexical,) = Ear(), make_modalities(["lexical"])
    catalogue, _ = build_catalogue([Product("p", "Red shirt")], [lexical], None, SPOKEN.__getitem__)
    queries = [Query("q0", audio="a" * 64), Query("q1", "blue shoe", audio="a" * 64), Query("q2", audio="d" * 64)]
    features, _ = build_query_features(queries, [lexical, ear], catalogue, None, SPOKEN.__getitem__, masked={"d" * 64})
    assert features.texts == ["red shirt", "blue shoe", ""]
    assert ear.heard == [("red shirt", ("red", "shirt"))]


@pytest.mark.parametrize(("hertz", "wobble"), [(150, 0), (1500, 0), (600, 6)])
def test_tones_and_noise_are_no_words(tone, hertz, wobble):
    from fuserank.encoders.sound_decoding import decode_sound

    samples = decode_sound(tone(hertz=hertz, wobble=wobble, seconds=0.8), max_bytes=1 << 20, max_seconds=5)
    assert whisper.transcribe(samples) == ""


def test_one_word_over_and_over_is_no_speech():
    assert whisper._is_one_word_over_and_over("Beep, beep, beep.")
    assert not whisper._is_one_word_over_and_over("red red shirt")
    assert not whisper._is_one_word_over_and_over("")


def test_a_shorter_sound_is_not_drowned_in_silence():
    rng = np.random.default_rng(0)
    vector = whisper.speech_vector(rng.normal(size=800).astype(np.float32) * 0.1, 2)
    assert vector.shape == (whisper.DIM,) and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
