import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fuserank.encoders.colours import DIM, GREYS, HUES, SATURATIONS, VALUES, colour_histogram
from fuserank.encoders.picture_decoding import decode_picture
from fuserank.errors import MediaError

CAPS = {"max_bytes": 1 << 20, "max_pixels": 1_000_000}


def reason(data, **caps):
    with pytest.raises(MediaError) as raised:
        decode_picture(data, 64, **{**CAPS, **caps})
    return raised.value.reason


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "L"), ("PNG", "P"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB")]
)
def test_every_allowed_type_decodes_to_a_square_of_the_size_asked_for(picture, kind, mode):
    pixels = decode_picture(picture(kind=kind, mode=mode), 64, **CAPS)
    assert pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8
    assert pixels[0, 0].min() > 240  # the ground, which the padding continues
    assert np.ptp(pixels[32, 32].astype(int)) > 100 or mode == "L"


def test_padding_takes_the_colour_of_the_border(picture):
    pixels = decode_picture(picture(ground="green", size=(100, 20)), 50, **CAPS)
    assert np.abs(pixels[0, 25].astype(int) - (0, 128, 0)).max() <= 2


def test_a_turned_phone_picture_is_put_upright(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    data = picture(size=(90, 30), ground="blue", colour="white", kind="JPEG", exif=exif)
    upright = Image.new("RGB", (30, 90))
    pixels = decode_picture(data, 90, **CAPS)
    plain = decode_picture(picture(size=(90, 30), ground="blue", colour="white", kind="JPEG"), 90, **CAPS)
    assert np.abs(pixels.astype(int) - np.rot90(plain, -1)).mean() < 3
    assert upright.size == (30, 90)


def test_transparency_shows_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(buffer, "PNG")
    assert (decode_picture(buffer.getvalue(), 8, **CAPS) == 255).all()


def test_sixteen_bit_grey_is_scaled_not_clipped():
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 32_768, np.uint16)).save(buffer, "PNG")
    assert abs(int(decode_picture(buffer.getvalue(), 8, **CAPS)[4, 4, 0]) - 127) <= 1


def test_reasons(picture):
    good = picture(kind="JPEG", size=(200, 200))
    gif = io.BytesIO()
    Image.new("RGB", (4, 4)).save(gif, "GIF")
    assert reason(b"") == "empty"
    assert reason(good, max_bytes=100) == "too_large"
    assert reason(good, max_pixels=39_999) == "too_large"
    assert reason(b"hello" * 20) == "unsupported_type"
    assert reason(gif.getvalue()) == "unsupported_type"
    assert reason(good[: len(good) // 2]) == "corrupt"


def test_a_decompression_bomb_is_refused_by_its_header():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    assert reason(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")) == "too_large"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_pictures_raise_media_errors_only(picture, kind, data):
    original = bytearray(picture(kind=kind))
    for _ in range(data.draw(st.integers(1, 6))):
        original[data.draw(st.integers(0, len(original) - 1))] = data.draw(st.integers(0, 255))
    mutated = bytes(original[: data.draw(st.integers(0, len(original)))])
    try:
        pixels = decode_picture(mutated, 32, **CAPS)
        assert pixels.shape == (32, 32, 3)
    except MediaError as error:
        assert error.reason in {"empty", "unsupported_type", "corrupt", "too_large"}


def test_colours_tell_hues_apart_and_greys_from_hues(picture):
    histograms = {
        c: colour_histogram(decode_picture(picture(colour=c), 64, **CAPS))
        for c in ("red", "green", "blue", "black", "grey", "tomato")
    }
    for histogram in histograms.values():
        assert histogram.shape == (DIM,) == (HUES * SATURATIONS * VALUES + GREYS,)
        assert np.linalg.norm(histogram) == pytest.approx(1, abs=1e-5)
    assert histograms["red"] @ histograms["tomato"] > 0.3
    for one, other in (("red", "green"), ("green", "blue"), ("black", "red"), ("black", "grey")):
        assert histograms[one] @ histograms[other] < 0.25, (one, other)


def test_the_background_does_not_count(picture):
    on_white, on_blue = (colour_histogram(decode_picture(picture(ground=ground), 64, **CAPS)) for ground in ("white", "blue"))
    assert on_white @ on_blue > 0.8


def test_a_picture_of_one_colour_is_all_foreground():
    histogram = colour_histogram(np.full((32, 32, 3), (0, 0, 255), np.uint8))
    assert np.linalg.norm(histogram) == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 24))
def test_any_pixels_give_a_finite_histogram_of_length_1(seed, size):
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    assert np.linalg.norm(colour_histogram(pixels)) == pytest.approx(1, abs=1e-5)
