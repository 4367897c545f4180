"""PixelHacker's network (Xu et al. 2025): a U-Net that predicts noise, guided by a category's learnt tokens."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from retouch.methods.pixelhacker.blocks import Double, Halve, Resnet, TimestepEmbedding, Transformer

if TYPE_CHECKING:
    from retouch.methods.pixelhacker.config import Network


class Level(nn.Module):
    """Residual blocks of one size, each with a transformer after it where there are some.

    Args:
        widths: (channels in, channels out) of every residual block.
        transformers: how many; the middle has one less than residual blocks, the coarsest level none.
        config: of the network.
    """

    def __init__(self, widths: list[tuple[int, int]], transformers: int, config: Network) -> None:
        super().__init__()
        self.channels = widths[-1][1]
        self.resnets = nn.ModuleList(Resnet(inside, outside, config) for inside, outside in widths)
        self.attentions = nn.ModuleList(Transformer(self.channels, config) for _ in range(transformers))
        self.save_memory = False

    def through(self, i: int, x: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """Residual block `i` and the transformer after it, if any: [B, C, h, w] to [B, C', h, w]."""
        x = self._run(self.resnets[i], x, time)  # [B, C', h, w]
        return self._run(self.attentions[i], x, context) if i < len(self.attentions) else x

    def _run(self, module: nn.Module, x: Tensor, other: Tensor) -> Tensor:
        if self.save_memory and self.training:
            return checkpoint(module, x, other, use_reentrant=False)  # type: ignore[no-any-return]
        return module(x, other)  # type: ignore[no-any-return]


class Down(Level):
    """A level of the way down; the last has nothing to halve."""

    def __init__(self, widths: list[tuple[int, int]], transformers: int, config: Network, *, halve: bool) -> None:
        super().__init__(widths, transformers, config)
        self.downsamplers = nn.ModuleList([Halve(self.channels)] if halve else [])

    def forward(self, x: Tensor, time: Tensor, context: Tensor) -> list[Tensor]:
        """[B, C, h, w] to all that the way up looks back at, [B, C', h, w] each but the last, which is halved."""
        seen = []
        for i in range(len(self.resnets)):
            x = self.through(i, x, time, context)  # [B, C', h, w]
            seen.append(x)
        for halve in self.downsamplers:
            seen.append(halve(x))  # [B, C', h / 2, w / 2]
        return seen


class Middle(Level):
    """A transformer between two residual blocks."""

    def forward(self, x: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """[B, C, h, w] to [B, C, h, w]."""
        for i in range(len(self.resnets)):
            x = self.through(i, x, time, context)  # [B, C, h, w]
        return x


class Up(Level):
    """A level of the way up; the last has nothing to double."""

    def __init__(self, widths: list[tuple[int, int]], transformers: int, config: Network, *, double: bool) -> None:
        super().__init__(widths, transformers, config)
        self.upsamplers = nn.ModuleList([Double(self.channels)] if double else [])

    def forward(self, x: Tensor, skips: list[Tensor], time: Tensor, context: Tensor) -> Tensor:
        """[B, C, h, w] to [B, C', 2 * h, 2 * w]; takes what it looks back at from the end of `skips`."""
        for i in range(len(self.resnets)):
            x = self.through(i, torch.cat([x, skips.pop()], 1), time, context)  # [B, C', h, w]
        for double in self.upsamplers:
            x = double(x, skips[-1].shape[2:])  # [B, C', 2 * h, 2 * w], or as large as on the way down
        return x


class Unet(nn.Module):
    """Stable Diffusion 1.5's U-Net with gated linear attention among the pixels instead of softmax attention."""

    def __init__(self, config: Network) -> None:
        super().__init__()
        widths, layers = config.block_out_channels, config.layers_per_block
        finest, coarsest, last = widths[0], widths[-1], len(widths) - 1
        self.conv_in = nn.Conv2d(config.in_channels, finest, 3, padding=1)
        self.time_embedding = TimestepEmbedding(finest)
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        skips = [finest]  # channels of all that the way up looks back at
        for level, (before, here) in enumerate(pairwise((finest, *widths))):
            inside = [before, *[here] * (layers - 1)]
            skips += [here] * (layers + (level < last))
            transformers = layers if level < last else 0
            self.down_blocks.append(Down([(w, here) for w in inside], transformers, config, halve=level < last))
        self.mid_block = Middle([(coarsest, coarsest)] * 2, 1, config)
        for level, (before, here) in enumerate(pairwise((coarsest, *reversed(widths)))):
            inside = [w + skips.pop() for w in (before, *[here] * layers)]
            transformers = layers + 1 if level > 0 else 0
            self.up_blocks.append(Up([(w, here) for w in inside], transformers, config, double=level < last))
        self.conv_norm_out = nn.GroupNorm(config.groups, finest, eps=1e-5)
        self.conv_out = nn.Conv2d(finest, config.out_channels, 3, padding=1)

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Input [B, in, h, w], timesteps [B] and tokens [B, n, D] to the predicted noise [B, out, h, w]."""
        time = self.time_embedding(timesteps)  # [B, 4 * C_0]
        skips = [self.conv_in(x)]  # [B, C_0, h, w]
        for block in self.down_blocks:
            skips += block(skips[-1], time, context)
        x = self.mid_block(skips[-1], time, context)  # [B, C_l, h_l, w_l]
        for block in self.up_blocks:
            x = block(x, skips, time, context)  # [B, C_l, h_l, w_l]
        return self.conv_out(F.silu(self.conv_norm_out(x)))  # type: ignore[no-any-return]


class LcgModel(nn.Module):
    """epsilon(z_t, mask, masked z; t, category): latent categories guidance (LCG).

    Height and width of the latent are free. Weights start as the released code's: Xavier for all linear layers, N(0, 1)
    for the embedding.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.embedding_rows, config.embedding_width)
        self.projection = nn.Linear(config.embedding_width, config.cross_attention_dim)
        self.unet = Unet(config)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def enable_gradient_checkpointing(self) -> None:
        """Recompute every block in the backward pass instead of keeping what is inside it."""
        for module in self.unet.modules():
            if isinstance(module, Level):
                module.save_memory = True

    def context(self, ids: Tensor) -> Tensor:
        """The tokens of categories; constant, so a sampler asks for them once.

        Args:
            ids: rows of the embedding [B, n] int64, those of `Network.ids`.

        Returns:
            [B, n, cross_attention_dim].
        """
        return self.projection(self.embedding(ids))  # type: ignore[no-any-return]

    def denoise(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Predict the noise in z_t.

        Args:
            x: [B, 2c + 1, h, w]: noisy latent c, mask 1 (1 = hole), masked latent c.
            timesteps: [B], or [1] for all, in [0, 1000).
            context: [B, n, cross_attention_dim] as `context` gives it.

        Returns:
            epsilon [B, c, h, w].

        Raises:
            ValueError: shapes that do not fit.
        """
        self._check(x, timesteps, context)
        return self.unet(x, timesteps.expand(len(x)), context)  # type: ignore[no-any-return]

    def forward(self, x: Tensor, timesteps: Tensor, ids: Tensor) -> Tensor:
        """`denoise` with the category's `ids` [B, n]: for training, where the embedding learns."""
        return self.denoise(x, timesteps, self.context(ids))

    def _check(self, x: Tensor, timesteps: Tensor, context: Tensor) -> None:
        wanted = self.config.in_channels
        if x.ndim != 4 or x.shape[1] != wanted:
            raise ValueError(f"x: has the shape {list(x.shape)}; accepted: [B, {wanted}, h, w]")
        if timesteps.ndim != 1 or len(timesteps) not in (1, len(x)):
            raise ValueError(f"timesteps: has the shape {list(timesteps.shape)}; accepted: [{len(x)}] or [1]")
        if context.ndim != 3 or len(context) != len(x) or context.shape[2] != self.config.cross_attention_dim:
            accepted = f"[{len(x)}, n, {self.config.cross_attention_dim}]"
            raise ValueError(f"context: has the shape {list(context.shape)}; accepted: {accepted}")
