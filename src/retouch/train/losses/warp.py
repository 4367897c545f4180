"""Moving images by affine maps without aliasing, differentiable twice."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from retouch.ops.fir import downsample2, upsample2

# The wavelet sym6 (Daubechies 1992). Doubling and halving with an orthogonal wavelet's filter is the identity.
SYM6 = (0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
        0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
        0.0017677118642428036, -0.007800708325034148)  # fmt: skip
MARGIN = len(SYM6) // 4  # pixels that the filter reaches over the border
# The filter is not quite symmetric: what it doubles lies that many pixels beside its middle.
DELAY = ((len(SYM6) - 1) / 2 - sum(i * tap for i, tap in enumerate(SYM6)) / sum(SYM6)) / 2


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """y(M p) = x(p): move every image by its affine map M, sampled at twice the resolution (ADA, appendix B).

    The image goes on beyond its borders by reflection, to within half a pixel, without end. (The released code pads it
    by a margin that depends on the batch; here a sample does not depend on its neighbours.) The identity returns the
    image but for rounding; only within three pixels of the border fine texture changes a little.

    Args:
        images: [B, C, H, W] of at least 4 pixels a side, float32 or float64.
        matrices: [B, 3, 3] on the CPU, acting on (x, y, 1), in pixels from the image's centre, x right, y down.

    Returns:
        [B, C, H, W].
    """
    h, w = images.shape[2:]
    high, wide = h + 2 * MARGIN, w + 2 * MARGIN
    fine = upsample2(_mirrored(images), SYM6)  # [B, C, 2(H + 2m), 2(W + 2m)]
    fine = fine[:, :, 2 * MARGIN : -2 * MARGIN, 2 * MARGIN : -2 * MARGIN]  # [B, C, 2H, 2W]
    # affine_grid and grid_sample measure from the centre in halves of a side: of the result, then of the source.
    to_pixels = torch.tensor([[wide / 2, 0, DELAY], [0, high / 2, DELAY], [0, 0, 1]], dtype=matrices.dtype)  # [3, 3]
    from_pixels = torch.tensor([[w / 2, 0, DELAY], [0, h / 2, DELAY], [0, 0, 1]], dtype=matrices.dtype).inverse()
    theta = (from_pixels @ matrices.inverse() @ to_pixels)[:, :2].to(images.dtype).to(images.device)  # [B, 2, 3]
    grid = F.affine_grid(theta, [len(images), 1, 2 * high, 2 * wide], align_corners=False)
    moved = sample(fine, grid)  # [B, C, 2(H + 2m), 2(W + 2m)]
    return downsample2(moved, SYM6)[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]  # [B, C, H, W]


def _mirrored(x: Tensor) -> Tensor:
    # Mirrored at the outer edges, as `sample` does; PyTorch pads by mirrors at pixel centres only.
    for axis in (2, 3):
        before = x.narrow(axis, 0, MARGIN).flip(axis)
        after = x.narrow(axis, x.shape[axis] - MARGIN, MARGIN).flip(axis)
        x = torch.cat([before, x, after], axis)
    return x  # [B, C, H + 2m, W + 2m]


def sample(x: Tensor, grid: Tensor) -> Tensor:
    """`torch.nn.functional.grid_sample`, bilinear with reflection, with gradients of any order to `x`, none to `grid`.

    Older versions of PyTorch cannot differentiate its gradient, which R1 needs.

    Args:
        x: [B, C, H, W].
        grid: [B, h, w, 2] in [-1, 1], (x, y) between the outer edges.

    Returns:
        [B, C, h, w].
    """
    return cast(Tensor, _Sample.apply(x, grid))  # type: ignore[no-untyped-call]


class _Sample(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.size = x.shape
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _Transposed.apply(gradients[0], *ctx.saved_tensors, ctx.size), None  # type: ignore[no-untyped-call]


class _Transposed(torch.autograd.Function):
    """Sampling is linear in the image: its gradient is its transpose, and the transpose's gradient is sampling."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, grid: Tensor, size: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        with torch.enable_grad():
            x = y.new_zeros(size).requires_grad_()
            again = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
        return torch.autograd.grad(again, x, y)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return sample(gradients[0], *ctx.saved_tensors), None, None
