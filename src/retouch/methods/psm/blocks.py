"""The residual block of encoder and decoder, and what both do at the coarse levels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from retouch.methods.psm.attention import UncertaintyAttention, UncertaintyBias
from retouch.methods.psm.config import DEEP
from retouch.ops.equalised import EqualisedConv2d, leaky_relu
from retouch.ops.fir import blur, downsample2

if TYPE_CHECKING:
    from retouch.methods.psm.config import Network


class Residual(nn.Module):
    """(shortcut(x) + conv(conv(x))) * sqrt(1/2), 3 x 3.

    Args:
        inside: channels of the input.
        outside: channels of the output.
        down: halve the size, in the first convolution; the shortcut is then a 1 x 1 convolution, otherwise nothing.
    """

    def __init__(self, inside: int, outside: int, *, down: bool = False) -> None:
        super().__init__()
        stride, padding = (2, 0) if down else (1, 1)
        self.first = EqualisedConv2d(inside, outside, 3, stride=stride, padding=padding)
        self.second = EqualisedConv2d(outside, outside, 3)
        self.shortcut = EqualisedConv2d(inside, outside, 1, bias=False) if down else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, inside, H, W] to [B, outside, H, W], half the size with `down`."""
        y = leaky_relu(self.first(x if self.shortcut is None else blur(x, padding=2)))
        y = leaky_relu(self.second(y))
        if self.shortcut is not None:
            x = self.shortcut(downsample2(x))
        return (x + y) * math.sqrt(0.5)


class Deep(nn.Module):
    """An early convolutional block, then uncertainty-guided attention, at 1/16 or 1/32 of the size.

    Args:
        config: of the network.
        level: 4 for 1/16, 5 for 1/32.
    """

    def __init__(self, config: Network, level: int) -> None:
        super().__init__()
        channels = config.channels[level]
        self.early = Residual(channels, channels)
        bias = UncertaintyBias(2**level, config.bias_channels) if config.guided else None
        attends = level in config.attention
        self.attention = UncertaintyAttention(channels, config.heads, bias) if attends else None

    def forward(self, x: Tensor, u: Tensor) -> Tensor:
        """Features [B, C, H/2^level, W/2^level] and uncertainty [B, 1, H, W] to features."""
        x = self.early(x)
        return x if self.attention is None else self.attention(x, u)


def through(level: nn.Module, *inputs: Tensor, save_memory: bool) -> Any:
    """level(*inputs); in training with `save_memory`, what is inside is not kept but computed again when going back."""
    if save_memory and level.training:
        return checkpoint(level, *inputs, use_reentrant=False)
    return level(*inputs)


def deep(config: Network, level: int) -> Deep | None:
    """What a level has besides its own convolutions; None at the finer levels."""
    return Deep(config, level) if level in DEEP else None
