"""The rasteriser and the blending against the official code's (values, true gradients, degenerate covariances)."""

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.gaussian.blend import blend  # noqa: E402
from retouch.methods.gaussian.splat import splat  # noqa: E402

pytestmark = needs_goldens

NAMES = ["raster", "raster_degenerate", "raster_g100"]
SIDE = 18


def golden(name):
    return np.load(PARITY / "gaussian" / f"{name}.npz")


def render(name, dtype, **options):
    """Patches [4, y, x, 3] and the gradients that the golden holds, in its order and layout."""
    arrays = golden(name)
    leaves = [torch.from_numpy(arrays[key]).to(dtype).requires_grad_() for key in ("mean", "chol", "color")]
    patches = splat(*leaves, SIDE, **options).permute(0, 2, 3, 1)  # [4, y, x, 3]
    weight = fill().uniform(f"2dgs.{name}.weight", (2 * SIDE, 2 * SIDE, 3))
    mosaic = patches.reshape(2, 2, SIDE, SIDE, 3).transpose(1, 2).reshape(2 * SIDE, 2 * SIDE, 3)
    (mosaic * torch.from_numpy(weight).to(dtype)).sum().backward()
    return patches.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


def assert_close(ours, theirs, tolerance):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1.0, np.abs(theirs).max()))


@pytest.mark.parametrize("name", NAMES)
def test_inputs_follow_from_their_names(name):
    arrays, u = golden(name), fill().uniform
    count = arrays["mean"].shape[1]
    side = int(count**0.5)
    at = 2 * np.arange(side) / side - 1
    fixed = np.stack(np.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 2)
    offset = np.tanh(2 * u(f"2dgs.{name}.offset", (4, count, 2)).astype(np.float64))
    np.testing.assert_allclose(arrays["mean"], fixed + (2 * offset - 1) / SIDE, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(arrays["color"], u(f"2dgs.{name}.color", (4, count, 3)))


@pytest.mark.parametrize("path", ["reference", "fast"])
@pytest.mark.parametrize("name", NAMES)
def test_rasteriser(name, path):
    arrays = golden(name)
    for dtype, value, gradient in ((torch.float32, 2e-6, 1e-5), (torch.float64, 1e-7, 1e-6)):
        patches, gradients = render(name, dtype, path=path, degenerate="dc")
        assert_close(patches, arrays["patches"], value)
        for ours, key in zip(gradients, ("mean", "chol", "color"), strict=True):
            assert_close(ours, arrays[f"grad_{key}"], gradient)


@pytest.mark.parametrize("path", ["reference", "fast"])
def test_degenerate_gaussians_skipped(path):
    arrays = golden("raster_degenerate")
    for dtype, value, gradient in ((torch.float32, 2e-6, 1e-5), (torch.float64, 1e-7, 1e-6)):
        patches, gradients = render("raster_degenerate", dtype, path=path, degenerate="skip")
        assert_close(patches, arrays["patches_skip"], value)
        for ours, key in zip(gradients, ("mean", "chol", "color"), strict=True):
            assert_close(ours, arrays[f"grad_{key}_skip"], gradient)
    assert np.abs(arrays["patches_skip"] - arrays["patches"]).max() > 1


@pytest.mark.parametrize(("overlap", "side"), [(1, 3), (2, 3), (1, 1)])
def test_blending_to_the_last_bit(overlap, side):
    arrays, u = golden("overlap"), fill().uniform
    tag, size = f"a{overlap}_g{side}", 16 + 2 * overlap
    name = f"a{overlap}.g{side}"
    image = torch.from_numpy(u(f"2dgs.overlap.{name}", (size * side, size * side, 3))).requires_grad_()
    patches = image.reshape(side, size, side, size, 3).permute(0, 2, 4, 1, 3).reshape(1, side * side, 3, size, size)
    blended = blend(patches, (side, side), overlap)[0].permute(1, 2, 0)
    np.testing.assert_array_equal(blended.detach().numpy(), arrays[f"out_{tag}"])
    weight = u(f"2dgs.overlap.weight.{name}", tuple(blended.shape))
    (blended * torch.from_numpy(weight)).sum().backward()
    # Exact as well, except where one pixel's gradient is a sum in another order.
    np.testing.assert_allclose(image.grad.numpy(), arrays[f"grad_{tag}"], rtol=0, atol=1e-7)
