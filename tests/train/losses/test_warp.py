"""Warping against exact moves of pixels; the wavelet; gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.train.losses.warp import SYM6, sample, warp  # noqa: E402

INNER = (slice(None), slice(None), slice(8, -8), slice(8, -8))


def matrix(rows):
    return torch.tensor([rows], dtype=torch.float64)


@pytest.fixture
def smooth():
    noise = torch.rand(1, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(noise, size=(48, 48), mode="bicubic")


def test_the_wavelet_is_orthogonal_with_six_vanishing_moments():
    h, n = np.array(SYM6), np.arange(12)
    shifted = [float((h[2 * k :] * h[: 12 - 2 * k]).sum()) for k in range(6)]
    assert shifted == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-11)
    assert [float(((-1.0) ** n * n**k * h).sum()) for k in range(6)] == pytest.approx([0] * 6, abs=1e-8)


@pytest.mark.parametrize("size", [(4, 4), (20, 24), (21, 17)])
def test_the_identity(size):
    x = torch.rand(1, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = warp(x, torch.eye(3, dtype=torch.float64)[None])
    assert y.shape == x.shape
    assert float((y - x).abs().max()) < 0.05
    assert size == (4, 4) or float((y - x)[:, :, 4:-4, 4:-4].abs().max()) < 1e-10


@pytest.mark.parametrize(
    ("rows", "move"),
    [
        ([[1, 0, 5], [0, 1, -3], [0, 0, 1]], lambda x: x.roll((5, -3), (3, 2))),
        ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], lambda x: x.flip(3)),
        ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], lambda x: x.rot90(-1, (2, 3))),
    ],
)
def test_moves_of_whole_pixels(smooth, rows, move):
    assert float((warp(smooth, matrix(rows)) - move(smooth))[INNER].abs().max()) < 5e-3


def test_zoom_about_the_centre(smooth):
    ramp = torch.arange(48, dtype=torch.float64).expand(1, 1, 48, 48) - 23.5
    zoomed = warp(ramp, matrix([[1.5, 0, 0], [0, 1.5, 0], [0, 0, 1]]))
    torch.testing.assert_close(zoomed[INNER], (ramp / 1.5)[INNER], atol=1e-2, rtol=0)


def test_beyond_the_border_the_image_is_mirrored(smooth):
    far = warp(smooth, matrix([[1, 0, 48], [0, 1, 0], [0, 0, 1]]))
    assert float((far - smooth.flip(3))[INNER].abs().mean()) < 0.02
    assert float((far - smooth)[INNER].abs().mean()) > 0.2


def test_every_sample_has_its_own_map(smooth):
    two = torch.cat([smooth, smooth])
    maps = torch.cat([matrix([[1, 0, 0], [0, 1, 7], [0, 0, 1]]), matrix([[0.8, 0.1, 0], [0, 1.1, 0], [0, 0, 1]])])
    for i in range(2):
        torch.testing.assert_close(warp(two, maps)[i], warp(smooth, maps[i : i + 1])[0], rtol=0, atol=1e-12)


def test_gradients_of_first_and_second_order():
    x = torch.rand(1, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    grid = torch.rand(1, 3, 4, 2, dtype=torch.float64) * 3 - 1.5
    assert torch.autograd.gradcheck(lambda x: sample(x, grid), x)
    assert torch.autograd.gradgradcheck(lambda x: sample(x, grid).pow(3), x)
