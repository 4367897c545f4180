"""PSM's network (Li et al. 2022, arXiv 2212.02963, section 3.2 and appendix A): one prediction of the whole image."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.methods.psm.blocks import Residual, deep, through
from retouch.methods.psm.config import LEVELS, MULTIPLE, SMALLEST
from retouch.methods.psm.decoder import Decoder
from retouch.methods.psm.style import Style
from retouch.ops.equalised import EqualisedConv2d, leaky_relu

if TYPE_CHECKING:
    from retouch.methods.psm.config import Network

INPUTS = 7  # image 3, known from the start 1, known so far 1, uncertainty 1, time 1
LOWEST, HIGHEST = -10.0, 2.0  # of the log-variance: sigma between 0.0067, below a grey level, and 2.7, above any spread


class Prediction(NamedTuple):
    """A normal distribution for every value of the image.

    Attributes:
        mean: [B, 3, H, W], around [-1, 1], not clamped.
        log_variance: [B, 3, H, W], between -10 and 2.
    """

    mean: Tensor
    log_variance: Tensor


class EncoderLevel(nn.Module):
    """One size: a residual block (halving), at 1/16 and 1/32 `Deep`."""

    def __init__(self, config: Network, level: int) -> None:
        super().__init__()
        inside, outside = config.channels[max(level - 1, 0)], config.channels[level]
        self.residual = Residual(inside, outside, down=level > 0)
        self.deep = deep(config, level)

    def forward(self, x: Tensor, u: Tensor) -> Tensor:
        """Features of the next finer level and uncertainty [B, 1, H, W] to [B, C, H/2^level, W/2^level]."""
        x = self.residual(x)
        return x if self.deep is None else self.deep(x, u)


class Generator(nn.Module):
    """f(x, m_0, m, u, tau; z) -> mean, log-variance: encoder, style, decoder.

    Any height and width from 64 up that are multiples of 32; the size trained at is nowhere built in. No sample of a
    batch influences another one. `torch.onnx.export` takes it as it is, height, width and batch dynamic.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        coarsest = config.channels[-1]
        self.stem = EqualisedConv2d(INPUTS, config.channels[0], 3)
        self.encoder = nn.ModuleList(EncoderLevel(config, level) for level in range(LEVELS))
        self.style = Style(coarsest, config.latent, config.feature)
        self.decoder = Decoder(config)
        self.save_memory = False

    def enable_gradient_checkpointing(self) -> None:
        """Recompute every level in the backward pass instead of keeping what is inside it."""
        self.save_memory = self.decoder.save_memory = True

    def forward(
        self,
        x: Tensor,
        m0: Tensor,
        m: Tensor,
        u: Tensor,
        tau: float | Tensor,
        latents: Tensor,
        truncation: float | Tensor = 1.0,
    ) -> Prediction:
        """Predict the whole image; known pixels are not put back.

        Args:
            x: [B, 3, H, W] in [-1, 1], the image so far; 0 where missing.
            m0, m: [B, 1, H, W], 1 = known from the start, 1 = known so far: the paper's polarity.
            u: [B, 1, H, W] in [0, 1], 1 = knows nothing.
            tau: (t - 1) / T, a number or a tensor of one.
            latents: z [B, latent], standard normal, one for each sample and the same in all its iterations.
            truncation: in [0, 1]; 1: styles as they are, 0: all of them the average style. As `tau`.

        Raises:
            ValueError: shapes that do not fit, or a size that is too small or no multiple of 32.
        """
        if not torch.onnx.is_in_onnx_export():  # the exported network takes other sizes than the one it is traced with
            self._check(x, {"m0": m0, "m": m, "u": u}, latents)
        time = torch.zeros_like(u) + tau  # [B, 1, H, W]
        # Planes in [0, 1] are centred; the image is already.
        features = leaky_relu(self.stem(torch.cat([x, m0 - 0.5, m - 0.5, u - 0.5, time - 0.5], 1)))  # [B, C_0, H, W]
        levels = []
        for level in self.encoder:
            features = through(level, features, u, save_memory=self.save_memory)  # [B, C_i, H/2^i, W/2^i]
            levels.append(features)
        style = self.style(features, latents, truncation)  # [B, style]
        mean, log_variance = self.decoder(levels, u, style).split(3, 1)  # [B, 3, H, W] each
        return Prediction(mean, bounded(log_variance))

    def _check(self, x: Tensor, planes: dict[str, Tensor], latents: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != 3:
            raise ValueError(f"x: has the shape {list(x.shape)}; accepted: [B, 3, H, W]")
        b, _, h, w = x.shape
        if h % MULTIPLE or w % MULTIPLE or min(h, w) < SMALLEST:
            raise ValueError(f"x: is {w}x{h} pixels; accepted: multiples of {MULTIPLE} from {SMALLEST} up")
        for name, plane in planes.items():
            if plane.shape != (b, 1, h, w):
                raise ValueError(f"{name}: has the shape {list(plane.shape)}; accepted: {[b, 1, h, w]}, as x is")
        wanted = [b, self.config.latent]
        if list(latents.shape) != wanted:
            raise ValueError(f"latents: has the shape {list(latents.shape)}; accepted: {wanted}")


def bounded(value: Tensor) -> Tensor:
    """Softly between -10 and 2: the identity inside, with a gradient left near and beyond the ends."""
    below = HIGHEST - F.softplus(HIGHEST - value)
    return LOWEST + F.softplus(below - LOWEST)
