"""The network: a U-Net over pixel-unshuffled photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from retouch.train.unet.config import UnetConfig

PATCH = 4  # pixels of a PATCH x PATCH square become channels
FINEST = 4  # channels at full size; one convolution there hides the borders between the squares
MULTIPLE = 16  # sides are multiples of it: PATCH, halved twice


class Block(nn.Module):
    """Two convolutions beside the identity; the second starts at zero, so a fresh block changes nothing."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """x + conv(relu(conv(relu(x)))), [B, width, H, W]."""
        return x + self.second(F.relu(self.first(F.relu(x))))  # type: ignore[no-any-return]


class Unet(nn.Module):
    """Predicts the whole photo from its known pixels and the hole."""

    def __init__(self, config: UnetConfig) -> None:
        super().__init__()
        w = config.width
        self.first = nn.Conv2d(4 * PATCH**2, w, 3, padding=1)
        self.fine_in, self.fine_out = Block(w), Block(w)
        self.to_eighth = nn.Conv2d(w, 2 * w, 3, stride=2, padding=1)
        self.middle_in, self.middle_out = Block(2 * w), Block(2 * w)
        self.to_sixteenth = nn.Conv2d(2 * w, 4 * w, 3, stride=2, padding=1)
        self.coarse = nn.ModuleList(Block(4 * w, dilation) for dilation in config.dilations)
        self.back_to_eighth = nn.Conv2d(4 * w, 2 * w, 3, padding=1)
        self.back_to_quarter = nn.Conv2d(2 * w, w, 3, padding=1)
        self.to_pixels = nn.Conv2d(w, FINEST * PATCH**2, 3, padding=1)
        self.last = nn.Conv2d(FINEST + 4, 3, 3, padding=1)
        self.save_memory = False

    def enable_gradient_checkpointing(self) -> None:
        """Recompute the blocks in the backward pass instead of keeping what is inside them."""
        self.save_memory = True

    def forward(self, photos: Tensor, holes: Tensor) -> Tensor:
        """Photos [B, 3, H, W] in [0, 1] and holes [B, 1, H, W], 1 = hole, to [B, 3, H, W] in [0, 1].

        Nothing under the hole is looked at.

        Raises:
            ValueError: a side is no multiple of 16.
        """
        if photos.shape[2] % MULTIPLE or photos.shape[3] % MULTIPLE:
            sides = f"{photos.shape[3]}x{photos.shape[2]}"
            raise ValueError(f"photos: are {sides} pixels; accepted: multiples of {MULTIPLE} (data.size)")
        known = torch.cat([photos * (1 - holes), holes], 1)  # [B, 4, H, W]
        x = self.first(F.pixel_unshuffle(known, PATCH))  # [B, w, H/4, W/4]
        fine = self._through(self.fine_in, x)  # [B, w, H/4, W/4]
        middle = self._through(self.middle_in, self.to_eighth(fine))  # [B, 2w, H/8, W/8]
        x = self.to_sixteenth(middle)  # [B, 4w, H/16, W/16]
        for block in self.coarse:
            x = self._through(block, x)
        x = self._through(self.middle_out, middle + self.back_to_eighth(_twice(x)))  # [B, 2w, H/8, W/8]
        x = self._through(self.fine_out, fine + self.back_to_quarter(_twice(x)))  # [B, w, H/4, W/4]
        x = F.pixel_shuffle(self.to_pixels(F.relu(x)), PATCH)  # [B, 4, H, W]
        return torch.sigmoid(self.last(torch.cat([x, known], 1)).float())  # [B, 3, H, W]

    def _through(self, block: nn.Module, x: Tensor) -> Tensor:
        if self.save_memory and self.training:
            return checkpoint(block, x, use_reentrant=False)  # type: ignore[no-any-return]
        return block(x)  # type: ignore[no-any-return]


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
