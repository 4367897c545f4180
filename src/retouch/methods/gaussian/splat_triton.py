"""The rasteriser as Triton kernels for GPUs: no weight is ever written to memory.

Forward, a program owns some pixels of one patch and goes through the Gaussians; backward, it owns some Gaussians and
goes through the pixels. Nothing is added up between programs, so the same input gives the same bits.
"""
# mypy: disable-error-code="import-not-found,import-untyped,no-untyped-def,untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from retouch.methods.gaussian.splat_fast import chain

# Pixels (forward) and Gaussians (backward) that one program owns.
PIXELS = 128
GAUSSIANS = 32


def render(centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The image of splat_reference.render, from the same arguments; itself without a gradient."""
    patches, gaussians = centre.shape[:2]
    height, width = len(rows), len(columns)
    image = centre.new_empty(patches, 3, height, width)  # [P, 3, H, W]
    grid = (patches, triton.cdiv(height * width, PIXELS))
    inputs = [each.contiguous() for each in (centre, cholesky, colour, rows, columns)]
    if image.numel():
        _forward[grid](*inputs, image, gaussians, height, width, PIXELS)
    return image


def gradients(
    centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor, upstream: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of splat_fast.gradients, from the same arguments."""
    patches, gaussians = centre.shape[:2]
    by_colour = torch.empty_like(colour, memory_format=torch.contiguous_format)  # [P, G, 3]
    moments = centre.new_empty(patches, gaussians, 5)  # [P, G, 5]
    grid = (patches, triton.cdiv(gaussians, GAUSSIANS))
    inputs = [each.contiguous() for each in (centre, cholesky, colour, rows, columns, upstream)]
    if moments.numel():
        _backward[grid](*inputs, by_colour, moments, gaussians, len(rows), len(columns), GAUSSIANS, num_warps=1)
    return *chain(cholesky, moments), by_colour


@triton.jit
def _forward(centre, cholesky, colour, rows, columns, image, gaussians, height, width, PIXELS: tl.constexpr):
    """I(p) = sum_g c_g exp(-|z|^2 / 2), z = L^-1 (p - mu), for PIXELS pixels of one patch."""
    patch = tl.program_id(0).to(tl.int64)
    pixel = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)  # [PIXELS]
    inside = pixel < height * width
    y = tl.load(rows + pixel // width, mask=inside, other=0)
    x = tl.load(columns + pixel % width, mask=inside, other=0)
    red = tl.zeros_like(x)
    green = tl.zeros_like(x)
    blue = tl.zeros_like(x)
    for g in range(gaussians):
        k = patch * gaussians + g
        z1 = (x - tl.load(centre + 2 * k)) / tl.load(cholesky + 3 * k)
        z2 = (y - tl.load(centre + 2 * k + 1) - tl.load(cholesky + 3 * k + 1) * z1) / tl.load(cholesky + 3 * k + 2)
        weight = tl.exp(-0.5 * (z1 * z1 + z2 * z2))
        red += weight * tl.load(colour + 3 * k)
        green += weight * tl.load(colour + 3 * k + 1)
        blue += weight * tl.load(colour + 3 * k + 2)
    out = image + patch * 3 * height * width + pixel
    tl.store(out, red, mask=inside)
    tl.store(out + height * width, green, mask=inside)
    tl.store(out + 2 * height * width, blue, mask=inside)


@triton.jit
def _backward(
    centre,
    cholesky,
    colour,
    rows,
    columns,
    upstream,
    by_colour,
    moments,
    gaussians,
    height,
    width,
    GAUSSIANS: tl.constexpr,
):
    """dE/dc = sum_p w dE/dI(p) and sum_p q (z1, z2, z1^2, z1 z2, z2^2) for GAUSSIANS Gaussians of one patch."""
    patch = tl.program_id(0).to(tl.int64)
    g = tl.program_id(1) * GAUSSIANS + tl.arange(0, GAUSSIANS)  # [GAUSSIANS]
    inside = g < gaussians
    k = patch * gaussians + g
    mu_x = tl.load(centre + 2 * k, mask=inside, other=0)
    mu_y = tl.load(centre + 2 * k + 1, mask=inside, other=0)
    # 1 for the places past the last Gaussian, which are computed too but not stored.
    l11 = tl.load(cholesky + 3 * k, mask=inside, other=1)
    l21 = tl.load(cholesky + 3 * k + 1, mask=inside, other=0)
    l22 = tl.load(cholesky + 3 * k + 2, mask=inside, other=1)
    c_red = tl.load(colour + 3 * k, mask=inside, other=0)
    c_green = tl.load(colour + 3 * k + 1, mask=inside, other=0)
    c_blue = tl.load(colour + 3 * k + 2, mask=inside, other=0)
    red = tl.zeros_like(mu_x)
    green = tl.zeros_like(mu_x)
    blue = tl.zeros_like(mu_x)
    s1 = tl.zeros_like(mu_x)
    s2 = tl.zeros_like(mu_x)
    s11 = tl.zeros_like(mu_x)
    s12 = tl.zeros_like(mu_x)
    s22 = tl.zeros_like(mu_x)
    area = height * width
    for pixel in range(area):
        z1 = (tl.load(columns + pixel % width) - mu_x) / l11
        z2 = (tl.load(rows + pixel // width) - mu_y - l21 * z1) / l22
        weight = tl.exp(-0.5 * (z1 * z1 + z2 * z2))
        at = upstream + patch * 3 * area + pixel
        u_red = tl.load(at)
        u_green = tl.load(at + area)
        u_blue = tl.load(at + 2 * area)
        red += weight * u_red
        green += weight * u_green
        blue += weight * u_blue
        q = weight * (c_red * u_red + c_green * u_green + c_blue * u_blue)
        s1 += q * z1
        s2 += q * z2
        s11 += q * z1 * z1
        s12 += q * z1 * z2
        s22 += q * z2 * z2
    tl.store(by_colour + 3 * k, red, mask=inside)
    tl.store(by_colour + 3 * k + 1, green, mask=inside)
    tl.store(by_colour + 3 * k + 2, blue, mask=inside)
    tl.store(moments + 5 * k, s1, mask=inside)
    tl.store(moments + 5 * k + 1, s2, mask=inside)
    tl.store(moments + 5 * k + 2, s11, mask=inside)
    tl.store(moments + 5 * k + 3, s12, mask=inside)
    tl.store(moments + 5 * k + 4, s22, mask=inside)
