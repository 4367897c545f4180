"""The unmask-region conditioned decoder (Wang et al. 2023, section 3.3): the known pixels help to decode the latent.

    latent ─▶ conv_in ─▶ mid ─▶ mix 1/8 ─▶ up ─▶ mix 1/4 ─▶ up ─▶ mix 1/2 ─▶ up ─▶ mix 1 ─▶ up ─▶ mix 1 ─▶ conv_out
                                 ▲               ▲               ▲               ▲             ▲
    known pixels, mask ─▶ condition encoder: features of each size

A mix takes the latent's features where a hole touches a position, the known pixels' elsewhere; the last one mixes by
the mask as it is, soft or hard. Images lie in [-1, 1]. Needs diffusers: the class is one of its autoencoders, so that
its pipelines take it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import register_to_config
from diffusers.models.autoencoders.autoencoder_asym_kl import AsymmetricAutoencoderKL
from diffusers.models.autoencoders.vae import (
    DecoderOutput,
    DiagonalGaussianDistribution,
    Encoder,
    MaskConditionDecoder,
)
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin  # noqa: F401 - pipelines look here for how it is loaded
from diffusers.utils.accelerate_utils import apply_forward_hook
from torch import Tensor, nn

from retouch.methods.asuka.tiles import Part, in_tiles

STRIDE = 8  # pixels of a latent's position
STRIDES = (1, 1, 2, 2, 2)  # of the condition encoder's layers


class ConditionEncoder(nn.Module):
    """Features of the known pixels at every size of the decoder: five convolutions, before their ReLUs.

    Args:
        inside: channels of its input: 4 with the mask, 3 without.
        widths: of the layers, from full size to 1/8.
        gates: each convolution has a second half that opens or shuts the first: x * clamp(1 - tanh(g), 0, 1).
    """

    def __init__(self, inside: int, widths: tuple[int, ...], gates: bool = False) -> None:
        super().__init__()
        self.gates = gates
        layers = []
        for width, stride in zip(widths, STRIDES, strict=True):
            kernel = 3 if stride == 1 else 4
            layers.append(nn.Conv2d(inside, 2 * width if gates else width, kernel, stride, padding=1))
            inside = width
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Known pixels and mask [B, inside, H, W] to features [B, width, h, w], the coarsest first."""
        features = []
        for layer in self.layers:
            x = layer(x)  # [B, width or 2 width, h, w]
            if self.gates:
                x, gate = x.chunk(2, 1)  # [B, width, h, w] each
                x = x * (1 - torch.tanh(gate)).clamp(0, 1)
            features.append(x)
            x = F.relu(x)
        return features[::-1]


