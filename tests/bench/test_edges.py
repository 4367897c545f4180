import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import gradient_at_edge, gradient_at_edge_channels
from retouch.bench.metrics.canny import canny
from tests.bench.samples import box, image


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 999), st.sampled_from(["noise", "blurred", "two-valued"]))
def test_canny_is_opencvs(h, w, seed, kind):
    cv2 = pytest.importorskip("cv2")
    x = np.random.default_rng(seed).integers(0, 256, (h, w), dtype=np.uint8)
    x = {"noise": x, "blurred": cv2.blur(x, (3, 3)), "two-valued": (x > 128).astype(np.uint8) * np.uint8(255)}[kind]
    assert (canny(x, 100, 200) == (cv2.Canny(x, 100, 200) > 0)).all()


def test_a_perfect_fill_has_no_offset():
    assert gradient_at_edge(image(), image(), box()) == 0


def test_a_mask_without_edge_has_none_either():
    assert gradient_at_edge(image(), image(seed=1), box() & False) == 0
    assert gradient_at_edge(image(), image(seed=1), box() | True) == 0


def test_a_brighter_fill_shows_by_its_step():
    """A step of 10 levels under a Sobel kernel of weight 4 gives 40 on straight edges, 0 away from them."""
    truth, mask = np.full((40, 50, 3), 100, np.uint8), box()
    filled = np.where(mask[..., None], np.uint8(110), truth)
    filled[..., 2] = 100
    red, green, blue = gradient_at_edge_channels(filled, truth, mask)
    assert red == green == pytest.approx(40, rel=0.1)
    assert blue == 0
    assert gradient_at_edge(filled, truth, mask) == pytest.approx((red + green) / 3)


@given(st.integers(0, 99))
def test_only_the_hole_is_taken_from_the_filled_image(seed):
    truth, mask = image(), box()
    filled = image(seed=seed)
    pasted = np.where(mask[..., None], filled, truth)
    assert gradient_at_edge(filled, truth, mask) == pytest.approx(gradient_at_edge(pasted, truth, mask), rel=1e-12)


def test_masks_of_two_kinds_agree():
    filled, truth, mask = image(), image(seed=1), box()
    assert gradient_at_edge(filled, truth, mask) == gradient_at_edge(filled, truth, mask.astype(np.uint8) * 255)


def test_bad_input_is_refused():
    a, mask = image(), box()
    with pytest.raises(ValueError, match="a: is float64"):
        gradient_at_edge(a / 255, a, mask)
    with pytest.raises(ValueError, match="b: is "):
        gradient_at_edge(a, a[1:], mask)
    with pytest.raises(ValueError, match="mask: is float64"):
        gradient_at_edge(a, a, mask.astype(float))
    with pytest.raises(ValueError, match="mask: is uint8"):
        gradient_at_edge(a, a, mask[1:].astype(np.uint8))
