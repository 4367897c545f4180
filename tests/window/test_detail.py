"""The second pass: a coarse fill gets back texture that the photo has elsewhere."""

import numpy as np
import pytest

from retouch.window.detail import add_detail, match_patches, patch_features
from retouch.window.resample import enlarge, shrink


def textured(height=320, width=480, seed=0):
    """A photo whose left and right differ in colour and texture."""
    rng = np.random.default_rng(seed)
    noise = rng.random((height, width, 1)).astype(np.float32)
    stripes = (np.arange(width) // 2 % 2).astype(np.float32)[None, :, None]
    left = np.concatenate([0.2 + 0.3 * noise] * 3, axis=2)
    right = np.broadcast_to(0.6 + 0.3 * stripes, (height, width, 3))
    return np.where(np.arange(width)[None, :, None] < width // 2, left, right).astype(np.float32)


def coarse(image, hole, factor=4):
    size = (image.shape[1] // factor, image.shape[0] // factor)
    low, low_hole = shrink(np.where(hole[..., None], 0, image), hole, size)
    truth, _ = shrink(image, np.zeros_like(hole), size)
    return np.where(low_hole[..., None], truth, low)


def test_detail_restores_the_texture_that_scaling_lost():
    image = textured()
    hole = np.zeros(image.shape[:2], bool)
    hole[100:220, 60:180] = True
    low = coarse(image, hole)
    plain = enlarge(low, (480, 320))
    fine = add_detail(np.where(hole[..., None], 0, image), hole, low, seed=0)
    inner = np.s_[110:210, 70:170]
    assert fine[inner].std() == pytest.approx(image[inner].std(), rel=0.15)
    assert plain[inner].std() < 0.6 * image[inner].std()
    assert np.abs(fine[inner].mean() - image[inner].mean()) < 0.02


def test_detail_never_reads_the_hole_nor_what_must_not_be_copied():
    image = textured()
    hole = np.zeros(image.shape[:2], bool)
    hole[100:220, 60:180] = True
    hole[:, 300:] = True  # as `avoid` does
    low = coarse(image, hole)
    other = image.copy()
    other[hole] = 0.5
    a, b = (add_detail(photo, hole, low, seed=3) for photo in (image, other))
    assert np.array_equal(a[hole], b[hole])


def test_same_seed_same_detail():
    image = textured(80, 120)
    hole = np.zeros(image.shape[:2], bool)
    hole[20:50, 20:60] = True
    low = coarse(image, hole, 2)
    a, b = (add_detail(image, hole, low, seed=7) for _ in range(2))
    assert np.array_equal(a, b)


def test_without_any_source_the_fill_is_only_enlarged():
    image = textured(40, 60)
    hole = np.ones((40, 60), bool)
    hole[:3, :3] = False  # less than a patch is known
    low = coarse(image, hole, 2)
    got = add_detail(image, hole, low, seed=0)
    assert np.array_equal(got, enlarge(low, (60, 40)))


def test_matches_are_whole_known_patches_and_near_the_best():
    image = textured(48, 64, seed=5)
    hole = np.zeros((48, 64), bool)
    hole[20:28, 20:30] = True
    source = ~hole
    match = match_patches(image, hole, source, seed=0)
    assert match.shape == (80, 2)
    features = patch_features(image)
    valid = np.zeros_like(source)
    for y, x in np.ndindex(source.shape):
        whole = 2 <= y < 46 and 2 <= x < 62
        valid[y, x] = whole and source[y - 2 : y + 3, x - 2 : x + 3].all()
    assert valid[match[:, 0], match[:, 1]].all()
    targets = features[hole]
    cost = ((features[match[:, 0], match[:, 1]] - targets) ** 2).sum(axis=1)
    best = ((features[valid][None] - targets[:, None]) ** 2).sum(axis=2).min(axis=1)
    random = ((features[valid][None] - targets[:, None]) ** 2).sum(axis=2).mean(axis=1)
    assert np.median((cost - best) / (random - best)) < 0.05


@pytest.mark.parametrize("at_most", [30_000, 50])
def test_search_from_coarse_to_fine_is_as_good(monkeypatch, at_most):
    monkeypatch.setattr("retouch.window.detail.SEARCH_AT_MOST", at_most)
    # Half the resolution still shows blotches of 4 pixels, as it does the structure of real photos.
    blotches = np.kron(textured(24, 32, seed=6), np.ones((4, 4, 1), np.float32))
    image = np.where(np.arange(128)[None, :, None] < 64, blotches, textured(96, 128))
    hole = np.zeros((96, 128), bool)
    hole[30:61, 21:52] = True
    match = match_patches(image, hole, ~hole, seed=0)
    features = patch_features(image)
    cost = ((features[match[:, 0], match[:, 1]] - features[hole]) ** 2).sum(axis=1)
    assert (match[:, 1] < 64).mean() > 0.97  # the hole lies in the left texture
    chance = ((features[hole] - features[hole][::-1]) ** 2).sum(axis=1).mean()
    assert np.median(cost) < 0.5 * chance


def test_a_source_too_thin_for_the_coarse_search_is_still_found(monkeypatch):
    monkeypatch.setattr("retouch.window.detail.SEARCH_AT_MOST", 50)
    image = textured(96, 128, seed=6)
    hole = np.ones((96, 128), bool)
    hole[:, 60:66] = False  # six columns known: three at half the resolution
    match = match_patches(image, hole, ~hole, seed=0)
    assert set(match[:, 1]) <= {62, 63}
