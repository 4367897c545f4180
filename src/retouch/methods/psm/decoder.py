"""The decoder: StyleGAN2's, from 1/32 back to full size, with the encoder's features added (U-Net)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from retouch.methods.psm.blocks import deep, through
from retouch.methods.psm.config import LEVELS
from retouch.methods.psm.style import ModulatedConv2d
from retouch.ops.equalised import leaky_relu
from retouch.ops.fir import upsample2

if TYPE_CHECKING:
    from retouch.methods.psm.config import Network

OUTPUTS = 6  # three of the mean, three of the log-variance
START = -2.0  # log-variance at the start: sigma 0.37


class DecoderLevel(nn.Module):
    """One size: convolution (doubling) + skip, convolution, at 1/16 and 1/32 `Deep`; and what it adds to the output."""

    def __init__(self, config: Network, level: int) -> None:
        super().__init__()
        outside, style = config.channels[level], config.style
        inside = config.channels[min(level + 1, LEVELS - 1)]
        self.first = ModulatedConv2d(inside, outside, 3, style, up=level < LEVELS - 1)
        self.second = ModulatedConv2d(outside, outside, 3, style)
        self.deep = deep(config, level)
        self.to_output = ModulatedConv2d(outside, OUTPUTS, 1, style, demodulate=False)

    def forward(self, x: Tensor, skip: Tensor, u: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the next coarser level, of the encoder's same level [B, C, h, w], uncertainty [B, 1, H, W].

        Returns:
            Features [B, C, h, w] and this level's part of the output [B, 6, h, w].
        """
        x = leaky_relu(self.first(x, style))  # [B, C, h, w]
        x = (x + skip) * math.sqrt(0.5)
        x = leaky_relu(self.second(x, style))
        if self.deep is not None:
            x = self.deep(x, u)
        return x, self.to_output(x, style)


class Decoder(nn.Module):
    """All levels; the output is the sum of every level's part, doubled in size until it fits."""

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.save_memory = False
        self.levels = nn.ModuleList(DecoderLevel(config, level) for level in reversed(range(LEVELS)))  # coarse to fine
        last = self.levels[-1]
        assert isinstance(last, DecoderLevel)
        bias = last.to_output.conv.bias  # [6]
        assert bias is not None
        nn.init.constant_(bias[3:], START)

    def forward(self, features: Sequence[Tensor], u: Tensor, style: Tensor) -> Tensor:
        """The encoder's features [B, C_i, H/2^i, W/2^i], fine to coarse, u [B, 1, H, W], style: to [B, 6, H, W]."""
        x, output = features[-1], None
        for level, skip in zip(self.levels, reversed(features), strict=True):
            x, part = through(level, x, skip, u, style, save_memory=self.save_memory)
            output = part if output is None else upsample2(output) + part  # [B, 6, h, w]
        assert isinstance(output, torch.Tensor)
        return output
