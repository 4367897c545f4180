"""The U-Net encoder (the paper's sections 3.2 and 4.1): from a photo with a hole to the features of every patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from retouch.methods.gaussian.align import bottleneck

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network


class Encoder(nn.Module):
    """Three halvings, the bottleneck layers, three doublings, then one strided convolution per patch.

    The paper's figures: 64 channels at full size, 512 in nine bottleneck layers at an eighth, 12 hidden features.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        w, groups, hidden = network.width, network.groups, network.hidden
        self.enter = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, w, 7), nn.GroupNorm(groups, w), nn.ReLU())
        self.downs = nn.ModuleList([_half(w, 2 * w, groups), _half(2 * w, 4 * w, groups), _half(4 * w, 8 * w, groups)])
        self.bottleneck = nn.ModuleList(bottleneck(network, 8 * w) for _ in range(network.blocks))
        # The last two doublings also see what the first two halvings gave.
        self.ups = nn.ModuleList([_twice(8 * w, 4 * w, groups), _twice(8 * w, 2 * w, groups), _twice(4 * w, w, groups)])
        self.leave = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(w, hidden, 7), nn.Tanh())
        self.to_patches = nn.Conv2d(hidden, network.gaussians * hidden, network.patch, stride=network.patch)
        self.save_memory = False

    def forward(self, masked: Tensor, token: Tensor | None) -> Tensor:
        """Features [B, P, N * hidden] of the patches, row by row; those of a Gaussian lie together.

        Args:
            masked: photos [B, 3, H, W] in [0, 1], 0 in the hole.
            token: adapted token [B, d]; None where the bottleneck takes none.
        """
        x = self.enter(masked)  # [B, w, H, W]
        half = self.downs[0](x)  # [B, 2w, H/2, W/2]
        quarter = self.downs[1](half)  # [B, 4w, H/4, W/4]
        x = self.downs[2](quarter)  # [B, 8w, H/8, W/8]
        for block in self.bottleneck:
            x = self._through(block, x, token)
        x = self.ups[0](x)  # [B, 4w, H/4, W/4]
        x = self.ups[1](torch.cat([x, quarter], 1))  # [B, 2w, H/2, W/2]
        x = self.ups[2](torch.cat([x, half], 1))  # [B, w, H, W]
        features: Tensor = self.to_patches(self.leave(x))  # [B, N * hidden, H/p, W/p]
        return features.flatten(2).transpose(1, 2)

    def _through(self, block: nn.Module, x: Tensor, token: Tensor | None) -> Tensor:
        if self.save_memory and self.training:
            return checkpoint(block, x, token, use_reentrant=False)  # type: ignore[no-any-return]
        return block(x, token)  # type: ignore[no-any-return]


def _half(inside: int, outside: int, groups: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=2, padding=1), nn.GroupNorm(groups, outside), nn.ReLU()
    )  # fmt: skip


def _twice(inside: int, outside: int, groups: int) -> nn.Sequential:
    up = nn.ConvTranspose2d(inside, outside, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(up, nn.GroupNorm(groups, outside), nn.ReLU())
