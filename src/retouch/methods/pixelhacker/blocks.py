"""The U-Net's parts, as in Stable Diffusion 1.5; submodules have the names that released files give their weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.pixelhacker.attention import CrossAttention, self_attention

if TYPE_CHECKING:
    from retouch.methods.pixelhacker.config import Network


class TimestepEmbedding(nn.Module):
    """Sines and cosines of the timestep, then two linear layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.linear_1 = nn.Linear(channels, 4 * channels)
        self.linear_2 = nn.Linear(4 * channels, 4 * channels)

    def forward(self, timesteps: Tensor) -> Tensor:
        """[B] in [0, 1000), fractions allowed, to [B, 4 * channels]."""
        half = self.channels // 2
        exponents = torch.arange(half, dtype=torch.float32, device=timesteps.device) / half  # [half]
        angles = timesteps[:, None].float() * torch.exp(-math.log(10_000) * exponents)  # [B, half]
        waves = torch.cat([angles.cos(), angles.sin()], 1).to(self.linear_1.weight.dtype)  # [B, channels]
        return self.linear_2(F.silu(self.linear_1(waves)))  # type: ignore[no-any-return]


class Resnet(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x))) + time))), a 1 x 1 convolution beside it where the channels change."""

    def __init__(self, inside: int, outside: int, config: Network) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, inside, eps=1e-5)
        self.conv1 = nn.Conv2d(inside, outside, 3, padding=1)
        self.time_emb_proj = nn.Linear(4 * config.block_out_channels[0], outside)
        self.norm2 = nn.GroupNorm(config.groups, outside, eps=1e-5)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(inside, outside, 1) if inside != outside else None

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """[B, inside, h, w] and the embedded timestep [B, 4 * C0] to [B, outside, h, w]."""
        y = self.conv1(F.silu(self.norm1(x)))  # [B, outside, h, w]
        y = y + self.time_emb_proj(F.silu(time))[:, :, None, None]  # [B, outside, h, w]
        y = self.conv2(F.silu(self.norm2(y)))  # [B, outside, h, w]
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + y  # type: ignore[no-any-return]


class GatedGelu(nn.Module):
    """a * gelu(b), where (a, b) = W x + bias."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.proj = nn.Linear(inside, 2 * outside)

    def forward(self, x: Tensor) -> Tensor:
        """[..., inside] to [..., outside]."""
        a, b = self.proj(x).chunk(2, -1)  # [..., outside] each
        return a * F.gelu(b)  # type: ignore[no-any-return]


class FeedForward(nn.Module):
    """A gated GELU to four times the channels, and back."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # The identity is where others have dropout: the last layer is number 2 in released files.
        self.net = nn.Sequential(GatedGelu(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        return self.net(x)  # type: ignore[no-any-return]


class TransformerBlock(nn.Module):
    """The interaction of section 3.3: gated linear self-attention, then attention to the category, then an MLP."""

    def __init__(self, channels: int, config: Network) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = self_attention(channels, config)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = CrossAttention(channels, config.cross_attention_dim, config.heads)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Pixels in raster order [B, T, C] and the category's tokens [B, n, D] to [B, T, C]."""
        x = x + self.attn1(self.norm1(x))  # [B, T, C]
        x = x + self.attn2(self.norm2(x), context)  # [B, T, C]
        return x + self.ff(self.norm3(x))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """A transformer block over all pixels, between two 1 x 1 convolutions and beside the identity."""

    def __init__(self, channels: int, config: Network) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, config)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """[B, C, h, w] and the category's tokens [B, n, D] to [B, C, h, w]."""
        y = self.proj_in(self.norm(x))  # [B, C, h, w]
        tokens = y.flatten(2).transpose(1, 2)  # [B, h * w, C], row after row
        for block in self.transformer_blocks:
            tokens = block(tokens, context)  # [B, h * w, C]
        return x + self.proj_out(tokens.transpose(1, 2).reshape(y.shape))  # type: ignore[no-any-return]


class Halve(nn.Module):
    """A convolution of stride 2: odd sizes are rounded up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] to [B, C, ceil(h / 2), ceil(w / 2)]."""
        return self.conv(x)  # type: ignore[no-any-return]


class Double(nn.Module):
    """The nearest pixel, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """[B, C, h, w] to [B, C, *size]; size is that of the way down, twice as large or one less."""
        return self.conv(F.interpolate(x, size=size, mode="nearest"))  # type: ignore[no-any-return]
