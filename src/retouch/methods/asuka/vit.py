"""Parts of the vision transformer (Dosovitskiy et al. 2021) that the autoencoder is made of, called as in its files."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6  # of all layer normalisations


class Attention(nn.Module):
    """Self-attention in which masked keys have no weight."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, keys: Tensor | None) -> Tensor:
        """x [B, N, D]; keys [B, N] bool, True = looked at, or None for all."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each [B, h, N, d]
        mask = None if keys is None else keys[:, None, None]  # [B, 1, 1, N]
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [B, h, N, d]
        return self.proj(out.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]  # [B, N, D]


class Mlp(nn.Module):
    """Two layers with a GELU between."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ratio * width)
        self.fc2 = nn.Linear(ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, N, D]."""
        return self.fc2(F.gelu(self.fc1(x)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, EPSILON)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.mlp = Mlp(width, ratio)

    def forward(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """x [B, N, D]; keys as `Attention`."""
        x = x + self.attn(self.norm1(x), keys)  # [B, N, D]
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]


class PatchEmbed(nn.Module):
    """A linear layer over the pixels of each patch."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, S, S] to [B, N, D]."""
        return self.proj(images).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


def sincos_positions(grid: int, width: int) -> Tensor:
    """Fixed positions: half of the numbers for the column, half for the row, each [sin(t w_k), cos(t w_k)].

    w_k = 10000^(-k / (width / 4)), k = 0 .. width / 4 - 1 (Vaswani et al. 2017).

    Args:
        grid: tokens along a side.
        width: numbers in a token, a multiple of 4.

    Returns:
        [1, grid^2, width] float32, by rows.
    """
    frequencies = 10_000 ** (-torch.arange(width // 4, dtype=torch.float64) / (width / 4))  # [D / 4]
    angles = torch.arange(grid, dtype=torch.float64)[:, None] * frequencies  # [g, D / 4]
    waves = torch.cat([angles.sin(), angles.cos()], 1)  # [g, D / 2]
    columns = waves.expand(grid, -1, -1)  # [g, g, D / 2]
    rows = waves[:, None].expand(-1, grid, -1)  # [g, g, D / 2]
    return torch.cat([columns, rows], 2).flatten(0, 1)[None].float()
