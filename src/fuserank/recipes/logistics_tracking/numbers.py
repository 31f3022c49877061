"""Tracking numbers with check digits, so that a mistyped one is refused before anybody looks for it.

S10   two letters, eight digits, a check digit, the country: RA123456785GB. Weights 8 6 4 2 3 5 9 7, 11 minus the sum modulo 11,
      with 10 read as 0 and 11 as 5 (Universal Postal Union, standard S10, "Identification of postal items").
SSCC  eighteen digits: 106141412345678908. Weights 3 and 1 in turn, what is missing to ten (GS1 General Specifications, section
      "Standard check digit calculations").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from fuserank.errors import RequestError

_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_INSTEAD = {10: 0, 11: 5}
_TYPED_FOR_DIGITS = str.maketrans("OIL", "011")  # what looks like a digit, where only digits stand
ALLOWED = "such as RA123456785GB (UPU S10) or 106141412345678908 (GS1 SSCC)"
LONGEST = 40  # characters of a typed number that are read


@dataclass(frozen=True)
class Scheme:
    """A form of tracking numbers.

    Attributes:
        name: of the standard.
        form: of a number without spaces, in capitals; its groups: what stands before the digits, the digits, what stands behind.
        check: digits without the last -> the last.
    """

    name: str
    form: re.Pattern[str]
    check: Callable[[str], int]


def s10_check(serial: str) -> int:
    """Check digit of the eight digits of an S10 number."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, serial, strict=True)) % 11
    return _INSTEAD.get(rest, rest)


def sscc_check(digits: str) -> int:
    """Check digit of the seventeen digits of an SSCC."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


SCHEMES = (
    Scheme("UPU S10", re.compile(r"([A-Z]{2})([\dOIL]{9})([A-Z]{2})"), s10_check),
    Scheme("GS1 SSCC", re.compile(r"()([\dOIL]{18})()"), sscc_check),
)
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z]{2}[ -]?(?:[\dOIl][ -]?){7,11}[A-Za-z]{2}|(?:\d[ -]?){15,20})(?![A-Za-z0-9])", re.ASCII
)


def read_number(typed: str) -> str:
    """A typed number in its one form: capitals, without spaces and hyphens.

    Raises:
        RequestError: it is no number of a known form, or its check digit does not fit; the hint says which neighbours, if
            swapped back, make it right. It is made from the number alone, so that nobody learns the numbers of others.
    """
    plain = re.sub(r"[\s\-.]", "", unicodedata.normalize("NFKC", typed[: 4 * LONGEST])).upper()
    for scheme in SCHEMES:
        match = scheme.form.fullmatch(plain)
        if match:
            before, digits, behind = match[1], match[2].translate(_TYPED_FOR_DIGITS), match[3]
            if scheme.check(digits[:-1]) != int(digits[-1]):
                raise RequestError(
                    f"tracking number {before}{digits}{behind} is mistyped: its check digit does not fit",
                    allowed=f"a number of {scheme.name}",
                    todo=_hint(before, digits, behind, scheme),
                )
            return f"{before}{digits}{behind}"
    raise RequestError(
        f"{typed[:LONGEST]!r} is no tracking number", allowed=ALLOWED, todo="copy it from the message that the parcel was sent with"
    )


def number_in(text: str) -> tuple[str, str]:
    """What in a text looks like a tracking number, right or mistyped, "" where nothing does; and the text without it."""
    match = _IN_TEXT.search(unicodedata.normalize("NFKC", text))
    if not match:
        return "", text
    plain = unicodedata.normalize("NFKC", text)
    return match[0].strip(), " ".join(f"{plain[: match.start()]} {plain[match.end() :]}".split())


def _hint(before: str, digits: str, behind: str, scheme: Scheme) -> str:
    swapped = []
    for place in range(len(digits) - 1):
        first, second = digits[place], digits[place + 1]
        other = f"{digits[:place]}{second}{first}{digits[place + 2 :]}"
        if first != second and scheme.check(other[:-1]) == int(other[-1]):
            swapped.append(f"{before}{other}{behind}")
    if swapped:
        return f"look whether two digits were swapped: {' or '.join(swapped[:3])}"
    return "compare it digit by digit with the message that the parcel was sent with"
