"""Gaussians to compare rasterisers on, and the comparison."""

import torch

from retouch.methods.gaussian.splat import splat


def gaussians(*leading, seed=0, dtype=torch.float32, narrow=False):
    """mean, cholesky, colour for leading dimensions (..., G); `narrow`: some covariances are degenerate."""
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape):
        return torch.rand(*leading, *shape, generator=generator, dtype=torch.float64)

    mean = rand(2) * 2.4 - 1.2
    cholesky = torch.stack((rand() * 2.2 + 0.3, rand() * 2.4 - 1.2, rand() * 2.2 + 0.3), -1)
    if narrow:
        which = rand()
        cholesky[..., 0].masked_fill_(which < 0.2, 0.0)
        cholesky[..., 2].masked_fill_((which > 0.2) & (which < 0.4), 0.01)
    colour = rand(3) * 2 - 1
    # Numbers that float32 has too, so that a difference between types is one of the arithmetic.
    return [each.float().to(dtype) for each in (mean, cholesky, colour)]


def image_and_gradients(inputs, size, **options):
    """The image, and the gradients of a weighted sum of it with respect to mean, cholesky and colour."""
    leaves = [each.clone().requires_grad_() for each in inputs]
    image = splat(*leaves, size, **options)
    generator = torch.Generator().manual_seed(9)
    weight = torch.rand(image.shape, generator=generator, dtype=torch.float64) * 2 - 1
    (image * weight.to(image)).sum().backward()
    return [image.detach(), *(leaf.grad for leaf in leaves)]


def assert_same(actual, expected, tolerance):
    """Every pair equal to `tolerance` times the largest value of the expected one."""
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.shape == theirs.shape
        torch.testing.assert_close(ours.double(), theirs.double(), rtol=0, atol=tolerance * theirs.abs().max().item())
