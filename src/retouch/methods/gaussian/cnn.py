"""Table 2's rival of the Gaussian decoder: transposed convolutions on the same features, with as many parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from retouch.methods.gaussian.head import GaussianHead

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network


class CnnDecoder(nn.Module):
    """Each patch's features as an n x n picture, through three transposed 3 x 3 convolutions to its pixels.

    The paper does not say what its decoder looked like. Here it sees a patch's features alone, as the Gaussians do, and
    its patches overlap and blend like theirs; the width makes up for the parameters of the Gaussian head.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        h, self.side, self.extended = network.hidden, network.side, network.extended
        budget = sum(p.numel() for p in GaussianHead(network).parameters())
        w = min(range(1, 8 * h), key=lambda w: abs(_count(h, w) - budget))
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(h, w, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(w, w, 3, padding=1),
            nn.GELU(),
            nn.ConvTranspose2d(w, 3, 3, padding=1),
        )
        if network.start == "grey":
            nn.init.constant_(self.layers[-1].bias, 0.5)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, P, N * hidden] to extended patches [B, P, 3, p + 2a, p + 2a]."""
        b, p, n = *features.shape[:2], self.side
        x = features.reshape(b * p, n, n, -1).movedim(3, 1)  # [BP, hidden, n, n]
        x = self.layers(x)  # [BP, 3, n, n]
        if self.side != self.extended:
            x = F.interpolate(x, size=(self.extended, self.extended), mode="bilinear", align_corners=False)
        return x.reshape(b, p, *x.shape[1:])


def _count(hidden: int, width: int) -> int:
    return 9 * (hidden * width + width**2 + 3 * width) + 2 * width + 3
