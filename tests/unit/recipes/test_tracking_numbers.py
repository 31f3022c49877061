"""Check digits, against examples that the standards' users publish, and against every mistake of one digit or one swap."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.errors import RequestError
from fuserank.recipes.logistics_tracking.numbers import number_in, read_number, s10_check, sscc_check

SERIALS = st.text("0123456789", min_size=8, max_size=8)
# Wikipedia, "S10 (UPU standard)": the worked example 473124829; GS1's own calculator page: 106141412345678908.
KNOWN = {"47312482": 9}


def s10(serial, before="RA", country="GB"):
    return f"{before}{serial}{s10_check(serial)}{country}"


def test_published_examples():
    for serial, digit in KNOWN.items():
        assert s10_check(serial) == digit
    assert sscc_check("10614141234567890") == 8


@pytest.mark.parametrize(("serial", "digit"), [("00000000", 5), ("00000006", 2), ("00000003", 1), ("10000003", 4)])
def test_by_hand(serial, digit):
    """11 - 0 = 11, read as 5; 7·6 = 42, 42 mod 11 = 9, 2; 7·3 = 21, 21 mod 11 = 10, 1; 8 + 21 = 29, mod 11 = 7, 4."""
    assert s10_check(serial) == digit


def test_a_remainder_of_one_gives_zero():
    serial = next(
        f"{n:08d}"
        for n in range(1000)
        if sum(w * int(d) for w, d in zip((8, 6, 4, 2, 3, 5, 9, 7), f"{n:08d}", strict=True)) % 11 == 1
    )
    assert s10_check(serial) == 0


@given(SERIALS, st.integers(0, 7), st.integers(1, 9))
def test_a_wrong_digit_is_found_but_where_the_standard_is_blind(serial, place, step):
    """Remainders 0 and 6 share the digit 5, so a mistake between these two alone goes unseen."""
    wrong = f"{serial[:place]}{(int(serial[place]) + step) % 10}{serial[place + 1 :]}"
    if s10_check(serial) != 5:
        assert s10_check(wrong) != s10_check(serial)


@given(SERIALS, st.integers(0, 6))
def test_swapped_neighbours_are_refused_and_named(serial, place):
    swapped = f"{serial[:place]}{serial[place + 1]}{serial[place]}{serial[place + 2 :]}"
    number = s10(serial)
    if swapped == serial or s10_check(swapped) == s10_check(serial):
        return
    with pytest.raises(RequestError, match="mistyped") as refused:
        read_number(f"RA{swapped}{s10_check(serial)}GB")
    hint = refused.value.todo
    assert number in hint or len(re.findall("RA", hint)) == 3  # of more than three ways back three are named


@pytest.mark.parametrize(
    "typed", ["ra 4731 2482 9 gb", "RA-473124829-GB", "ＲＡ４７３１２４８２９ＧＢ", "RA47312482９GB", "RA473I24829GB"]
)
def test_spellings_of_one_number(typed):
    assert read_number(typed) == "RA473124829GB"


def test_sscc():
    assert read_number("1 0614141 234567890 8") == "106141412345678908"
    with pytest.raises(RequestError, match="GS1 SSCC"):
        read_number("106141412345678907")


@pytest.mark.parametrize("typed", ["", "hello", "RA123GB", "12", "R" * 5000, "RA47312482XGB"])
def test_what_is_no_number(typed):
    with pytest.raises(RequestError, match="is no tracking number") as refused:
        read_number(typed)
    assert len(str(refused.value)) < 300


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(typed):
    try:
        number = read_number(typed)
    except RequestError:
        return
    assert set(number) <= set(string.ascii_uppercase + string.digits)
    assert read_number(number) == number


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("where is RA473124829GB?", "RA473124829GB", "where is ?"),
        ("RA473124829GB 清关了吗", "RA473124829GB", "清关了吗"),
        ("包裹RA473124829GB到哪了", "RA473124829GB", "包裹 到哪了"),
        ("is RA47312482GB late", "RA47312482GB", "is late"),
        ("where is my parcel", "", "where is my parcel"),
        ("call 0800 000 111", "", "call 0800 000 111"),
        ("106141412345678908 please", "106141412345678908", "please"),
    ],
)
def test_numbers_in_a_question(text, number, rest):
    assert number_in(text) == (number, rest)
