"""Semantic alignment (the paper's section 3.4): the adapted token, and how it enters the encoder's bottleneck."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network

EPS = 1e-6


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers with exact GELU between, none after the last; Xavier-uniform weights, biases zero."""
    layers: list[nn.Module] = []
    for inside, outside in itertools.pairwise(widths):
        linear = nn.Linear(inside, outside)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.GELU()]
    return nn.Sequential(*layers[:-1])


def adaptation(width: int) -> nn.Sequential:
    """f_pred = MLP(f_masked): from the token [B, d] of a photo with a hole to an estimate of the whole photo's, [B, d].

    Trained by the alignment loss (Eq. 6). Not residual, as in the released code.
    """
    return mlp(width, 4 * width, width)


def normalise(x: Tensor, kind: Literal["instance", "layer"]) -> Tensor:
    """(x - mean) / sqrt(variance + 1e-6), without learned factors.

    Args:
        x: [B, C, H, W].
        kind: "instance": over the positions of each channel, with the unbiased variance; "layer": over the channels of
            each position.

    Returns:
        [B, C, H, W].
    """
    axes, correction = ((2, 3), 1) if kind == "instance" else ((1,), 0)
    variance, mean = torch.var_mean(x, axes, correction=correction, keepdim=True)  # [B, C, 1, 1] or [B, 1, H, W]
    return (x - mean) * torch.rsqrt(variance + EPS)


def convolutions(inside: int, channels: int, groups: int) -> nn.Sequential:
    """B of Eq. 5: two 3 x 3 convolutions with group normalisations, ReLU between; [B, inside, H, W] to [B, C, H, W]."""
    return nn.Sequential(
        nn.ReflectionPad2d(1),
        nn.Conv2d(inside, channels, 3),
        nn.GroupNorm(groups, channels),
        nn.ReLU(),
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, channels, 3),
        nn.GroupNorm(groups, channels),
    )


class PlainBlock(nn.Module):
    """x + B(x): a bottleneck layer without a token (Table 2, "w/o dino")."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.convolutions = convolutions(channels, channels, groups)

    def forward(self, x: Tensor, token: Tensor | None) -> Tensor:  # noqa: ARG002 - the same call for every kind
        """[B, C, H, W] to [B, C, H, W]."""
        y: Tensor = x + self.convolutions(x)
        return y


class AdaLNBlock(nn.Module):
    """x + gamma B(norm(x) (1 + alpha) + beta), with (alpha, beta, gamma) = linear(f_pred): the paper's Eq. 5.

    The paper writes alpha where the released code, and this, has 1 + alpha. Without `gamma` it is 1 (Table 2).
    """

    def __init__(
        self, channels: int, groups: int, token: int, norm: Literal["instance", "layer"], gamma: bool = True
    ) -> None:
        super().__init__()
        self.convolutions = convolutions(channels, channels, groups)
        self.factors = nn.Linear(token, (3 if gamma else 2) * channels)
        self.norm, self.channels = norm, channels

    def forward(self, x: Tensor, token: Tensor) -> Tensor:
        """[B, C, H, W] and the adapted token [B, d] to [B, C, H, W]."""
        factors = self.factors(token).unflatten(1, (-1, self.channels))[..., None, None]  # [B, 3 or 2, C, 1, 1]
        alpha, beta, *gamma = factors.unbind(1)  # each [B, C, 1, 1]
        y = self.convolutions(normalise(x, self.norm) * (1 + alpha) + beta)  # [B, C, H, W]
        out: Tensor = x + (gamma[0] * y if gamma else y)
        return out


class ConcatBlock(nn.Module):
    """x + B([x, linear(f_pred)]): the token, projected, as further channels at every position (Table 2, "SA-Concat").

    As many channels are added as gives an AdaLN block's number of parameters.
    """

    def __init__(self, channels: int, groups: int, token: int) -> None:
        super().__init__()
        added = max(1, round(3 * channels * (token + 1) / (token + 1 + 9 * channels)))
        self.convolutions = convolutions(channels + added, channels, groups)
        self.project = nn.Linear(token, added)

    def forward(self, x: Tensor, token: Tensor) -> Tensor:
        """[B, C, H, W] and the adapted token [B, d] to [B, C, H, W]."""
        seen = self.project(token)[..., None, None].expand(-1, -1, *x.shape[2:])  # [B, added, H, W]
        y: Tensor = x + self.convolutions(torch.cat([x, seen], 1))
        return y


def bottleneck(network: Network, channels: int) -> nn.Module:
    """One bottleneck layer of the kind that `network` asks for; all take (x [B, C, H, W], token [B, d] or None)."""
    token = network.token_width
    if token is None:
        return PlainBlock(channels, network.groups)
    if network.condition == "concat":
        return ConcatBlock(channels, network.groups, token)
    return AdaLNBlock(channels, network.groups, token, network.norm, gamma=network.condition == "adaln")
