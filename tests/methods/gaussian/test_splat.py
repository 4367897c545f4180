"""Rasterising Gaussians: against numbers worked out by hand, and every path against the reference."""

import math

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.gaussian import splat_fast  # noqa: E402
from retouch.methods.gaussian.splat import splat  # noqa: E402
from tests.methods.gaussian.random_gaussians import assert_same, gaussians, image_and_gradients  # noqa: E402

PATHS = ["reference", "fast"]


def one(mean=(0.0, 0.0), cholesky=(1.0, 0.0, 1.0), colour=(1.0, 2.0, -3.0)):
    return [torch.tensor([each], dtype=torch.float64) for each in (mean, cholesky, colour)]


@pytest.mark.parametrize("path", PATHS)
def test_one_gaussian_by_hand(path):
    # Mean (0.5, -0.5) of 4 x 8 pixels is x = 6, y = 1. At (x, y) = (7, 3): d = (1, 2), Sigma = [[4, 2], [2, 10]],
    # d^T Sigma^-1 d = (10 - 2*2*2 + 4*4) / 36 = 0.5.
    image = splat(*one((0.5, -0.5), (2.0, 1.0, 3.0)), (4, 8), path=path)
    assert image.shape == (3, 4, 8)
    assert image[:, 1, 6].tolist() == pytest.approx([1, 2, -3])
    assert image[:, 3, 7].tolist() == pytest.approx([math.exp(-0.25) * c for c in (1, 2, -3)])


@pytest.mark.parametrize("path", PATHS)
def test_sum_of_gaussians_opacity_and_dtype(path):
    mean, cholesky, colour = gaussians(2, 3, 11, dtype=torch.bfloat16)
    opacity = torch.rand(2, 3, 11, generator=torch.Generator().manual_seed(1))
    together = splat(mean, cholesky, colour, 6, opacity=opacity, path=path)
    alone = [
        opacity[..., k, None, None, None] * splat(mean[..., [k], :], cholesky[..., [k], :], colour[..., [k], :], 6)
        for k in range(11)
    ]
    assert together.dtype == torch.float32
    assert together.shape == (2, 3, 3, 6, 6)
    torch.testing.assert_close(together, sum(alone), rtol=0, atol=2e-6)


