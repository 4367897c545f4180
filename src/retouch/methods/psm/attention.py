"""Uncertainty-guided attention (the paper's Eq. 6): uncertain pixels are looked at less, as far as training finds."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.ops.equalised import EqualisedConv2d, EqualisedLinear, leaky_relu


class UncertaintyBias(nn.Module):
    """F(u) of Eq. 6: four 3 x 3 convolutions over the uncertainty map, one bias for each key; 0 at the start.

    Args:
        cell: side in pixels of what becomes one token; the map is averaged over it first.
        channels: between the convolutions.
    """

    def __init__(self, cell: int, channels: int) -> None:
        super().__init__()
        self.cell = cell
        widths = (1, channels, channels, channels, 1)
        self.convs = nn.ModuleList(EqualisedConv2d(a, b, 3) for a, b in pairwise(widths))
        last = self.convs[-1]
        assert isinstance(last, EqualisedConv2d)
        nn.init.zeros_(last.weight)  # attention starts unbiased

    def forward(self, u: Tensor) -> Tensor:
        """[B, 1, H, W] in [0, 1], 1 = knows nothing, to [B, 1, 1, n], n = H/cell * W/cell."""
        # A fixed kernel, not adaptive pooling: the same for multiples of the cell, and it can be exported.
        bias = F.avg_pool2d(u, self.cell)  # [B, 1, H/cell, W/cell]
        for i, conv in enumerate(self.convs):
            bias = conv(bias if i == 0 else leaky_relu(bias))  # [B, channels, H/cell, W/cell]
        return bias.flatten(2)[:, :, None]  # [B, 1, 1, n]


class UncertaintyAttention(nn.Module):
    """(x + projection(softmax(q k^T / sqrt(d) + F(u)) v)) * sqrt(1/2) between all positions, without their places.

    Queries and keys are made from features of unit second moment over the channels, values from the features as they
    are. There is no positional encoding, so any size will do.

    Args:
        channels: C.
        heads: h, a divisor of C.
        bias: F; None: unbiased.
    """

    def __init__(self, channels: int, heads: int, bias: UncertaintyBias | None) -> None:
        super().__init__()
        self.heads, self.bias = heads, bias
        self.query = EqualisedLinear(channels, channels)
        self.key = EqualisedLinear(channels, channels)
        self.value = EqualisedLinear(channels, channels)
        self.projection = EqualisedLinear(channels, channels)

    def forward(self, x: Tensor, u: Tensor) -> Tensor:
        """Features [B, C, H/cell, W/cell] and uncertainty [B, 1, H, W] to [B, C, H/cell, W/cell]."""
        tokens = x.flatten(2).transpose(1, 2)  # [B, n, C]
        even = normalise(tokens)  # [B, n, C]
        q, k, v = self._split(self.query(even)), self._split(self.key(even)), self._split(self.value(tokens))
        bias = None if self.bias is None else self.bias(u).to(q.dtype)  # [B, 1, 1, n]
        y = attend(q, k, v, bias)  # [B, h, n, d]
        y = self.projection(y.transpose(1, 2).flatten(2))  # [B, n, C]
        return (x + y.transpose(1, 2).reshape(x.shape)) * math.sqrt(0.5)  # type: ignore[no-any-return]

    def _split(self, tokens: Tensor) -> Tensor:
        """[B, n, C] to [B, h, n, d]."""
        return tokens.reshape(*tokens.shape[:2], self.heads, -1).transpose(1, 2)


def attend_explicitly(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(d) + bias) v (Eq. 6), softmax over the keys.

    Args:
        q, k, v: [B, h, n, d].
        bias: [B, 1, 1, n], added to the logits of every query and head; None: 0.

    Returns:
        [B, h, n, d].
    """
    logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # [B, h, n, n]
    return (logits if bias is None else logits + bias).softmax(-1) @ v


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """As `attend_explicitly`; fused, so that [B, h, n, n] need not be kept in memory, but while exporting."""
    if torch.onnx.is_in_onnx_export():  # exporters trip over the fused form
        return attend_explicitly(q, k, v, bias)
    mask = None if bias is None else bias.expand(-1, q.shape[1], q.shape[2], -1)  # [B, h, n, n], a view
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def normalise(x: Tensor) -> Tensor:
    """x / sqrt(mean(x^2) + 1e-8) along the last axis: unit second moment."""
    return x * (x.square().mean(-1, keepdim=True) + 1e-8).rsqrt()
