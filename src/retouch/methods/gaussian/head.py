"""Decoding features to Gaussians (the paper's Eq. 3): small networks shared by all patches and Gaussians."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from retouch.methods.gaussian.align import mlp
from retouch.methods.gaussian.covariance import MEAN, DictionaryCovariance, MlpCovariance

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network


class Gaussians(NamedTuple):
    """Theta (the paper's Eqs. 1 and 4): N Gaussians for each of the P patches of B photos, as `splat` takes them.

    Attributes:
        mean: mu [B, P, N, 2], (x, y), -1..1 across the extended patch; at most a pixel away from the lattice.
        cholesky: (l11, l21, l22) [B, P, N, 3] in pixels.
        colour: c [B, P, N, 3], any range.
        opacity: sigma [B, P, N] in (0, 1); None: 1.
    """

    mean: Tensor
    cholesky: Tensor
    colour: Tensor
    opacity: Tensor | None


class GaussianHead(nn.Module):
    """mu = mu_fix + tanh(E_mu(f)) pixels, c = E_c(f), l = E_l(f) (the paper's Eq. 3).

    It computes in its parameters' precision inside autocast too: positions need more than half precision, and next to
    the encoder it costs nothing.
    """

    lattice: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()
        h = network.hidden
        self.gaussians, self.extended = network.gaussians, network.extended
        self.stretch = network.extended / network.patch
        self.colour = mlp(h, h, h, h, h // 2, 3)
        self.offset = mlp(h, h, h, h // 2, 2)
        self.covariance = DictionaryCovariance(h) if network.covariance == "dictionary" else MlpCovariance(h)
        self.opacity = mlp(h, h, h // 2, 1) if network.opacity == "learned" else None
        self.register_buffer("lattice", lattice(network), persistent=False)
        if network.start == "grey":
            nn.init.constant_(self.colour[-1].bias, 0.5 / start_weight(network))  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Gaussians:
        """Features [B, P, N * hidden] to the Gaussians of every patch."""
        with torch.autocast(features.device.type, enabled=False):
            b, p, n = *features.shape[:2], self.gaussians
            f = features.to(self.lattice.dtype).reshape(b, p, n, -1)  # [B, P, N, hidden]
            place = self.lattice + torch.tanh(self.offset(f))  # [B, P, N, 2] pixels
            cholesky = self.stretch * self.covariance(f.flatten(1, 2)).reshape(b, p, n, 3)  # [B, P, N, 3]
            opacity = None if self.opacity is None else torch.sigmoid(self.opacity(f)[..., 0])  # [B, P, N]
            return Gaussians(2 * place / self.extended - 1, cholesky, self.colour(f), opacity)


def lattice(network: Network) -> Tensor:
    """mu_fix: where the Gaussians start, [N, 2], (x, y) in pixels of the extended patch, pixel k at coordinate k.

    n Gaussians along a side of S pixels: k S / n - 1/2 ("code"), or (k + 1/2) S / n - 1/2 ("centred", the same
    distance from all four borders), k = 0..n-1; x runs fastest.
    """
    n, first = network.side, 0.0 if network.lattice == "code" else 0.5
    line = (torch.arange(n) + first) * (network.extended / n) - 0.5  # [n]
    return torch.stack([line.repeat(n), line.repeat_interleave(n)], 1)


def start_weight(network: Network) -> float:
    """Sum of the Gaussians' weights at a pixel of a fresh network, away from the patch's border.

    It is the integral 2 pi det L of one Gaussian, L the dictionary's mean, times the Gaussians per pixel: 9.5 with the
    paper's numbers. A learned opacity starts at 1/2.
    """
    stretch = network.extended / network.patch
    area = 2 * math.pi * MEAN[0] * MEAN[2] * stretch**2
    return area * network.gaussians / network.extended**2 * (0.5 if network.opacity == "learned" else 1.0)