@pytest.mark.parametrize("narrow", [False, True], ids=["", "degenerate"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    ("leading", "size"),
    [
        ((1, 1), (1, 1)),
        ((1,), (5, 3)),
        ((3, 100), (9, 18)),
        ((2, 2, 17), (18, 7)),
        ((2, 324), (18, 18)),
        ((0, 5), (4, 4)),
    ],
    ids=str,
)
def test_fast_is_the_reference(leading, size, dtype, narrow):
    inputs = gaussians(*leading, dtype=torch.float64, narrow=narrow)
    if math.prod(leading) == 0:
        assert splat(*inputs, size, path="fast").shape == (0, 3, *size)
        return
    for degenerate in ("skip", "dc"):
        expected = image_and_gradients(inputs, size, path="reference", degenerate=degenerate)
        given = [each.to(dtype) for each in inputs]
        actual = image_and_gradients(given, size, path="fast", degenerate=degenerate)
        assert actual[0].dtype == dtype
        assert_same(actual, expected, 1e-5 if dtype == torch.float32 else 1e-13)


def test_fast_in_any_blocks(monkeypatch):
    inputs = gaussians(5, 30, dtype=torch.float64)
    expected = image_and_gradients(inputs, (6, 7), path="reference", scale=2)
    # One pixel row's worth, a part of the Gaussians of one patch, a part of the patches.
    for block in (1, 168 * 7, 168 * 30 * 2):
        monkeypatch.setattr(splat_fast, "BLOCK", block)
        assert_same(image_and_gradients(inputs, (6, 7), path="fast", scale=2), expected, 1e-13)


def test_gradient_by_finite_differences():
    inputs = [each.requires_grad_() for each in gaussians(2, 3, dtype=torch.float64)]
    opacity = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()

    def image(mean, cholesky, colour, opacity):
        return splat(mean, cholesky, colour, (4, 5), opacity=opacity, path="fast")

    assert torch.autograd.gradcheck(image, (*inputs, opacity))


@pytest.mark.parametrize("path", PATHS)
def test_far_gaussians_leave_nothing_behind(path):
    inputs = one(mean=(40.0, 40.0), cholesky=(0.3, 0.0, 0.3))
    image, *by = image_and_gradients(inputs, 8, path=path)
    assert image.abs().max() < 1e-20
    assert all(each.abs().max() < 1e-15 for each in by)


@pytest.mark.parametrize("path", PATHS)
def test_degenerate_gaussians(path):
    mean, _, colour = gaussians(1, 2, dtype=torch.float64)
    flat = torch.tensor([[[2.0, 0.5, 0.0], [0.2, 1.0, 0.2]]], dtype=torch.float64)  # determinants 0 and 0.0016
    image, by_mean, by_cholesky, by_colour = image_and_gradients([mean, flat, colour], 5, path=path)
    assert image.abs().max() == by_mean.abs().max() == by_cholesky.abs().max() == by_colour.abs().max() == 0
    image, by_mean, by_cholesky, by_colour = image_and_gradients([mean, flat, colour], 5, path=path, degenerate="dc")
    torch.testing.assert_close(image, colour.sum(1)[..., None, None].expand(1, 3, 5, 5))
    assert by_mean.abs().max() == by_cholesky.abs().max() == 0
    assert by_colour.abs().min() > 0
    # Just above the limit of 1/510 it is drawn.
    flat[..., 0] = flat[..., 2] = 0.22
    assert splat(mean, flat, colour, 5, path=path).abs().max() > 0


def test_half_precision_around_it_changes_nothing():
    inputs = gaussians(2, 40)
    expected = image_and_gradients(inputs, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = image_and_gradients(inputs, 9)
        written_out = splat(*inputs, 9, path="reference")
    assert all(torch.equal(a, b) for a, b in zip(inside, expected, strict=True))
    torch.testing.assert_close(written_out, expected[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_finer_pixels_average_to_the_coarse_image(scale):
    mean, cholesky, colour = gaussians(3, 12, dtype=torch.float64)
    cholesky[..., 0::2] += 2.5  # 2.8 to 5 pixels
    coarse = splat(mean, cholesky, colour, (9, 14))
    fine = splat(mean, cholesky, colour, (9, 14), scale=scale)
    assert fine.shape == (3, 3, 9 * scale, 14 * scale)
    averaged = torch.nn.functional.avg_pool2d(fine, scale)
    assert (averaged - coarse).abs().max() < 0.01 * coarse.abs().max()
    # Pixels half a fine pixel aside, a common slip, would not pass.
    aside = splat(mean - mean.new_tensor([1 / scale / 14, 1 / scale / 9]), cholesky, colour, (9, 14), scale=scale)
    assert (torch.nn.functional.avg_pool2d(aside, scale) - coarse).abs().max() > 0.03 * coarse.abs().max()


def test_an_odd_scale_contains_the_coarse_pixels():
    inputs = gaussians(2, 20, dtype=torch.float64)
    torch.testing.assert_close(splat(*inputs, (5, 6), scale=3)[..., 1::3, 1::3], splat(*inputs, (5, 6)))


@pytest.mark.parametrize("path", PATHS)
def test_compiled_without_a_graph_break(path):
    inputs = gaussians(2, 5, 7)

    def image(*given):
        return splat(*given, (3, 4), path=path)

    # "aot_eager" traces forward and backward as "inductor" does, but needs no C++ compiler.
    compiled = torch.compile(image, fullgraph=True, backend="aot_eager")
    leaves, plain = ([each.clone().requires_grad_() for each in inputs] for _ in range(2))
    compiled(*leaves).square().sum().backward()
    image(*plain).square().sum().backward()
    assert_same([each.grad for each in leaves], [each.grad for each in plain], 1e-5)


def test_operator_is_registered_as_pytorch_asks():
    mean, cholesky, colour = (each.requires_grad_() for each in gaussians(2, 5))
    given = (mean, cholesky, colour, torch.arange(4.0), torch.arange(3.0))
    checks = torch.library.opcheck(torch.ops.retouch.splat.default, given, {"on_triton": False})
    assert set(checks.values()) == {"SUCCESS"}


MEAN, CHOLESKY, COLOUR = torch.zeros(2, 5, 2), torch.ones(2, 5, 3), torch.zeros(2, 5, 3)


@pytest.mark.parametrize(
    ("inputs", "size", "options", "message"),
    [
        (
            (torch.zeros(2, 5, 3), CHOLESKY, COLOUR),
            4,
            {},
            r"mean has the shape \[2, 5, 3\]; accepted is \[\.\.\., G, 2\]",
        ),
        ((torch.zeros(2, 0, 2), CHOLESKY, COLOUR), 4, {}, "at least one Gaussian"),
        ((torch.zeros(2), CHOLESKY, COLOUR), 4, {}, "mean has the shape"),
        ((MEAN, torch.ones(2, 4, 3), COLOUR), 4, {}, r"cholesky has the shape \[2, 4, 3\].*must be \[2, 5, 3\]"),
        ((MEAN, CHOLESKY, torch.zeros(1, 5, 3)), 4, {}, r"colour has the shape \[1, 5, 3\].*must be \[2, 5, 3\]"),
        ((MEAN, CHOLESKY, COLOUR), 4, {"opacity": torch.ones(2, 5, 1)}, r"opacity has .* must be \[2, 5\]"),
        ((MEAN, CHOLESKY, COLOUR), 0, {}, r"size \(0, 0\) at scale 1"),
        ((MEAN, CHOLESKY, COLOUR), (4, -1), {}, r"size \(4, -1\)"),
        ((MEAN, CHOLESKY, COLOUR), 4, {"scale": 0}, "at scale 0"),
        ((MEAN, CHOLESKY, COLOUR), 4, {"degenerate": "keep"}, "degenerate is 'keep'; accepted are skip, dc"),
        ((MEAN, CHOLESKY, COLOUR), 4, {"path": "slow"}, "path is 'slow'; accepted are auto, reference, fast, triton"),
        ((MEAN.long(), CHOLESKY, COLOUR), 4, {}, "are torch.int64, .* accepted are floating-point tensors"),
    ],
)
def test_bad_input(inputs, size, options, message):
    with pytest.raises(ValueError, match=message):
        splat(*inputs, size, **options)


def test_triton_where_it_cannot_run():
    pytest.importorskip("triton")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ValueError, match="path is 'triton', but the tensors are on cpu"):
        splat(MEAN, CHOLESKY, COLOUR, 4, path="triton")
