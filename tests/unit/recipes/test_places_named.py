"""Places of a text, in English and Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.recipes.logistics_tracking.places import named, places


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Lyon", ["FR"]),
        ("has it been in lyon?", ["FR"]),
        ("到过里昂吗", ["FR"]),
        ("London", ["GB", "CA"]),
        ("London, Canada", ["CA"]),
        ("加拿大伦敦", ["CA"]),
        ("birmingham in the United States", ["US"]),
        ("from Paris to Lyon", ["FR", "FR"]),
        ("Lyonnaise", []),
        ("comparison", []),
        ("France", []),
        ("新加坡", ["SG"]),
        ("", []),
    ],
)
def test_named(text, codes):
    assert [place.code for place in named(text)] == codes


@pytest.mark.parametrize("place", places(), ids=lambda place: f"{place.en}-{place.code}")
def test_each_place_is_found_by_the_name_that_answers_say(place):
    assert named(place.name(False)) == [place]
    assert place in named(place.name(True))


@given(st.text(max_size=80))
def test_any_text(text):
    assert set(named(text)) <= set(places())
