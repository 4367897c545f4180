"""What is special about patchmatch: a process-wide seed and a black result where nothing is known."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retouch.catalogue import find, load_method
from retouch.methods.options import PatchMatchOptions
from retouch.methods.patchmatch import fill_one
from retouch.methods.smooth import pull_push


def test_nothing_known_is_refused_and_never_black():
    with pytest.raises(ValueError, match="nothing to copy from"):
        fill_one(np.zeros((20, 20, 3), np.float32), np.ones((20, 20), bool), PatchMatchOptions(), 0)


def test_threads_with_different_seeds_get_their_own_results():
    rng = np.random.default_rng(0)
    image = rng.random((1, 96, 96, 3)).astype(np.float32)
    mask = np.zeros((1, 96, 96), bool)
    mask[:, 30:60, 30:60] = True
    method = load_method(find("patchmatch"))

    def fill(seed):
        return method(image, mask, PatchMatchOptions(), seeds=[seed]).images

    alone = [fill(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fill, range(8)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
    assert not np.array_equal(alone[0], alone[1])


def test_only_colours_of_the_photo_are_used():
    image = np.full((64, 64, 3), 0.8, np.float32)
    image[:, :32] = 0.2
    mask = np.zeros((64, 64), bool)
    mask[20:40, 24:40] = True
    image[mask] = 0
    filled = fill_one(image, mask, PatchMatchOptions(), 0)
    assert filled.min() > 0.19
    assert filled.max() < 0.81


def test_patch_size_changes_the_result_and_is_checked():
    rng = np.random.default_rng(0)
    image = rng.random((64, 64, 3)).astype(np.float32)
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    small, large = (fill_one(image, mask, PatchMatchOptions(patch_size=p), 0) for p in (2, 5))
    assert not np.array_equal(small, large)
    with pytest.raises(ValueError, match="patch_size"):
        PatchMatchOptions(patch_size=0)


def textured(side=128, hole=np.s_[40:90, 40:90]):
    """Noise under a slow ramp, and a hole in it."""
    rng = np.random.default_rng(1)
    ramp = np.linspace(0.3, 0.6, side, dtype=np.float32)[None, :, None]
    image = (ramp + 0.2 * rng.random((side, side, 3)) - 0.1).astype(np.float32)
    mask = np.zeros((side, side), bool)
    mask[hole] = True
    return image, mask


def test_at_half_the_size_the_texture_is_that_of_the_photo():
    image, mask = textured()
    blank = np.where(mask[..., None], np.float32(0), image)
    half, full = (fill_one(blank, mask, PatchMatchOptions(shrink=n), 0)[mask] for n in (2, 1))
    assert not np.array_equal(half, full)
    assert half.std(axis=0) == pytest.approx(image[mask].std(axis=0), rel=0.2)
    assert half.mean(axis=0) == pytest.approx(image[mask].mean(axis=0), abs=0.05)


@pytest.mark.parametrize("shrink", [1, 2, 3])
def test_what_lies_under_the_hole_changes_nothing(shrink):
    image, mask = textured()
    other = np.where(mask[..., None], np.float32(0.9), image)
    a, b = (fill_one(x, mask, PatchMatchOptions(shrink=shrink), 4) for x in (image, other))
    assert np.array_equal(a[mask], b[mask])


@pytest.mark.parametrize(("side", "hole"), [(128, np.s_[40:100, 60:67]), (60, np.s_[20:40, 20:40])])
def test_thin_holes_and_small_photos_are_filled_at_full_size(side, hole):
    image, mask = textured(side, hole)
    image[mask] = 0
    half, full = (fill_one(image, mask, PatchMatchOptions(shrink=n), 0) for n in (2, 1))
    assert np.array_equal(half, full)


@pytest.mark.parametrize("shrink", [0, 9])
def test_shrink_is_checked_and_full_size_unless_asked_for(shrink):
    with pytest.raises(ValueError, match="shrink"):
        PatchMatchOptions(shrink=shrink)
    assert PatchMatchOptions().shrink == 1


def test_pull_push_reproduces_a_constant_and_stays_between_the_edges():
    image = np.full((37, 53, 3), 0.3, np.float32)
    mask = np.zeros((37, 53), bool)
    mask[5:30, 7:40] = True
    assert pull_push(np.where(mask[..., None], 0, image), mask) == pytest.approx(image, abs=1e-5)
    image[:, 26:] = 0.7
    filled = pull_push(np.where(mask[..., None], 0, image), mask)
    assert filled.min() >= 0.3 - 1e-5
    assert filled.max() <= 0.7 + 1e-5
    assert not pull_push(np.ones((8, 8, 3), np.float32), np.ones((8, 8), bool)).any()
