"""StyleGAN2's residual discriminator (Karras et al. 2020, figure 7c), the mask a fourth channel (CoModGAN, MAT)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from retouch.ops.equalised import EqualisedConv2d, EqualisedLinear, leaky_relu
from retouch.ops.fir import blur, downsample2

GROUP = 8
SMALLEST = 64


class StyleGan2Discriminator(nn.Module):
    """One logit per image and mask: residual blocks halve them to 4 to 7 pixels a side, then two dense layers.

    Channels are 64, 128, 256, 512, 512, ... from the full size down: 28,982,913 parameters at 512 pixels.

    Args:
        size: side of the images, from 64 up: 4, 5, 6 or 7 times a power of two.
        width: factor of all channels, for small variants.

    Raises:
        ValueError: another size, or a width that leaves no channel.
    """

    def __init__(self, size: int, width: float = 1.0) -> None:
        super().__init__()
        halvings = (size // 4).bit_length() - 1 if size >= SMALLEST else 0
        if halvings == 0 or size % 2**halvings:
            raise ValueError(f"size: is {size}; accepted: from 64 up, 4, 5, 6 or 7 times a power of two")
        if not 64 * width >= 1:
            raise ValueError(f"width: is {width}; accepted: from {1 / 64} up")
        widths = [round(width * min(64 * 2**i, 512)) for i in range(halvings + 1)]
        self.size, side = size, size // 2**halvings
        self.stem = EqualisedConv2d(4, widths[0], 1)
        self.blocks = nn.Sequential(*(_Residual(a, b) for a, b in pairwise(widths)))
        self.last = EqualisedConv2d(widths[-1] + 1, widths[-1], 3)
        self.dense = EqualisedLinear(widths[-1] * side**2, widths[-1])
        self.logit = EqualisedLinear(widths[-1], 1)

    def forward(self, images: Tensor, holes: Tensor) -> Tensor:
        """Logits [B, 1]; high: real.

        Args:
            images: [B, 3, size, size] in [-1, 1], the hole filled.
            holes: [B, 1, size, size], 1 = hole. The network itself sees 1 = known (minus 0.5), as PSM and MAT define.

        Raises:
            ValueError: other shapes.
        """
        b, side = len(images), self.size
        if images.shape != (b, 3, side, side) or holes.shape != (b, 1, side, side):
            given = f"are {list(images.shape)} and {list(holes.shape)}"
            raise ValueError(f"images, holes: {given}; accepted: [B, 3, {side}, {side}] and [B, 1, {side}, {side}]")
        known = 1 - holes  # [B, 1, H, W], the paper's polarity
        x = torch.cat([known - 0.5, images], 1)  # [B, 4, H, W]
        x = self.blocks(leaky_relu(self.stem(x)))  # [B, 512, 4, 4]
        x = torch.cat([x, minibatch_deviation(x)], 1)  # [B, 513, 4, 4]
        x = leaky_relu(self.last(x))  # [B, 512, 4, 4]
        x = leaky_relu(self.dense(x.flatten(1)))  # [B, 512]
        return self.logit(x)  # type: ignore[no-any-return]


def minibatch_deviation(x: Tensor, group: int = GROUP) -> Tensor:
    """Standard deviation between the samples of a group, averaged over everything else (Karras et al. 2018, section 3).

    The batch falls into groups of `group` samples, or of the largest number below it that divides the batch; with B/G
    groups of G, the samples i, i + B/G, i + 2B/G, ... belong together. A group of one has nothing to differ from: 1e-4.

    Args:
        x: [B, C, h, w].
        group: largest size of a group.

    Returns:
        [B, 1, h, w], constant within an image, equal within a group.
    """
    b, c, h, w = x.shape
    size = max(g for g in range(1, group + 1) if b % g == 0)
    exact = x.to(torch.promote_types(x.dtype, torch.float32))  # half precision would lose small differences
    y = exact.reshape(size, b // size, c, h, w)  # [G, B/G, C, h, w]
    y = y - y.mean(0)
    deviation = (y.square().mean(0) + 1e-8).sqrt().mean((1, 2, 3))  # [B/G]
    return deviation.to(x.dtype).repeat(size)[:, None, None, None].expand(b, 1, h, w)


class _Residual(nn.Module):
    """(conv, FIR, conv of stride 2) + (FIR, 1 x 1), scaled by sqrt(1/2): halves the size."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv0 = EqualisedConv2d(inside, inside, 3)
        self.conv1 = EqualisedConv2d(inside, outside, 3, stride=2, padding=0)
        self.skip = EqualisedConv2d(inside, outside, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = leaky_relu(self.conv0(x))  # [B, inside, H, W]
        y = leaky_relu(self.conv1(blur(y, padding=2)))  # [B, outside, H/2, W/2]
        x = self.skip(downsample2(x))  # [B, outside, H/2, W/2]
        return (x + y) * math.sqrt(0.5)
