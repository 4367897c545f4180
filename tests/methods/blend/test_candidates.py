"""The candidates: each another fill, known pixels kept, nothing of the hole seen."""

import numpy as np
import pytest

from retouch.data.patch import Patch
from retouch.methods.blend.candidates import candidates
from retouch.methods.options import PatchMatchOptions
from retouch.methods.patchmatch import fill_one
from retouch.methods.smooth import pull_push
from tests.methods.blend.tiny import PATCHES, pictures


def test_known_pixels_are_kept_in_all_and_every_hole_is_filled_anew():
    (image, *_), (mask, *_) = pictures()
    fills = candidates(image, mask, [*PATCHES, Patch(radius=1)], 5)
    assert fills.shape == (4, *image.shape)
    assert fills.dtype == np.float32
    assert fills.min() >= 0
    assert fills.max() <= 1
    for fill in fills:
        assert np.array_equal(fill[~mask], image[~mask])
    different = {fill[mask].tobytes() for fill in fills}
    assert len(different) == 4  # the same radius twice has another seed


def test_they_are_what_patchmatch_and_smooth_fill():
    (image, *_), (mask, *_) = pictures()
    first, last = candidates(image, mask, [Patch(radius=2)], 3)
    blank = np.where(mask[..., None], np.float32(0), image)
    assert np.array_equal(first[mask], fill_one(blank, mask, PatchMatchOptions(patch_size=2), 3)[mask])
    assert np.array_equal(last[mask], np.clip(pull_push(blank, mask), 0, 1)[mask])


def test_what_lies_under_the_hole_changes_nothing():
    (image, *_), (mask, *_) = pictures()
    other = np.where(mask[..., None], np.float32(0.9), image)
    assert np.array_equal(candidates(image, mask, PATCHES, 1), candidates(other, mask, PATCHES, 1))


@pytest.mark.parametrize("side", [65, 80])
def test_a_fill_of_lower_resolution_follows_the_photo_at_any_size(side):
    ramp = np.linspace(0, 1, side, dtype=np.float32)
    image = np.broadcast_to(ramp[None, :, None], (side, side, 3))  # the same in every row: patches are everywhere
    mask = np.zeros((side, side), bool)
    mask[12:22, 12:22] = True
    fill, _ = candidates(image, mask, [Patch(radius=1, shrink=2)], 0)
    assert np.abs(fill - image)[mask].max() < 0.1


def test_where_nothing_is_known_it_is_refused():
    image, mask = np.zeros((32, 32, 3), np.float32), np.ones((32, 32), bool)
    with pytest.raises(ValueError, match="mask covers the whole window"):
        candidates(image, mask, PATCHES, 0)
