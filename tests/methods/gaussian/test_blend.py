"""Putting overlapping patches together: by hand, as a partition of unity, and against the rasteriser's own field."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.gaussian.blend import blend  # noqa: E402
from retouch.methods.gaussian.splat import splat  # noqa: E402

WEIGHTS = ["code", "distance"]
GRIDS = [((1, 1), (6, 5), 1), ((2, 3), (5, 8), 1), ((3, 1), (9, 9), 2), ((4, 2), (3, 4), 0)]


def cut(image, grid, size, overlap):
    """The patches of an image [B, C, H, W], each `overlap` pixels wider; zeros outside the image."""
    padded = torch.nn.functional.pad(image, (overlap,) * 4)
    (rows, columns), (h, w) = grid, size
    patches = [
        padded[:, :, i * h : (i + 1) * h + 2 * overlap, j * w : (j + 1) * w + 2 * overlap]
        for i in range(rows)
        for j in range(columns)
    ]
    return torch.stack(patches, 1)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("grid", "size", "overlap"), GRIDS)
def test_patches_that_agree_give_the_image(grid, size, overlap, weights):
    shape = (2, 3, grid[0] * size[0], grid[1] * size[1])
    image = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    patches = cut(image, grid, size, overlap)
    torch.testing.assert_close(blend(patches, grid, overlap, weights), image, rtol=0, atol=1e-15)


def levels(*values, grid, side=7, overlap=1):
    """Patches of one constant value each."""
    values = torch.tensor(values, dtype=torch.float64)
    return values[None, :, None, None, None].expand(1, grid[0] * grid[1], 1, side + 2 * overlap, side + 2 * overlap)


def test_code_weights_by_hand():
    # Patches 0, 1 above 10, 100, seven pixels wide, sharing two: rows and columns 6 and 7 are blended.
    image = blend(levels(0, 1, 10, 100, grid=(2, 2)), (2, 2), 1)[0, 0]
    assert image.shape == (14, 14)
    assert image[0, [0, 5, 6, 7, 8]].tolist() == [0, 0, 0.5, 0.5, 1]  # along the upper edge
    assert image[[5, 6, 7, 8], 3].tolist() == [0, 5, 5, 10]  # down the left patches
    # Where four meet, only the two side by side count: upper ones above the border, lower ones below it.
    assert image[[5, 6, 7, 8], 6].tolist() == [0.5, 0.5, 55, 55]
    # In the outermost column there is no side neighbour, and the code does not blend with the one below either.
    assert image[[5, 6, 7, 8], 0].tolist() == [0, 0, 10, 10]


def test_distance_weights_by_hand():
    image = blend(levels(0, 1, 10, 100, grid=(2, 2), overlap=1), (2, 2), 1, "distance")[0, 0]
    assert image[0, [5, 6, 7, 8]].tolist() == [0, 0.25, 0.75, 1]
    assert image[[5, 6, 7, 8], 0].tolist() == [0, 2.5, 7.5, 10]
    # At a corner all four count, by the product of both distances.
    assert image[6, 6].item() == pytest.approx(0.25 * 0.75 * 1 + 0.75 * 0.25 * 10 + 0.25 * 0.25 * 100)
    wide = blend(levels(0, 1, grid=(1, 2), side=9, overlap=2), (1, 2), 2, "distance")[0, 0]
    assert wide[4, 6:12].tolist() == [0, 0.125, 0.375, 0.625, 0.875, 1]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_gradient_reaches_exactly_the_blended_pixels(weights):
    patches = torch.zeros(1, 6, 2, 8, 9, dtype=torch.float64, requires_grad=True)
    blend(patches, (2, 3), 1, weights).sum().backward()
    # Every pixel of the image gives away a weight of 1 in all.
    assert patches.grad.sum().item() == pytest.approx(2 * (2 * 6) * (3 * 7))
    # The first patch: nothing reaches its corner outside the image, all of its middle counts.
    assert patches.grad[0, 0, 0, 0, 0] == 0
    assert (patches.grad[0, 0, :, 2:-2, 2:-2] == 1).all()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("scale", [2, 4])
def test_a_finer_image_averages_to_the_coarse_one(weights, scale):
    generator = torch.Generator().manual_seed(0)
    mean = torch.rand(1, 6, 9, 2, generator=generator, dtype=torch.float64) * 2 - 1
    cholesky = torch.rand(1, 6, 9, 3, generator=generator, dtype=torch.float64) + 2.5
    colour = torch.rand(1, 6, 9, 3, generator=generator, dtype=torch.float64)
    coarse = blend(splat(mean, cholesky, colour, (12, 10)), (2, 3), 1, weights)
    fine = blend(splat(mean, cholesky, colour, (12, 10), scale=scale), (2, 3), scale, weights)
    assert fine.shape == (1, 3, 20 * scale, 24 * scale)
    averaged = torch.nn.functional.avg_pool2d(fine, scale)
    assert (averaged - coarse).abs().max() < 0.02 * coarse.max()


@pytest.mark.parametrize(
    ("shape", "grid", "overlap", "weights", "message"),
    [
        ((1, 6, 3, 8, 8), (2, 2), 1, "code", r"shape \[1, 6, 3, 8, 8\]; a grid of 2 x 2 needs \[B, 4, C"),
        ((6, 3, 8, 8), (2, 3), 1, "code", r"shape \[6, 3, 8, 8\]"),
        ((1, 1, 3, 8, 4), (1, 1), 1, "code", "overlap 1 is too wide for patches of 8 x 4"),
        ((1, 1, 3, 8, 8), (1, 1), -1, "code", "the overlap 0 or more"),
        ((1, 0, 3, 8, 8), (0, 4), 1, "code", r"grid \(0, 4\)"),
        ((1, 1, 3, 8, 8), (1, 1), 1, "smooth", "weights is 'smooth'; accepted are code, distance"),
    ],
)
def test_bad_input(shape, grid, overlap, weights, message):
    with pytest.raises(ValueError, match=message):
        blend(torch.zeros(shape), grid, overlap, weights)
