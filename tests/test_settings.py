"""Settings: checked values, nearest names, sizes in pixels and percent."""

import pytest

from retouch.methods.options import PatchMatchOptions
from retouch.settings import Settings, parse_expand, split


def test_options_are_sorted_into_settings_and_the_models_own():
    settings, own = split({"dilate": 3, "patch_size": 5}, PatchMatchOptions, "patchmatch")
    assert settings.dilate == 3
    assert own.patch_size == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dilat": 3}, "option 'dilat' is unknown for model 'patchmatch'; did you mean 'dilate'"),
        ({"patchsize": 3}, "did you mean 'patch_size'"),
        ({"dilate": -1}, r"dilate: .*got -1"),
        ({"dilate": "many"}, r"dilate: .*got 'many'"),
        ({"patch_size": 99}, r"patch_size: .*got 99"),
        ({"convention": "grey"}, r"convention: .*got 'grey'"),
        ({"threshold": 2}, "threshold"),
        ({"expand": (1, 2)}, "expand"),
    ],
)
def test_wrong_options_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        split(given, PatchMatchOptions, "patchmatch")


def test_ring_by_default_grows_with_the_photo():
    assert Settings().ring((512, 512)) == (2, 1)
    assert Settings().ring((6000, 4000)) == (12, 6)
    assert Settings(dilate=3, feather=9).ring((100, 100)) == (3, 3)
    assert Settings(dilate=0).ring((6000, 4000)) == (0, 0)


def test_expand_in_pixels_and_percent():
    assert Settings(expand=parse_expand("10%,5,0,50%")).borders((200, 100)) == (20, 5, 0, 50)
    assert Settings(expand=parse_expand("7")).borders((200, 100)) == (7, 7, 7, 7)
    assert Settings().borders((200, 100)) == (0, 0, 0, 0)


@pytest.mark.parametrize("text", ["1,2,3", "", "1,2,3,4,5", "a,,b,c"])
def test_expand_with_the_wrong_number_of_sides_is_refused(text):
    with pytest.raises(ValueError, match="expand must be"):
        parse_expand(text)


@pytest.mark.parametrize("side", ["-1", "x", "1e99%", "nan%", "999999999"])
def test_expand_that_is_no_size_is_refused(side):
    with pytest.raises(ValueError, match="expand:"):
        Settings(expand=parse_expand(side)).borders((10, 10))