class ConditionedDecoder(MaskConditionDecoder):  # type: ignore[misc,unused-ignore]
    """Latent, image and mask to an image; without image and mask the plain decoder of the autoencoder.

    Args:
        latent: channels of the latent.
        widths: channels at full size, 1/2, 1/4 and 1/8.
        blocks: residual blocks of a level, less one.
        groups: of the group normalisations.
        condition_mask: the condition encoder sees the mask as its fourth channel.
        gates: as `ConditionEncoder`.
    """

    def __init__(
        self, latent: int, widths: tuple[int, ...], blocks: int, groups: int, condition_mask: bool, gates: bool
    ) -> None:
        super().__init__(
            in_channels=latent,
            out_channels=3,
            up_block_types=("UpDecoderBlock2D",) * len(widths),
            block_out_channels=widths,
            layers_per_block=blocks,
            norm_num_groups=groups,
        )
        self.condition_mask = condition_mask
        encoder: Any = ConditionEncoder(3 + condition_mask, (*widths, widths[-1]), gates)
        self.condition_encoder = encoder  # in place of the one of the class above

    def forward(
        self,
        z: Tensor,
        image: Tensor | None = None,
        mask: Tensor | None = None,
        latent_embeds: Tensor | None = None,  # noqa: ARG002 - of the class above
    ) -> Tensor:
        """The decoded image.

        Args:
            z: [N, latent, h, w], not scaled.
            image: [B, 3, 8 h, 8 w] in [-1, 1], N a multiple of B; what lies under the hole is not looked at.
            mask: [B, 1, 8 h, 8 w] in [0, 1], 1 = hole.

        Returns:
            [N, 3, 8 h, 8 w] around [-1, 1]; known pixels are decoded too, not copied.

        Raises:
            ValueError: only one of image and mask, or shapes that do not fit.
        """
        x = self._through(self.mid_block, self.conv_in(z))  # [N, C, h, w]
        condition = self._condition(x, image, mask)
        for k, up in enumerate(self.up_blocks):
            x = self._through(up, x if condition is None else condition.mix(x, k))
        if condition is not None:
            x = condition.mix_softly(x)  # [N, C, 8 h, 8 w]
        return self.conv_out(self.conv_act(self.conv_norm_out(x)))  # type: ignore[no-any-return]

    def _condition(self, x: Tensor, image: Tensor | None, mask: Tensor | None) -> Condition | None:
        if image is None and mask is None:
            return None
        n, _, h, w = x.shape
        b = 0 if image is None else len(image)
        size = (STRIDE * h, STRIDE * w)
        if image is None or mask is None or image.shape != (b, 3, *size) or mask.shape != (b, 1, *size) or n % b:
            given = [None if given is None else list(given.shape) for given in (image, mask)]
            accepted = f"[B, 3, {size[0]}, {size[1]}] and [B, 1, {size[0]}, {size[1]}], B a divisor of {n}, or neither"
            raise ValueError(f"image, mask: are {given[0]} and {given[1]}; accepted: {accepted}")
        image, mask = image.to(x), mask.to(x)
        known = image * (1 - mask)  # [B, 3, H, W]
        seen = torch.cat([known, mask], 1) if self.condition_mask else known  # [B, 3 or 4, H, W]
        return Condition(self._through(self.condition_encoder, seen), mask, n // b)

    def _through(self, module: nn.Module, x: Tensor) -> Any:
        if torch.is_grad_enabled() and self.gradient_checkpointing:
            checkpoint: Any = self._gradient_checkpointing_func
            return checkpoint(module, x)
        return module(x)


class Condition:
    """Features of the known pixels, and what of them enters where.

    Args:
        features: as `ConditionEncoder` gives them.
        mask: [B, 1, H, W].
        copies: results for each image, which lie one batch after the other, as diffusers' pipelines lay them.
    """

    def __init__(self, features: list[Tensor], mask: Tensor, copies: int) -> None:
        self.features, self.mask, self.copies = features, mask, copies

    def mix(self, x: Tensor, k: int) -> Tensor:
        """x where the hole touches a position at all, the k-th features elsewhere: [N, C, h, w]."""
        touched = (F.adaptive_max_pool2d(self.mask, x.shape[2:]) > 0).to(x)  # [B, 1, h, w]
        return self._between(x, touched, self.features[k])

    def mix_softly(self, x: Tensor) -> Tensor:
        """mask * x + (1 - mask) * features, [N, C, H, W]."""
        return self._between(x, self.mask, self.features[-1])

    def _between(self, x: Tensor, share: Tensor, features: Tensor) -> Tensor:
        share, features = (part.repeat(self.copies, 1, 1, 1) for part in (share, features))
        return x * share + features * (1 - share)


class AsukaAutoencoder(AsymmetricAutoencoderKL):  # type: ignore[misc,unused-ignore]
    """A KL autoencoder with the conditioned decoder, by itself or as the `vae` of diffusers' inpainting pipelines.

    `encode(x)`, `decode(z, image=..., mask=...)`; `enable_tiling()` bounds the memory that large images take.

    Args:
        latent_channels: 4 for Stable Diffusion 1.5, 16 for FLUX.
        block_out_channels: of encoder and decoder, at full size, 1/2, 1/4 and 1/8.
        layers_per_block: residual blocks a level of the encoder; the decoder has one more.
        norm_num_groups: of the group normalisations.
        condition_mask, gates: as `ConditionedDecoder`.
        use_quant_conv: 1 x 1 convolutions beside the latent, which Stable Diffusion has and FLUX has not.
        scaling_factor, shift_factor: what pipelines make of a latent for the denoiser: (z - shift) * scaling.
    """

    _supports_gradient_checkpointing = True
    tile = 64  # positions of the latent along a tile's side
    overlap = 16  # positions that neighbouring tiles share

    @register_to_config  # type: ignore[untyped-decorator,unused-ignore]
    def __init__(
        self,
        latent_channels: int = 4,
        block_out_channels: tuple[int, ...] = (128, 256, 512, 512),
        layers_per_block: int = 2,
        norm_num_groups: int = 32,
        condition_mask: bool = True,
        gates: bool = False,
        use_quant_conv: bool = True,
        scaling_factor: float = 0.18215,  # noqa: ARG002 - the decorator keeps it
        shift_factor: float | None = None,  # noqa: ARG002 - as above
    ) -> None:
        # The constructor of the class above would build another decoder first and register its own arguments.
        super(AsymmetricAutoencoderKL, self).__init__()
        widths = tuple(block_out_channels)
        self.encoder = Encoder(
            out_channels=latent_channels,
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            block_out_channels=widths,
            layers_per_block=layers_per_block,
            norm_num_groups=norm_num_groups,
        )
        self.decoder = ConditionedDecoder(
            latent_channels, widths, layers_per_block, norm_num_groups, condition_mask, gates
        )
        self.quant_conv = _mixing(2 * latent_channels, use_quant_conv)
        self.post_quant_conv = _mixing(latent_channels, use_quant_conv)
        self.use_tiling = False
        self.register_to_config(force_upcast=False)  # type: ignore[no-untyped-call,unused-ignore]

    @apply_forward_hook  # type: ignore[untyped-decorator,unused-ignore]
    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        """The posterior of a latent: `.latent_dist`, or a tuple of it.

        Args:
            x: [B, 3, H, W] in [-1, 1], sides multiples of 8.
            return_dict: as in diffusers.
        """

        image = x.to(self.dtype)

        def part(y: slice, x: slice) -> Tensor:
            return self.encoder(image[..., _pixels(y), _pixels(x)])  # type: ignore[no-any-return]

        size = (x.shape[2] // STRIDE, x.shape[3] // STRIDE)
        moments = self.quant_conv(self._whole_or_tiles(part, size, 1))  # [B, 2 C, h, w]
        posterior = DiagonalGaussianDistribution(moments)
        return AutoencoderKLOutput(latent_dist=posterior) if return_dict else (posterior,)

    def _decode(
        self, z: Tensor, image: Tensor | None = None, mask: Tensor | None = None, return_dict: bool = True
    ) -> Any:
        z = self.post_quant_conv(z.to(self.dtype))  # [N, C, h, w]

        def part(y: slice, x: slice) -> Tensor:
            there = [None if whole is None else whole[..., _pixels(y), _pixels(x)] for whole in (image, mask)]
            return self.decoder(z[..., y, x], *there)  # type: ignore[no-any-return]

        sample = self._whole_or_tiles(part, (z.shape[2], z.shape[3]), STRIDE)  # [N, 3, 8 h, 8 w]
        return DecoderOutput(sample=sample) if return_dict else (sample,)

    def _whole_or_tiles(self, part: Part, size: tuple[int, int], scale: int) -> Tensor:
        if self.use_tiling and max(size) > self.tile:
            return in_tiles(part, size, scale, self.tile, self.overlap)
        return part(slice(0, size[0]), slice(0, size[1]))


def _mixing(channels: int, wanted: bool) -> Any:
    return nn.Conv2d(channels, channels, 1) if wanted else nn.Identity()


def _pixels(positions: slice) -> slice:
    return slice(positions.start * STRIDE, positions.stop * STRIDE)
