"""The network: a U-Net that gives every pixel a weight for each candidate, and a bounded correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.blend.config import MULTIPLE
from retouch.train.unet.network import Block

if TYPE_CHECKING:
    from retouch.methods.blend.config import Network

PATCH = 4  # pixels of a PATCH x PATCH square become channels
FINEST = 8  # channels at full size, where one convolution beside the candidates hides the borders between the squares
TRUST = 2.0  # logit of the first candidate before training: most of the weight is its


class Blended(NamedTuple):
    """What the network gives.

    Attributes:
        image: [B, 3, H, W] in [0, 1].
        weights: [B, K (+ 1), H, W], of the candidates and, last, of the network's own colours; they add up to 1.
    """

    image: Tensor
    weights: Tensor


class Blender(nn.Module):
    """image = sum over k of w_k * candidate_k + c * tanh(correction), w a softmax over k at every pixel."""

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        w, inputs = config.width, 4 + 3 * config.candidates
        self.choices = config.candidates + config.painted
        self.first = nn.Conv2d(inputs * PATCH**2, w, 3, padding=1)
        self.fine_in, self.fine_out = Block(w), Block(w)
        self.to_eighth = nn.Conv2d(w, 2 * w, 3, stride=2, padding=1)
        self.middle_in, self.middle_out = Block(2 * w), Block(2 * w)
        self.to_sixteenth = nn.Conv2d(2 * w, 4 * w, 3, stride=2, padding=1)
        self.coarse = nn.Sequential(*(Block(4 * w, dilation) for dilation in config.dilations))
        self.back_to_eighth = nn.Conv2d(4 * w, 2 * w, 3, padding=1)
        self.back_to_quarter = nn.Conv2d(2 * w, w, 3, padding=1)
        self.to_pixels = nn.Conv2d(w, FINEST * PATCH**2, 3, padding=1)
        self.last = nn.Conv2d(FINEST + inputs, self.choices + 6, 3, padding=1)
        # A fresh network is nearly the first candidate: training starts from a fill that is of use.
        assert self.last.bias is not None
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()
            self.last.bias[0] = TRUST

    def forward(self, photos: Tensor, holes: Tensor, fills: Tensor) -> Blended:
        """Weigh and correct.

        Args:
            photos: [B, 3, H, W] in [0, 1]; nothing under the hole is looked at.
            holes: [B, 1, H, W], 1 = hole.
            fills: [B, K, 3, H, W] in [0, 1], the candidates.

        Raises:
            ValueError: another number of candidates, or a side that is no multiple of 16.
        """
        self._check(photos, fills)
        known = torch.cat([photos * (1 - holes), holes], 1)  # [B, 4, H, W]
        seen = torch.cat([known, fills.flatten(1, 2)], 1)  # [B, 4 + 3K, H, W]
        out = self.last(torch.cat([self._features(seen), seen], 1)).float()  # [B, choices + 6, H, W]
        logits, own, correction = out.split([self.choices, 3, 3], 1)
        weights = logits.softmax(1)  # [B, choices, H, W]
        if self.config.painted:
            fills = torch.cat([fills, torch.sigmoid(own)[:, None]], 1)  # [B, choices, 3, H, W]
        mixed = (weights[:, :, None] * fills).sum(1)  # [B, 3, H, W]
        image = mixed + self.config.correction * torch.tanh(correction)  # [B, 3, H, W]
        return Blended(image.clamp(0, 1), weights)

    def _features(self, seen: Tensor) -> Tensor:
        """[B, 4 + 3K, H, W] to [B, FINEST, H, W]."""
        x = self.first(F.pixel_unshuffle(seen, PATCH))  # [B, w, H/4, W/4]
        fine = self.fine_in(x)  # [B, w, H/4, W/4]
        middle = self.middle_in(self.to_eighth(fine))  # [B, 2w, H/8, W/8]
        x = self.coarse(self.to_sixteenth(middle))  # [B, 4w, H/16, W/16]
        x = self.middle_out(middle + self.back_to_eighth(_twice(x)))  # [B, 2w, H/8, W/8]
        x = self.fine_out(fine + self.back_to_quarter(_twice(x)))  # [B, w, H/4, W/4]
        return F.relu(F.pixel_shuffle(self.to_pixels(F.relu(x)), PATCH))  # [B, FINEST, H, W]

    def _check(self, photos: Tensor, fills: Tensor) -> None:
        (height, width), count = photos.shape[2:], self.config.candidates
        if height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"photos: are {width}x{height} pixels; accepted: multiples of {MULTIPLE}")
        batch = photos.shape[0]  # len() would fix it in an exported graph
        if fills.shape != (batch, count, 3, height, width):
            wanted = [batch, count, 3, height, width]
            raise ValueError(f"fills: are {list(fills.shape)}; accepted: {wanted}, the candidates of method.network")


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
