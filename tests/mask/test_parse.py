from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.mask import parse_box, parse_colour

channel = st.integers(0, 255)


@given(st.integers(-9999, 9999), st.integers(-9999, 9999), st.integers(1, 9999), st.integers(1, 9999))
def test_box_round_trip(x, y, width, height):
    assert parse_box(f"{x},{y}, {width} ,{height}") == (x, y, width, height)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "1,2,3,0", "1,2,-3,4", "a,b,c,d", "1.5,2,3,4", "1,2,3,", "1_0,2,3,4", "1 2 3 4"]
)
def test_wrong_box_is_refused(text):
    with pytest.raises(ValueError, match=r"box: is .*accepted: x,y,width,height"):
        parse_box(text)


@given(channel, channel, channel)
def test_colour_round_trip(red, green, blue):
    colour = (red, green, blue)
    assert parse_colour(f"{red},{green}, {blue}") == colour
    assert parse_colour("#{:02x}{:02x}{:02x}".format(*colour)) == colour
    assert parse_colour("{:02X}{:02X}{:02X}".format(*colour)) == colour


def test_short_colour_doubles_its_digits():
    assert parse_colour("f0f") == parse_colour("#f0f") == (255, 0, 255)
    assert parse_colour("#1a9") == (0x11, 0xAA, 0x99)


@pytest.mark.parametrize("text", ["", "red", "#ff00f", "#gg0000", "256,0,0", "-1,0,0", "1,2", "1,2,3,4", "##fff"])
def test_wrong_colour_is_refused(text):
    with pytest.raises(ValueError, match=r"colour: is .*accepted"):
        parse_colour(text)


@given(st.text(max_size=30))
def test_any_text_parses_or_is_refused(text):
    for parse in (parse_box, parse_colour):
        try:
            result = parse(text)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017 - most texts are refused
        else:
            assert all(isinstance(number, int) for number in result)
