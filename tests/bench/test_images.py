"""PSNR, L1 and SSIM of two images."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import l1, psnr, ssim
from tests.bench.samples import box, image

CONVENTIONS = ("mat", "lama", "asuka")


def test_equal_images():
    a = image()
    assert psnr(a, a) == math.inf
    assert psnr(a, a, convention="asuka") == pytest.approx(70, abs=1e-9)
    assert l1(a, a) == 0
    for convention in CONVENTIONS:
        assert ssim(a, a, convention=convention) == pytest.approx(1, abs=1e-12)


def test_one_step_everywhere():
    a = np.full((20, 20, 3), 100, np.uint8)
    assert psnr(a, a + np.uint8(1)) == pytest.approx(20 * math.log10(255), abs=1e-12)
    assert l1(a, a + np.uint8(1)) == pytest.approx(1 / 255, abs=1e-15)


def test_black_against_white():
    a = np.zeros((20, 20, 3), np.uint8)
    assert (psnr(a, a + np.uint8(255)), l1(a, a + np.uint8(255))) == (0, 1)


@given(st.integers(0, 99))
def test_are_symmetric(seed):
    a, b = image(16, 14, seed), image(16, 14, seed + 1)
    assert psnr(a, b) == psnr(b, a)
    assert l1(a, b) == l1(b, a)
    for convention in CONVENTIONS:
        assert ssim(a, b, convention=convention) == pytest.approx(ssim(b, a, convention=convention), abs=1e-13)


@pytest.mark.parametrize("metric", [psnr, l1])
def test_over_the_hole_only_the_hole_counts(metric):
    a, b, mask = image(), image(seed=1), box()
    elsewhere = np.where(mask[..., None], b, image(seed=2))
    assert metric(a, b, mask=mask) == metric(a, elsewhere, mask=mask)
    assert metric(a, b) != metric(a, elsewhere)
    pasted = np.where(mask[..., None], b, a)
    assert l1(a, pasted, mask=mask) * mask.mean() == pytest.approx(l1(a, pasted), rel=1e-12)


@pytest.mark.parametrize("size", [(40, 50), (11, 11), (13, 90)])
def test_ssim_is_scikit_images(size):
    peer = pytest.importorskip("skimage.metrics").structural_similarity
    a, b = image(*size), np.clip(image(*size).astype(int) + np.random.default_rng(1).integers(-40, 40), 0, 255)
    b = b.astype(np.uint8)
    # Its Gaussian window reaches 5 pixels at this truncation; the border is cut off below.
    full = peer(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=2, full=True
    )[1]
    inside = full[5 : size[0] - 5, 5 : size[1] - 5]
    assert ssim(a, b) == pytest.approx(inside.mean(), abs=1e-12)
    grey_a, grey_b = (x @ [0.2989, 0.587, 0.114] / 255 for x in (a, b))
    assert ssim(a, b, convention="asuka") == pytest.approx(peer(grey_a, grey_b, data_range=1), abs=1e-12)


def test_ssim_with_zeros_around_is_that_of_the_larger_image():
    a, b = image(), image(seed=1)
    wide_a, wide_b = (np.pad(x, ((5, 5), (5, 5), (0, 0))) for x in (a, b))
    assert ssim(a, b, convention="lama") == pytest.approx(ssim(wide_a, wide_b, convention="mat"), abs=1e-12)
    assert ssim(a, b, convention="lama") != pytest.approx(ssim(a, b, convention="mat"), abs=1e-6)


@pytest.mark.parametrize("metric", [psnr, l1, ssim])
def test_bad_images_are_refused(metric):
    a = image()
    for one, two, message in (
        (a / 255, a, "a: is float64"),
        (a, a[..., 0], r"b: is uint8 \[40, 50\]"),
        (a, a.astype(np.uint16), "b: is uint16"),
        (a, a[1:], r"b: is \[39, 50, 3\]; accepted: \[40, 50, 3\]"),
        (a, a.tolist(), "b: is list"),
        (a[:0], a[:0], "no pixels"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(one, two)


@pytest.mark.parametrize("metric", [psnr, l1])
def test_bad_masks_are_refused(metric):
    a, mask = image(), box()
    with pytest.raises(ValueError, match="mask: is uint8"):
        metric(a, a, mask=mask.astype(np.uint8))
    with pytest.raises(ValueError, match=r"mask: is bool \[39, 50\]; accepted: a bool array \[40, 50\]"):
        metric(a, a, mask=mask[1:])
    with pytest.raises(ValueError, match="no hole"):
        metric(a, a, mask=~(mask | True))


def test_other_conventions_and_small_images_are_refused():
    with pytest.raises(ValueError, match="convention: is 'lama'; accepted: 'mat', 'asuka'"):
        psnr(image(), image(), convention="lama")
    with pytest.raises(ValueError, match="convention: is 'skimage'"):
        ssim(image(), image(), convention="skimage")
    with pytest.raises(ValueError, match="sides of at least 11"):
        ssim(image(10), image(10))
    assert ssim(image(1, 1), image(1, 1), convention="lama") == pytest.approx(1, abs=1e-12)
