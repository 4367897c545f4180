"""Style: what the image as a whole and a random latent say, and convolutions whose weights it modulates (StyleGAN2)."""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.methods.psm.attention import normalise
from retouch.ops.equalised import EqualisedConv2d, EqualisedLinear, leaky_relu
from retouch.ops.fir import blur

LAYERS = 8  # of the mapping
SLOWER = 0.01  # learning rate of the mapping, as a share of the others'
KEEP = 0.995  # share of the average mapped latent that one forward pass in training keeps


class Mapping(nn.Module):
    """w = FC(...FC(z / sqrt(mean(z^2)))), eight layers; keeps the average of the w seen in training, for truncation."""

    average: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EqualisedLinear(size, size, multiplier=SLOWER) for _ in range(LAYERS))
        self.register_buffer("average", torch.zeros(size))  # [size]

    def forward(self, latents: Tensor, truncation: float | Tensor = 1.0) -> Tensor:
        """average + truncation * (w - average) for latents z [B, size], standard normal: [B, size].

        Args:
            latents: z.
            truncation: 1: w as it is; 0: the average for everyone. A number, or a tensor of one.
        """
        w = normalise(latents)  # [B, size]
        for layer in self.layers:
            w = leaky_relu(layer(w))
        if self.training:
            with torch.no_grad():
                self.average.lerp_(w.mean(0).to(self.average.dtype), 1 - KEEP)
        return self.average + (w - self.average) * truncation


class Style(nn.Module):
    """style = (mapped latent, global feature of the image), the same for all layers of the decoder.

    The global feature is made from the encoder's coarsest features by three more halvings, to 1/256, an average and a
    dense layer. The halvings are plain convolutions: below 256 pixels nothing is left for a filter to smooth.

    Args:
        channels: of the coarsest features.
        latent: length of z and of the mapped latent.
        feature: length of the global feature.
    """

    def __init__(self, channels: int, latent: int, feature: int) -> None:
        super().__init__()
        self.mapping = Mapping(latent)
        self.halvings = nn.ModuleList(EqualisedConv2d(channels, channels, 3, stride=2) for _ in range(3))
        self.dense = EqualisedLinear(channels, feature)

    def forward(self, coarsest: Tensor, latents: Tensor, truncation: float | Tensor = 1.0) -> Tensor:
        """Features [B, C, H/32, W/32] and latents [B, latent] to the style [B, latent + feature]."""
        half = torch.is_autocast_enabled(coarsest.device.type)
        # On processors PyTorch 2.13 spoils bf16 gradients of a convolution with stride 2 on 1 x 1 pixels.
        with torch.autocast(coarsest.device.type, enabled=False) if half else nullcontext():
            x = coarsest.float() if half else coarsest  # [B, C, H/32, W/32]
            for conv in self.halvings:
                x = leaky_relu(conv(x))  # [B, C, H/256, W/256] in the end, at least 1 x 1
        feature = leaky_relu(self.dense(x.mean((2, 3))))  # [B, feature]
        return torch.cat([self.mapping(latents, truncation), feature], 1)


class ModulatedConv2d(nn.Module):
    """y = conv(x; s_i w_oik / sqrt(sum_ik (s_i w_oik)^2)) + b, s = affine(style) (Karras et al. 2020, Eq. 1 and 3).

    Each sample has weights of its own, yet one convolution serves the batch: scaling a weight by s_i is scaling input
    channel i, and dividing it by the norm is scaling output channel o.

    Args:
        inside: channels of the input.
        outside: channels of the output.
        size: side of the kernel.
        style: length of the style.
        up: double height and width, with a FIR filter after the convolution.
        demodulate: divide by the norm.
    """

    def __init__(
        self, inside: int, outside: int, size: int, style: int, *, up: bool = False, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.affine = EqualisedLinear(style, inside, bias=1.0)
        self.conv = EqualisedConv2d(inside, outside, size)
        self.up, self.demodulate = up, demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, inside, H, W] and the style [B, style] to [B, outside, H, W], twice the size with `up`."""
        s = self.affine(style)  # [B, inside]
        weight = self.conv.weight * self.conv.gain  # [outside, inside, k, k]
        x = x * s[:, :, None, None]  # [B, inside, H, W]
        if self.up:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # [B, outside, 2H + 1, 2W + 1]
            x = blur(x, padding=1, gain=4.0)  # [B, outside, 2H, 2W]
        else:
            x = F.conv2d(x, weight, padding=self.conv.padding)  # [B, outside, H, W]
        assert self.conv.bias is not None
        bias = self.conv.bias[:, None, None]  # [outside, 1, 1]
        if not self.demodulate:
            return x + bias
        power = F.linear(s.square(), weight.square().sum((2, 3)))  # [B, outside]
        return torch.addcmul(bias, x, (power + 1e-8).rsqrt()[:, :, None, None])
