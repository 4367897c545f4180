"""Layers with an equalised learning rate (Karras et al. 2018, Progressive GAN, section 4.1), as StyleGAN2 uses them.

Weights are stored with unit variance and scaled at run time: Adam's steps, which do not depend on the scale of a
weight, then move every layer by the same share.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def leaky_relu(x: Tensor) -> Tensor:
    """sqrt(2) * max(x, 0.2 x): the gain keeps the second moment of a normal input near one."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


class EqualisedConv2d(nn.Module):
    """y = (w / sqrt(inside * size^2)) * x + b with w ~ N(0, 1) and b = 0 at the start.

    Args:
        inside: channels of the input.
        outside: channels of the output.
        size: side of the kernel.
        stride: of the convolution.
        padding: zeros on every side; None: size // 2, which keeps the size at stride 1.
        bias: add b.
    """

    def __init__(
        self, inside: int, outside: int, size: int, *, stride: int = 1, padding: int | None = None, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outside, inside, size, size))
        self.bias = nn.Parameter(torch.zeros(outside)) if bias else None
        self.gain = 1 / math.sqrt(inside * size**2)
        self.stride, self.padding = stride, size // 2 if padding is None else padding

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, outside, h, w]."""
        return F.conv2d(x, self.weight * self.gain, self.bias, self.stride, self.padding)


class EqualisedLinear(nn.Module):
    """y = (m w / sqrt(inside)) x + m b with m w ~ N(0, 1) and m b = `bias` at the start, m the multiplier.

    Args:
        inside: length of the input.
        outside: length of the output.
        bias: value that the added bias starts from.
        multiplier: factor m of the learning rate of this layer.

    Raises:
        ValueError: the multiplier is not positive.
    """

    def __init__(self, inside: int, outside: int, *, bias: float = 0.0, multiplier: float = 1.0) -> None:
        super().__init__()
        if not multiplier > 0:
            raise ValueError(f"multiplier: is {multiplier}; accepted: numbers above 0")
        self.weight = nn.Parameter(torch.randn(outside, inside) / multiplier)
        self.bias = nn.Parameter(torch.full((outside,), bias / multiplier))
        self.gain, self.multiplier = multiplier / math.sqrt(inside), multiplier

    def forward(self, x: Tensor) -> Tensor:
        """[..., inside] to [..., outside]."""
        return F.linear(x, self.weight * self.gain, self.bias * self.multiplier)
