import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.bench.metrics import ciede2000, srgb_to_lab

# Test data published with the formula: Sharma, Wu and Dalal (2005), Table 1. Two CIELAB colours, their difference.
PUBLISHED = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
ROWS = np.array([[float(v) for v in line.split()] for line in PUBLISHED.split("\n") if line])

colours = st.tuples(st.floats(0, 100), st.floats(-100, 100), st.floats(-100, 100)).map(np.array)


def test_published_pairs():
    assert len(ROWS) == 34
    np.testing.assert_allclose(ciede2000(ROWS[:, :3], ROWS[:, 3:6]), ROWS[:, 6], atol=5e-5)
    np.testing.assert_allclose(ciede2000(ROWS[:, 3:6], ROWS[:, :3]), ROWS[:, 6], atol=5e-5)


@given(colours)
def test_a_colour_does_not_differ_from_itself(colour):
    assert ciede2000(colour, colour) == 0


@given(colours, colours)
def test_difference_is_finite_and_symmetric(one, two):
    there, back = ciede2000(one, two), ciede2000(two, one)
    assert there >= 0
    assert np.isfinite(there)
    assert there == pytest.approx(back, abs=1e-9)


def test_lab_of_known_colours():
    white, black, red = srgb_to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))
    np.testing.assert_allclose(white, [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(black, [0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(red, [53.24, 80.09, 67.20], atol=0.02)


def test_lab_and_difference_are_scikit_images():
    color = pytest.importorskip("skimage.color")
    one, two = np.random.default_rng(0).integers(0, 256, (2, 50, 60, 3), dtype=np.uint8)
    np.testing.assert_allclose(srgb_to_lab(one), color.rgb2lab(one), atol=1e-10)
    peer = color.deltaE_ciede2000(color.rgb2lab(one), color.rgb2lab(two))
    np.testing.assert_allclose(ciede2000(srgb_to_lab(one), srgb_to_lab(two)), peer, atol=1e-10)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="image: is float64"):
        srgb_to_lab(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="image: is uint8"):
        srgb_to_lab(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="one, two: are"):
        ciede2000(np.zeros((4, 3)), np.zeros((5, 3)))
