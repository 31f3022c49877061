"""Damage: none at strength 0, the same for the same seed, and more of it at a higher strength."""

import difflib
import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fuserank.data import corruption
from fuserank.data.media import sniff_mime
from fuserank.types import AUDIO_TYPES, IMAGE_TYPES

STRENGTHS = (0.05, 0.2, 0.5, 0.8)
PICTURES = (
    (corruption.turn_colours, STRENGTHS),
    (corruption.crop, STRENGTHS),
    (corruption.blur, (0.01, 0.03, 0.06, 0.1)),
    (corruption.squeeze, STRENGTHS),
)
SENTENCE = "navy blue canvas shoes for men with white laces, and a coffee cup"


def pixels(data, size=None):
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    return np.asarray(picture.resize(size) if size else picture).astype(float)


@pytest.mark.parametrize(("damage", "strengths"), PICTURES)
def test_pictures(damage, strengths, picture):
    data = picture(colour="red", ground="lightblue")
    assert damage(data, 0, 1) == data
    clean = pixels(data)
    damaged = [damage(data, strength, 1) for strength in strengths]
    assert damaged == [damage(data, strength, 1) for strength in strengths]
    assert all(sniff_mime(d) in IMAGE_TYPES for d in damaged)
    far = [np.abs(pixels(d, clean.shape[1::-1]) - clean).mean() for d in damaged]
    assert far[0] > 0
    assert far == sorted(far)


def test_a_half_turn_of_the_hue_halves_the_saturation(picture):
    """Pure red turned by 180 degrees is cyan; saturation 1 halved is (127, 255, 255)."""
    turned = pixels(corruption.turn_colours(picture(colour="#ff0000", ground="#ff0000"), 1.0, 0))
    assert np.abs(turned - [127, 255, 255]).max() <= 3  # hue and saturation have 8 bits


def test_colours_are_turned_both_ways(picture):
    data = picture(colour="#ff0000", ground="#ff0000")
    reddish = {tuple(pixels(corruption.turn_colours(data, 1 / 3, seed))[0, 0] > 100) for seed in range(8)}
    assert len(reddish) == 2  # towards green, towards blue


def test_a_crop_keeps_the_shape_and_a_quarter_of_the_area(picture):
    assert pixels(corruption.crop(picture(size=(96, 64)), 0.75, 0)).shape == (32, 48, 3)
    assert len({corruption.crop(picture(size=(96, 64)), 0.75, seed) for seed in range(5)}) > 1


def test_transparency_is_white(picture):
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")
    assert pixels(corruption.blur(buffer.getvalue(), 0.1, 0)).min() == 255


@pytest.mark.parametrize("decibel", [20, 6, 0])
def test_background_noise_has_the_stated_ratio(decibel, tone):
    data = tone(seconds=1.0)
    noisy = corruption.background_noise(data, 10 ** (-decibel / 20), 3)
    assert sniff_mime(noisy) in AUDIO_TYPES
    clean, mixed = (soundfile.read(io.BytesIO(d))[0] for d in (data, noisy))
    scale = clean @ mixed / (clean @ clean)  # the mix is turned down where it would clip
    noise = mixed / scale - clean
    assert 10 * np.log10(np.square(clean).mean() / np.square(noise).mean()) == pytest.approx(decibel, abs=0.5)


def test_no_noise_is_the_recording_and_a_seed_is_a_noise(tone):
    data = tone()
    assert corruption.background_noise(data, 0, 1) == data
    assert corruption.background_noise(data, 1, 1) == corruption.background_noise(data, 1, 1)
    assert corruption.background_noise(data, 1, 1) != corruption.background_noise(data, 1, 2)


def test_noise_is_pink():
    """Power per octave is level for 1/f, and doubles from octave to octave for white noise."""
    power = np.square(np.abs(np.fft.rfft(corruption.pink_noise(2**16, 0))))
    octaves = [power[2**i : 2 ** (i + 1)].sum() for i in range(6, 15)]
    assert max(octaves) / min(octaves) < 1.6
    assert not corruption.pink_noise(1, 0).any()


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40), st.floats(0, 1), st.integers(0, 2**32))
def test_typos_touch_letters_only(text, strength, seed):
    damaged = corruption.typos(text, strength, seed)
    assert corruption.typos(text, 0, seed) == text
    assert damaged == corruption.typos(text, strength, seed)
    assert [c for c in damaged if not c.isalpha()] == [c for c in text if not c.isalpha()]
    assert len(damaged) <= 2 * len(text)


def test_more_typos_leave_less():
    def likeness(strength):
        return np.mean(
            [difflib.SequenceMatcher(None, SENTENCE, corruption.typos(SENTENCE, strength, s)).ratio() for s in range(20)]
        )

    found = [likeness(strength) for strength in (0, *STRENGTHS, 1)]
    assert found[0] == 1
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.6


def test_titles_that_are_lost_stay_lost_at_a_higher_strength():
    kept = [{seed for seed in range(200) if corruption.lose("title", strength, seed)} for strength in (0, 0.3, 0.7, 1)]
    assert [len(k) for k in (kept[0], kept[3])] == [200, 0]
    assert kept[0] > kept[1] > kept[2]
    assert len(kept[1]) == pytest.approx(140, abs=20)
