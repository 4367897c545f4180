"""The masked autoencoder (He et al. 2022) without class token, as MAE-FAR changed it: ASUKA's prior (section 3.1).

Modules are called what released files call them. Photos are normalised by ImageNet's statistics, with 0 in the hole;
holes are [B, 1, S, S], 1 = hole. A patch that the hole touches at all is hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from retouch.methods.asuka.vit import EPSILON, Block, PatchEmbed, sincos_positions

if TYPE_CHECKING:
    from retouch.methods.asuka.config import Mae


class Reconstruction(NamedTuple):
    """What a training step gives.

    Attributes:
        patches: [B, N, 3 p^2], all patches as the decoder paints them.
        removed: [B, N] bool, patches that the encoder did not see.
        holes: [B, 1, S, S], 1 = what was hidden: the hole, and whole patches that were removed besides.
    """

    patches: Tensor
    removed: Tensor
    holes: Tensor


class MaskedAutoencoder(nn.Module):
    """From what is known of a photo to a coarse guess of the whole."""

    positions: Tensor
    decoder_positions: Tensor

    def __init__(self, config: Mae) -> None:
        super().__init__()
        self.config = c = config
        self.patch_embed = PatchEmbed(3, c.width, c.patch)
        self.blocks = nn.ModuleList(Block(c.width, c.heads, c.ratio) for _ in range(c.depth))
        self.norm = nn.LayerNorm(c.width, EPSILON)
        self.decoder_embed = nn.Linear(c.width, c.decoder_width)
        self.mask_token = nn.Parameter(torch.empty(1, 1, c.decoder_width))
        self.decoder_patch_embed = PatchEmbed(4, c.decoder_width, c.patch)
        self.alpha = nn.Parameter(torch.tensor(c.alpha))
        self.decoder_blocks = nn.ModuleList(
            Block(c.decoder_width, c.decoder_heads, c.ratio) for _ in range(c.decoder_depth)
        )
        self.decoder_norm = nn.LayerNorm(c.decoder_width, EPSILON)
        self.decoder_pred = nn.Linear(c.decoder_width, 3 * c.patch**2)
        # They follow from the configuration, so files need not hold them.
        self.register_buffer("positions", sincos_positions(c.grid, c.width), persistent=False)  # [1, N, D]
        self.register_buffer("decoder_positions", sincos_positions(c.grid, c.decoder_width), persistent=False)
        self.save_memory = False
        self._draw_weights()

    def enable_gradient_checkpointing(self) -> None:
        """Recompute the blocks in the backward pass instead of keeping what is inside them."""
        self.save_memory = True

    def prior(self, images: Tensor, holes: Tensor) -> Tensor:
        """F_MAE: what the decoder knows of every patch after `prior_depth` of its blocks.

        With no hole it is the reconstructed prior; a batch may mix both. Where a hole hides all patches of a photo, it
        follows from the partly covered ones alone, or says nothing but where each patch is; it is never NaN.

        Args:
            images: [B, 3, S, S], normalised, 0 in the hole.
            holes: [B, 1, S, S] in [0, 1], 1 = hole.

        Returns:
            [B, N, M_m], by rows.

        Raises:
            ValueError: another size.
        """
        return self._decode(self._tokens(images, holes), self.config.prior_depth)

    def reconstruct(self, images: Tensor, holes: Tensor) -> Tensor:
        """The whole photo as the decoder paints it, [B, 3, S, S], normalised; arguments and errors as `prior`."""
        return self.unpatchify(self._paint(self._tokens(images, holes)))

    def forward(self, images: Tensor, holes: Tensor, noise: Tensor, removed: float = 0.75) -> Reconstruction:
        """A training step: random patches join those that the hole touches until the share `removed` is hidden.

        Where the hole touches more, all of it stays hidden (the official code then shows some of it).

        Args:
            images: [B, 3, S, S], normalised, the whole photos.
            holes: [B, 1, S, S], 1 = hole.
            noise: [B, N] in [0, 1): the patches with the smallest are seen.
            removed: share of the patches.
        """
        self._check(images, holes)
        touched = self.coverage(holes) > 0  # [B, N]
        count = max(1, round(self.config.tokens * (1 - removed)))
        kept = torch.argsort((noise.to(images.device) + touched).clamp(0, 1), dim=1, stable=True)[:, :count]  # [B, n]
        tokens = self.patch_embed(images) + self.positions  # [B, N, D]
        seen = tokens.gather(1, kept[..., None].expand(-1, -1, tokens.shape[2]))  # [B, n, D]
        seen = self.decoder_embed(self._encode(seen, ~touched.gather(1, kept)))  # [B, n, M_m]
        visible = torch.zeros_like(touched).scatter(1, kept, True) & ~touched  # [B, N]
        whole = self._pixels(~visible & ~touched)  # [B, 1, S, S], patches removed besides the hole
        hidden = holes.masked_fill(whole, 1)  # [B, 1, S, S]
        back = seen.new_zeros(*touched.shape, seen.shape[2])  # [B, N, M_m]
        back = back.scatter(1, kept[..., None].expand_as(seen), seen)
        tokens = torch.where(visible[..., None], back, self._hidden_tokens(images, hidden))  # [B, N, M_m]
        return Reconstruction(self._paint(tokens), ~visible, hidden)

    def coverage(self, holes: Tensor) -> Tensor:
        """Share of each patch that is hole: [B, 1, S, S] to [B, N]."""
        return F.avg_pool2d(holes, self.config.patch).flatten(1)

    def patchify(self, images: Tensor) -> Tensor:
        """[B, C, S, S] to [B, N, C p^2]; the numbers of a patch are ordered by row, column, channel."""
        p, grid = self.config.patch, self.config.grid
        tiles = images.reshape(*images.shape[:2], grid, p, grid, p)  # [B, C, g, p, g, p]
        return tiles.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)

    def unpatchify(self, patches: Tensor) -> Tensor:
        """[B, N, C p^2] to [B, C, S, S]."""
        p, grid = self.config.patch, self.config.grid
        tiles = patches.reshape(len(patches), grid, grid, p, p, -1)  # [B, g, g, p, p, C]
        return tiles.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)

    def _tokens(self, images: Tensor, holes: Tensor) -> Tensor:
        """What enters the decoder's blocks but for positions, [B, N, M_m]; nothing is dropped, hidden keys count 0."""
        self._check(images, holes)
        visible = self.coverage(holes) == 0  # [B, N]
        encoded = self._encode(self.patch_embed(images) + self.positions, visible)  # [B, N, D]
        return torch.where(visible[..., None], self.decoder_embed(encoded), self._hidden_tokens(images, holes))

    def _encode(self, x: Tensor, keys: Tensor) -> Tensor:
        # With no key at all, attention would divide by 0. What comes out there is not used.
        keys = keys | ~keys.any(1, keepdim=True)  # [B, n]
        for block in self.blocks:
            x = self._through(block, x, keys)  # [B, n, D]
        return self.norm(x)  # type: ignore[no-any-return]

    def _hidden_tokens(self, images: Tensor, holes: Tensor) -> Tensor:
        """The mask token; where a patch is hidden in part, alpha of it and 1 - alpha of what the patch still shows."""
        coverage = self.coverage(holes)[..., None]  # [B, N, 1]
        alpha = self.alpha.clamp(0, 1)
        shown = self.decoder_patch_embed(torch.cat([images * (1 - holes), holes], 1))  # [B, N, M_m]
        mixed = alpha * self.mask_token + (1 - alpha) * shown  # [B, N, M_m]
        return torch.where((coverage > 0) & (coverage < 1), mixed, self.mask_token)

    def _decode(self, tokens: Tensor, depth: int) -> Tensor:
        x = tokens + self.decoder_positions  # [B, N, M_m]
        for block in self.decoder_blocks[:depth]:
            x = self._through(block, x, None)
        return x

    def _paint(self, tokens: Tensor) -> Tensor:
        x = self.decoder_norm(self._decode(tokens, self.config.decoder_depth))  # [B, N, M_m]
        return self.decoder_pred(x)  # type: ignore[no-any-return]  # [B, N, 3 p^2]

    def _pixels(self, patches: Tensor) -> Tensor:
        """Patches [B, N] bool as pixels [B, 1, S, S]."""
        p, grid = self.config.patch, self.config.grid
        tiles = patches.reshape(-1, 1, grid, grid)  # [B, 1, g, g]
        return tiles.repeat_interleave(p, 2).repeat_interleave(p, 3)

    def _through(self, block: nn.Module, x: Tensor, keys: Tensor | None) -> Tensor:
        if self.save_memory and self.training:
            return checkpoint(block, x, keys, use_reentrant=False)  # type: ignore[no-any-return]
        return block(x, keys)  # type: ignore[no-any-return]

    def _check(self, images: Tensor, holes: Tensor) -> None:
        side = self.config.size
        for name, tensor, channels in (("images", images, 3), ("holes", holes, 1)):
            if tensor.shape != (len(images), channels, side, side):
                given = list(tensor.shape)
                raise ValueError(f"{name}: is {given}; accepted: [{len(images)}, {channels}, {side}, {side}]")

    def _draw_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                nn.init.xavier_uniform_(module.weight.flatten(1))  # a patch's convolution as the linear layer it is
                assert module.bias is not None
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.mask_token, std=0.02)
