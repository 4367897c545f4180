"""The rasteriser for processors: block by block in memory that stays in the cache, with the gradient in closed form.

z1 = (x - mu_x) / l11 depends on a Gaussian and a column, u = (y - mu_y) / l22 on a Gaussian and a row, and
z2 = u - (l21 / l22) z1: a weight costs a few operations and one exponential, and colours times weights is one matrix
product.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

# Weights computed at once: 2 MB in float32, so that they are still in the cache when the next operation reads them.
BLOCK = 2**19
# Numbers below 1e-38 make processors ten times slower. exp(-60) = 9e-27 is as good as the 0 it stands for.
LOWEST_EXPONENT = -60.0


def render(centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The image of splat_reference.render, from the same arguments; itself without a gradient."""
    image = centre.new_zeros(len(centre), 3, len(rows) * len(columns))  # [P, 3, H * W]
    size = (len(rows), len(columns))
    memory = _memory(centre, size, count=2)  # [2, weights of a block]
    for p, g in _blocks(centre, size):
        weight = _weights(centre[p, g], cholesky[p, g], rows, columns, memory)[1]  # [p, g, H * W]
        image[p].baddbmm_(colour[p, g].transpose(1, 2), weight)
    return image.view(-1, 3, *size)


def render_whole(centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The same image in plain operations and one block, for export: such a graph holds for any number of patches."""
    z1 = _z1(centre, cholesky, columns)  # [P, G, W]
    u = (rows - centre[:, :, 1:]) / cholesky[:, :, 2:]  # [P, G, H]
    z2 = u[..., None] - (z1 * (cholesky[:, :, 1:2] / cholesky[:, :, 2:]))[:, :, None]  # [P, G, H, W]
    weight = torch.exp(-0.5 * (z1[:, :, None] ** 2 + z2**2))  # [P, G, H, W]
    image = torch.bmm(colour.transpose(1, 2), weight.flatten(2))  # [P, 3, H * W]
    return image.view(-1, 3, rows.shape[0], columns.shape[0])


def gradients(
    centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor, upstream: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """dE/dmu = L^-T sum_p q z, dE/dL = lower triangle of L^-T sum_p q z z^T, dE/dc = sum_p w dE/dI(p).

    w is a Gaussian's weight at pixel p, z = L^-1 (p - mu) and q = w (c . dE/dI(p)), minus the derivative by |z|^2 / 2.
    The weights are computed again: keeping them takes 107 MB for 256 patches of 18 x 18 with 324 Gaussians.

    Args:
        centre, cholesky, colour, rows, columns: as given to `render`.
        upstream: dE/dI [P, 3, H, W].

    Returns:
        dE/d(centre, cholesky, colour), shaped like them.
    """
    upstream, size = upstream.flatten(2), (len(rows), len(columns))  # [P, 3, H * W]
    by_colour = torch.empty_like(colour)  # [P, G, 3]
    moments = centre.new_empty(*centre.shape[:2], 5)  # [P, G, 5]
    memory = _memory(centre, size, count=3)  # [3, weights of a block]
    for p, g in _blocks(centre, size):
        z2, weight = _weights(centre[p, g], cholesky[p, g], rows, columns, memory)  # each [p, g, H * W]
        by_colour[p, g] = torch.bmm(weight, upstream[p].transpose(1, 2))  # [p, g, 3]
        q = torch.bmm(colour[p, g], upstream[p], out=_view(memory[2], weight.shape)).mul_(weight)  # [p, g, H * W]
        moments[p, g] = _moments(_z1(centre[p, g], cholesky[p, g], columns), z2, q)  # [p, g, 5]
    return *chain(cholesky, moments), by_colour


def chain(cholesky: Tensor, moments: Tensor) -> tuple[Tensor, Tensor]:
    """dE/dmu [P, G, 2] and dE/dL [P, G, 3] from the moments sum_p q (z1, z2, z1^2, z1 z2, z2^2) [P, G, 5]."""
    l11, l21, l22 = cholesky.unbind(-1)  # each [P, G]
    s1, s2, s11, s12, s22 = moments.unbind(-1)  # each [P, G]
    ratio = l21 / l22  # [P, G]
    by_centre = torch.stack(((s1 - ratio * s2) / l11, s2 / l22), -1)  # [P, G, 2]
    by_cholesky = torch.stack(((s11 - ratio * s12) / l11, s12 / l22, s22 / l22), -1)  # [P, G, 3]
    return by_centre, by_cholesky


def _z1(centre: Tensor, cholesky: Tensor, columns: Tensor) -> Tensor:
    """(x - mu_x) / l11, [p, g, W]."""
    return (columns - centre[:, :, :1]) / cholesky[:, :, :1]


def _weights(centre: Tensor, cholesky: Tensor, rows: Tensor, columns: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """z2 and the weights exp(-(z1^2 + z2^2) / 2), each [p, g, H * W]; written to the first two parts of `memory`."""
    shape = torch.Size((*centre.shape[:2], len(rows), len(columns)))
    z1 = _z1(centre, cholesky, columns)  # [p, g, W]
    u = (rows - centre[:, :, 1:]) / cholesky[:, :, 2:]  # [p, g, H]
    shift = z1 * (cholesky[:, :, 1:2] / cholesky[:, :, 2:])  # [p, g, W]
    z2 = torch.sub(u[..., None], shift[:, :, None], out=_view(memory[0], shape))  # [p, g, H, W]
    weight = _view(memory[1], shape)  # [p, g, H, W]
    torch.addcmul((-0.5 * z1 * z1)[:, :, None], z2, z2, value=-0.5, out=weight)
    weight.clamp_(min=LOWEST_EXPONENT).exp_()
    return z2.flatten(2), weight.flatten(2)


def _moments(z1: Tensor, z2: Tensor, q: Tensor) -> Tensor:
    """sum_p q (z1, z2, z1^2, z1 z2, z2^2), [p, g, 5], from z1 [p, g, W] and z2, q [p, g, H * W]; q is overwritten."""
    shape = (*z1.shape[:2], -1, z1.shape[2])
    per_column = q.view(shape).sum(2)  # [p, g, W]
    s1, s11 = (per_column * z1).sum(-1), (per_column * z1 * z1).sum(-1)  # [p, g]
    per_column = q.mul_(z2).view(shape).sum(2)  # [p, g, W]
    s2, s12 = per_column.sum(-1), (per_column * z1).sum(-1)  # [p, g]
    s22 = q.mul_(z2).sum(-1)  # [p, g]
    return torch.stack((s1, s2, s11, s12, s22), -1)


def _block(centre: Tensor, size: tuple[int, int]) -> tuple[int, int]:
    """How many patches and Gaussians to take at once; only the Gaussians of huge patches are divided."""
    pixels = size[0] * size[1]
    # An accelerator wants much work at once, not a small cache's worth.
    block = BLOCK if centre.device.type == "cpu" else 64 * BLOCK
    gaussians = min(centre.shape[1], max(1, block // pixels))
    return min(len(centre), max(1, block // (pixels * gaussians))), gaussians


def _blocks(centre: Tensor, size: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    patches, gaussians = _block(centre, size)
    for p in range(0, centre.shape[0], max(1, patches)):
        for g in range(0, centre.shape[1], gaussians):
            yield slice(p, p + patches), slice(g, g + gaussians)


def _memory(centre: Tensor, size: tuple[int, int], count: int) -> Tensor:
    """Room for `count` arrays of a block's weights [count, numbers]: fresh memory costs more than what is computed."""
    patches, gaussians = _block(centre, size)
    return centre.new_empty(count, patches * gaussians * size[0] * size[1])


def _view(memory: Tensor, shape: torch.Size) -> Tensor:
    """The first numbers of `memory` [n] as an array of this shape."""
    return memory[: shape.numel()].view(shape)
