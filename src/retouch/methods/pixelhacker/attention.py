"""The two attentions of a block: among the pixels, gated and linear in their number, and to the category's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.pixelhacker.gla import gla

if TYPE_CHECKING:
    from retouch.methods.pixelhacker.config import Network


def self_attention(channels: int, config: Network) -> nn.Module:
    """The gated linear attention that the config asks for: [B, T, C] to [B, T, C]."""
    kind = OuterGateAttention if config.gate == "outer" else LowRankGateAttention
    return kind(channels, config.heads, config.temperature)


class LowRankGateAttention(nn.Module):
    """What is released: Y = RMSNorm(K^-1/2 q_t S_t) * swish(r_t), S_t = diag(alpha_t) S_{t-1} + k_t^T v_t.

    alpha = sigmoid(W_2 W_1 x + b)^(1/tau), with 16 numbers between W_1 and W_2. Keys are half as wide as values.
    Tokens see those before them only; there is no positional encoding.
    """

    rank = 16

    def __init__(self, channels: int, heads: int, temperature: float) -> None:
        super().__init__()
        self.heads, self.temperature = heads, temperature
        self.q_proj = nn.Linear(channels, channels // 2, bias=False)
        self.k_proj = nn.Linear(channels, channels // 2, bias=False)
        self.v_proj = nn.Linear(channels, channels, bias=False)
        self.g_proj = nn.Linear(channels, channels, bias=False)
        self.gk_proj = nn.Sequential(nn.Linear(channels, self.rank, bias=False), nn.Linear(self.rank, channels // 2))
        self.g_norm_swish_gate = nn.RMSNorm(channels // heads, eps=1e-6)  # one gain for all heads
        self.o_proj = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pixels in raster order [B, T, C] to [B, T, C]."""
        q, k, v = (split(project(x), self.heads) for project in (self.q_proj, self.k_proj, self.v_proj))  # [B, h, T, .]
        alpha = log_gate(split(self.gk_proj(x), self.heads), self.temperature)  # [B, h, T, K]
        o = gla(q * q.shape[-1] ** -0.5, k, v, alpha)  # [B, h, T, V]
        norm = self.g_norm_swish_gate
        o = F.rms_norm(wide(o), o.shape[-1:], wide(norm.weight), norm.eps).to(o.dtype)  # [B, h, T, V]
        return self.o_proj(F.silu(self.g_proj(x)) * merge(o))  # type: ignore[no-any-return]


class OuterGateAttention(nn.Module):
    """What the paper prints, Eqs. 2 to 4, by head: L_t = (swish(x W_r + b_r) * LayerNorm(q_t S_t)) W_O.

    S_t = (alpha_t^T beta_t) * S_{t-1} + k_t^T v_t, alpha = sigmoid(x W_alpha + b_alpha)^(1/tau), beta likewise.
    """

    def __init__(self, channels: int, heads: int, temperature: float) -> None:
        super().__init__()
        self.heads, self.temperature = heads, temperature
        self.query = nn.Linear(channels, channels // 2, bias=False)
        self.key = nn.Linear(channels, channels // 2, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)
        self.alpha = nn.Linear(channels, channels // 2)
        self.beta = nn.Linear(channels, channels)
        self.swish = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels // heads)
        self.output = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pixels in raster order [B, T, C] to [B, T, C]."""
        q, k, v = (split(project(x), self.heads) for project in (self.query, self.key, self.value))  # [B, h, T, .]
        alpha = log_gate(split(self.alpha(x), self.heads), self.temperature)  # [B, h, T, K]
        beta = log_gate(split(self.beta(x), self.heads), self.temperature)  # [B, h, T, V]
        o = gla(q, k, v, alpha, beta)  # [B, h, T, V]
        weight, bias = wide(self.norm.weight), wide(self.norm.bias)  # [V]
        o = F.layer_norm(wide(o), o.shape[-1:], weight, bias, self.norm.eps).to(o.dtype)  # [B, h, T, V]
        return self.output(F.silu(self.swish(x)) * merge(o))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """softmax(q k^T / sqrt(d)) v, queries from the pixels, keys and values from the category's tokens."""

    def __init__(self, channels: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context, channels, bias=False)
        self.to_v = nn.Linear(context, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Pixels [B, T, C] and tokens [B, n, D] to [B, T, C]."""
        q = split(self.to_q(x), self.heads)  # [B, h, T, C / h]
        # Constant for a category, but all levels' together are 0.4 % of a call at 256 x 256 pixels: not worth keeping.
        k, v = (split(project(context), self.heads) for project in (self.to_k, self.to_v))  # [B, h, n, C / h]
        return self.to_out[0](merge(F.scaled_dot_product_attention(q, k, v)))  # type: ignore[no-any-return]


def log_gate(x: Tensor, temperature: float) -> Tensor:
    """log(sigmoid(x)^(1 / tau)) in at least float32, as gates are products of thousands of factors near 1."""
    return F.logsigmoid(wide(x)) / temperature


def wide(x: Tensor) -> Tensor:
    """In float32, or float64 if that is what it is: norms of the first tokens jump where q k changes its sign."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def split(x: Tensor, heads: int) -> Tensor:
    """[B, T, C] to [B, heads, T, C / heads]: every head has neighbouring channels."""
    return torch.unflatten(x, -1, (heads, -1)).transpose(1, 2)


def merge(x: Tensor) -> Tensor:
    """[B, heads, T, c] to [B, T, heads * c]."""
    return x.transpose(1, 2).flatten(2)
