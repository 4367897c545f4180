"""Blurring, halving and doubling images with a small separable FIR filter (Zhang 2019; StyleGAN2).

Sizes stay centred: pixel i of a halved image lies between the pixels 2i and 2i + 1 of the full one. Outside the image
is zero. All three are linear depthwise convolutions, so gradients of any order pass through them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

BINOMIAL = (1.0, 3.0, 3.0, 1.0)


def blur(x: Tensor, padding: int, taps: Sequence[float] = BINOMIAL, gain: float = 1.0) -> Tensor:
    """y[i] = gain * sum_t h[t] x[i + t - padding] along both axes, h = taps / sum(taps).

    Before a 3 x 3 convolution of stride 2 without padding, `padding=2` halves the size; after a transposed 3 x 3
    convolution of stride 2 without padding, `padding=1, gain=4` doubles it: StyleGAN2's resampling convolutions.

    Args:
        x: [B, C, H, W].
        padding: zeros added on every side.
        taps: of the filter along one axis, T of them.
        gain: factor of the result.

    Returns:
        [B, C, H + 2 * padding - T + 1, W + 2 * padding - T + 1].

    Raises:
        ValueError: `taps` is empty or sums to zero, or `x` has no four axes.
    """
    return F.conv2d(x, _kernel(x, taps, gain), padding=padding, groups=x.shape[1])


def downsample2(x: Tensor, taps: Sequence[float] = BINOMIAL) -> Tensor:
    """y[i] = sum_t h[t] x[2i + t + 1 - T/2] along both axes, h = taps / sum(taps), T of them.

    Args:
        x: [B, C, H, W], H and W even.
        taps: of the filter along one axis, an even number.

    Returns:
        [B, C, H/2, W/2].

    Raises:
        ValueError: odd height, width or number of taps.
    """
    if x.ndim == 4 and (x.shape[2] % 2 or x.shape[3] % 2):
        raise ValueError(f"x: is {list(x.shape)}; accepted: [B, C, H, W] of even height and width")
    return F.conv2d(x, _kernel(x, taps, 1.0), stride=2, padding=_half(taps), groups=x.shape[1])


def upsample2(x: Tensor, taps: Sequence[float] = BINOMIAL) -> Tensor:
    """y[2i + t + 1 - T/2] += 2 h[t] x[i] along both axes: the transpose of `downsample2`, times 4.

    A constant image stays constant away from its border.

    Args:
        x: [B, C, H, W].
        taps: of the filter along one axis, an even number T.

    Returns:
        [B, C, 2H, 2W].

    Raises:
        ValueError: odd number of taps.
    """
    return F.conv_transpose2d(x, _kernel(x, taps, 4.0), stride=2, padding=_half(taps), groups=x.shape[1])


def _kernel(x: Tensor, taps: Sequence[float], gain: float) -> Tensor:
    total = sum(taps)
    if total == 0:
        raise ValueError(f"taps: are {list(taps)}; accepted: numbers whose sum is not 0")
    if x.ndim != 4:
        raise ValueError(f"x: is {list(x.shape)}; accepted: [B, C, H, W]")
    h = torch.tensor(taps, dtype=x.dtype) / total  # [T]
    kernel = (gain * h[:, None] * h).to(x.device, non_blocking=True)  # [T, T]
    return kernel.expand(x.shape[1], 1, -1, -1)  # [C, 1, T, T]


def _half(taps: Sequence[float]) -> int:
    if len(taps) % 2:
        raise ValueError(f"taps: are {len(taps)}; accepted: an even number, so that sizes stay centred")
    return len(taps) // 2 - 1
