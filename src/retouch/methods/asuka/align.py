"""From the prior to the tokens that a diffusion model takes for a text (section 3.2, Fig. 4b).

The paper says "self-attention blocks"; this is the released code's: FLUX's single-stream block without its modulation
and rotary positions. Modules are called what released files call them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from retouch.methods.asuka.config import Align

EPSILON = 1e-6  # inside the blocks; the last normalisation has LayerNorm's own 1e-5
RATIO = 4  # how much wider than a token the hidden layer of the MLP is


class RmsNorm(nn.Module):
    """x / sqrt(mean(x^2) + epsilon) * scale, over the last axis, in float32 at least."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """x [..., width]."""
        wide = x if x.dtype == torch.float64 else x.float()  # [..., d]
        unit = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + EPSILON)  # [..., d]
        return unit.to(x.dtype) * self.scale


class QkNorm(nn.Module):
    """Queries and keys of every head at unit length, but for a learnt scale."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_norm = RmsNorm(width)
        self.key_norm = RmsNorm(width)


class Block(nn.Module):
    """x + linear2([attention(q, k, v), gelu(h)]), with [q, k, v, h] = linear1(norm(x))."""

    def __init__(self, width: int, head: int) -> None:
        super().__init__()
        self.width, self.head = width, head
        self.linear1 = nn.Linear(width, (3 + RATIO) * width)
        self.linear2 = nn.Linear((1 + RATIO) * width, width)
        self.norm = QkNorm(head)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, N, D]."""
        wide = self.linear1(F.layer_norm(x, (self.width,), eps=EPSILON))  # [B, N, 7 D]
        qkv, h = wide.split([3 * self.width, RATIO * self.width], dim=-1)  # [B, N, 3 D], [B, N, 4 D]
        q, k, v = qkv.unflatten(2, (3, -1, self.head)).permute(2, 0, 3, 1, 4)  # each [B, heads, N, d]
        q, k = self.norm.query_norm(q).to(v.dtype), self.norm.key_norm(k).to(v.dtype)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)  # [B, N, D]
        out: Tensor = self.linear2(torch.cat([attended, F.gelu(h, approximate="tanh")], -1))  # [B, N, D]
        return x + out


class Alignment(nn.Sequential):
    """C_MAE: a linear layer, self-attention blocks, a layer normalisation. No positions: the prior has them."""

    def __init__(self, config: Align) -> None:
        blocks = (Block(config.width, config.head) for _ in range(config.blocks))
        super().__init__(nn.Linear(config.prior, config.width), *blocks, nn.LayerNorm(config.width))
        self.config = config

    def forward(self, prior: Tensor) -> Tensor:
        """The prior [B, N, M_m] to tokens [B, N, M_s], or, where `pooled`, to their mean [B, M_s].

        Raises:
            ValueError: a prior of another width.
        """
        if prior.ndim != 3 or prior.shape[2] != self.config.prior:
            raise ValueError(f"prior: is {list(prior.shape)}; accepted: [B, N, {self.config.prior}]")
        tokens: Tensor = super().forward(prior)  # type: ignore[no-untyped-call]  # [B, N, M_s]
        return tokens.mean(1) if self.config.pooled else tokens


def interpolate(empty: Tensor, aligned: Tensor, weight: float = 0.5) -> Tensor:
    """empty + w (aligned - empty): what the released code does in place of classifier-free guidance.

    Args:
        empty: the embedding of an empty text, of one or B texts: tokens [1, N, M_s] or pooled [1, M_s].
        aligned: what `Alignment` gives for B photos.
        weight: w; 1 is the aligned prior alone, as the paper has it.

    Returns:
        The shape of `aligned`.

    Raises:
        ValueError: embeddings of different length or width.
    """
    if empty.ndim != aligned.ndim or empty.shape[1:] != aligned.shape[1:] or len(empty) not in (1, len(aligned)):
        rest = ", ".join(map(str, aligned.shape[1:]))
        raise ValueError(
            f"empty: is {list(empty.shape)}; accepted: [1 or {len(aligned)}, {rest}], as the aligned prior"
        )
    return empty + weight * (aligned - empty)
