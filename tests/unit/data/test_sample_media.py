import io
import wave

import numpy as np
import pytest
from PIL import Image

from fuserank.data.sample.pictures import PATTERN_MASKS, SIDE, render
from fuserank.data.sample.shapes import OUTLINES
from fuserank.data.sample.sounds import RATE, RHYTHMS, SINE, TONE_WAVES, synthesise
from fuserank.data.sample.vocabulary import COLOURS, KINDS, NEW_KINDS, PATTERNS, TONES


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def samples(data):
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def test_the_vocabulary_names_what_can_be_drawn_and_played():
    kinds = {**KINDS, **NEW_KINDS}.values()
    assert {kind.outline for kind in kinds} == set(OUTLINES)
    assert {kind.rhythm for kind in kinds} - {""} == set(RHYTHMS)
    assert set(PATTERNS) == set(PATTERN_MASKS)
    assert set(TONES) == set(TONE_WAVES)


@pytest.mark.parametrize("outline", OUTLINES)
def test_a_picture_shows_its_outline_in_its_colour(outline):
    shown = pixels(render(outline, (200, 36, 44), "plain", np.random.default_rng(3)))
    assert shown.shape == (SIDE, SIDE, 3)
    red = (shown[..., 0] > 150) & (shown[..., 1] < 100) & (shown[..., 2] < 110)
    assert 0.05 < red.mean() < 0.7


@pytest.mark.parametrize("pattern", [name for name in PATTERN_MASKS if name != "plain"])
@pytest.mark.parametrize("colour", COLOURS)
def test_a_pattern_changes_a_good_part_of_the_outline(pattern, colour):
    rgb = COLOURS[colour][1]
    plain = pixels(render("cushion", rgb, "plain", np.random.default_rng(3)))
    marked = pixels(render("cushion", rgb, pattern, np.random.default_rng(3)))
    assert 0.05 < (np.abs(plain - marked).sum(2) > 150).mean() < 0.5


def test_no_two_renderings_are_alike():
    rng = np.random.default_rng(0)
    assert render("mug", (200, 36, 44), "plain", rng) != render("mug", (200, 36, 44), "plain", rng)


def test_hue_shift_turns_colours():
    plain = pixels(render("plate", (200, 36, 44), "plain", np.random.default_rng(1))).mean((0, 1))
    turned = pixels(render("plate", (200, 36, 44), "plain", np.random.default_rng(1), hue_shift=120)).mean((0, 1))
    assert plain[0] > plain[1]
    assert turned[1] > turned[0]


def test_the_sine_table_does_not_hang_on_the_last_bit_of_a_sine():
    exact = 32_767 * np.sin(2 * np.pi * np.arange(len(SINE)) / len(SINE))
    assert np.abs(np.abs(exact - np.floor(exact)) - 0.5).min() > 1e-6
    assert np.array_equal(SINE, np.round(exact))


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("tone", TONE_WAVES)
def test_a_sound_is_short_audible_and_not_clipped(rhythm, tone):
    played = samples(synthesise(rhythm, tone, np.random.default_rng(0)))
    assert 0.6 < len(played) / RATE < 1.1
    assert 1_000 < np.abs(played).max() < 32_767


def pitch(data):
    """The strongest frequency, Hz."""
    played = samples(data)
    return np.fft.rfftfreq(len(played), 1 / RATE)[np.abs(np.fft.rfft(played)).argmax()]


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize(
    ("tone", "lowest", "highest"), [("deep", 110, 300), ("buzzing", 280, 700), ("warbling", 400, 1150), ("bright", 1000, 2500)]
)
def test_a_tone_lies_in_its_range(rhythm, tone, lowest, highest):
    assert lowest < pitch(synthesise(rhythm, tone, np.random.default_rng(0))) < highest
