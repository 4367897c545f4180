"""Negative log-likelihood of 8-bit colours under Gaussians cut into 256 bins (PSM Eq. 1-3; Salimans et al. 2017).

The colour y = 2k/255 - 1 has the bin (y - 1/255, y + 1/255), opened to -inf at k = 0 and to +inf at k = 255; its
probability is P = Phi(b) - Phi(a) with the bin's ends a, b in standard deviations from the mean. Colours here are in
[-1, 1], as in the paper.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from retouch.train.losses.pixel import check_holes, check_pair

HALF_BIN = 1 / 255
_HAZARD = math.sqrt(2 / math.pi)  # phi(x) / Phi(x) = sqrt(2 / pi) / erfcx(-x / sqrt 2): about -x far left, 0 far right


def gaussian_nll(
    mean: Tensor,
    log_variance: Tensor,
    truth: Tensor,
    region: Tensor | None = None,
    *,
    inside: torch.dtype = torch.float64,
) -> Tensor:
    """sum over dims of -log P(y | sg[mu], sigma), mean over the batch, in nats (PSM Eq. 1-3).

    Only the variance learns from it: the mean's gradient is stopped (Eq. 3). A sum, because PSM weighs it by 1e-4.

    Args:
        mean: mu, [B, C, H, W] floats.
        log_variance: l = 2 log sigma, the same shape. Let the network's last layer give float32: bfloat16 knows
            colours near 1 only to half a bin.
        truth: y, the same shape, float32 or float64 on the 8-bit grid 2k/255 - 1.
        region: [B, 1, H, W], 1 = counts; the hole for PSM; None: all pixels.
        inside: what is computed in. Doubles cost little; float32 is for devices that lack them, see `gaussian_nll_map`.

    Returns:
        A scalar in the precision of `log_variance`, at least float32.

    Raises:
        ValueError: as `gaussian_nll_map`; a region of another shape.
    """
    nll = gaussian_nll_map(mean.detach(), log_variance, truth, inside=inside)  # [B, C, H, W]
    if region is not None:
        check_holes("region", region, nll)
        nll = nll * region  # [B, C, H, W]
    return nll.sum((1, 2, 3)).mean().to(torch.promote_types(log_variance.dtype, torch.float32))


def gaussian_nll_map(
    mean: Tensor, log_variance: Tensor, truth: Tensor, *, inside: torch.dtype = torch.float64
) -> Tensor:
    """-log P(y | mu, sigma) of every dim, [B, C, H, W] in nats, with gradients to mean and log-variance.

    Stable however far the bin is from the mean: 10 million nats and their gradient come out right. For log-variances
    of -14 to 4, errors relative to max(1, |.|): 1e-12 in float64; in float32 1e-4 of the value, 4e-4 of the
    log-variance's gradient and 4e-3 of the mean's, which the loss does not use.

    Args:
        mean: mu, [B, C, H, W] floats.
        log_variance: l, the same shape.
        truth: y, the same shape, float32 or float64 on the 8-bit grid 2k/255 - 1; checking it waits for the device.
        inside: torch.float64 or torch.float32.

    Raises:
        ValueError: shapes that differ, half-precision truth, colours off the grid (images in [0, 1] are), or another
            `inside`.
    """
    check_pair(mean, log_variance, ("mean", "log_variance"))
    check_pair(mean, truth, ("mean", "truth"))
    if truth.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"truth: is {truth.dtype}; accepted: torch.float32 or torch.float64")
    if inside not in (torch.float32, torch.float64):
        raise ValueError(f"inside: is {inside}; accepted: torch.float64 or torch.float32")
    level = _levels(truth)  # [B, C, H, W]
    nll: Tensor = _BinNll.apply(mean.to(inside), log_variance.to(inside), level.to(inside))  # type: ignore[no-untyped-call]
    return nll


def _levels(truth: Tensor) -> Tensor:
    """k = 0 to 255 of colours 2k/255 - 1, as whole floats."""
    exact = (truth.detach() + 1) * 127.5  # [B, C, H, W]
    level = exact.round()
    off, low, high = torch.stack([(exact - level).abs().max(), *level.aminmax()]).tolist()
    # The comparison is false for NaN, which is thereby refused too.
    if not (off <= 0.01 and low >= 0 and high <= 255):
        found = f"reaches from {low:g} to {high:g} grey levels, up to {off:.2g} off the grid"
        raise ValueError(f"truth: {found}; accepted: 8-bit colours 2k/255 - 1 in [-1, 1]")
    return level


class _BinNll(torch.autograd.Function):
    """-log P of one bin, with the gradient written out.

    d(-log P)/dl = (b phi(b) - a phi(a)) / (2 P) and d(-log P)/dmu = (phi(b) - phi(a)) / (sigma P). Autograd through
    log_ndtr loses digits of both in the tails, in float32 nearly all.
    """

    @staticmethod
    def forward(ctx: Any, mean: Tensor, log_variance: Tensor, level: Tensor) -> Tensor:
        """All [B, C, H, W] of one precision; `level` is k."""
        centre = (2 * level / 255 - 1) - mean  # [B, C, H, W], y - mu
        inverse = torch.exp(-log_variance / 2)  # [B, C, H, W], 1 / sigma
        # phi(end) / P of both ends, of the bin mirrored so that it lies left of the mean: there the tail is exact.
        upper = (HALF_BIN - centre.abs()) * inverse  # [B, C, H, W]
        lower = (-HALF_BIN - centre.abs()) * inverse  # [B, C, H, W]
        nll, at_upper, at_lower = _interior(upper, lower, 2 * HALF_BIN * centre.abs() * inverse.square())
        by_position = torch.sign(centre) * (at_lower - at_upper) * inverse  # [B, C, H, W]
        by_width = (upper * at_upper - lower * at_lower) / 2  # [B, C, H, W]
        # The first and last bin are open outwards: one end each, mirrored for the last so that P = Phi(end).
        side = torch.where(level == 0, 1.0, -1.0).to(centre.dtype)  # [B, C, H, W]
        end = (side * centre + HALF_BIN) * inverse  # [B, C, H, W]
        edge = (level == 0) | (level == 255)  # [B, C, H, W]
        hazard = _HAZARD / _scaled(end)  # [B, C, H, W]
        nll = torch.where(edge, -torch.special.log_ndtr(end), nll)
        by_width = torch.where(edge, end * hazard / 2, by_width)
        by_position = torch.where(edge, side * hazard * inverse, by_position)
        ctx.save_for_backward(by_position, by_width)
        return nll

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients to mean and log-variance, each [B, C, H, W]."""
        by_position, by_width = ctx.saved_tensors
        return grad * by_position, grad * by_width, None


def _interior(upper: Tensor, lower: Tensor, fall: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """-log P, phi(upper) / P and phi(lower) / P for P = Phi(upper) - Phi(lower).

    With Phi(x) = exp(-x^2 / 2) erfcx(-x / sqrt 2) / 2 the ratio of the two is exp(-fall) times a ratio of erfcx, where
    fall = (lower^2 - upper^2) / 2 is given free of cancellation. Where `above` overflows to infinity, P is 1 and both
    others are 0, as they should.
    """
    above, below = _scaled(upper), _scaled(lower)  # [B, C, H, W]
    log_ratio = torch.log(below / above) - fall  # [B, C, H, W], log Phi(lower) - log Phi(upper) < 0
    log_p = torch.special.log_ndtr(upper) + torch.log(-torch.expm1(log_ratio))  # [B, C, H, W]
    at_upper = _HAZARD / above / -torch.expm1(log_ratio)  # [B, C, H, W]
    at_lower = _HAZARD / below / torch.expm1(-log_ratio)  # [B, C, H, W]
    return -log_p, at_upper, at_lower


def _scaled(x: Tensor) -> Tensor:
    """erfcx(-x / sqrt 2) = 2 exp(x^2 / 2) Phi(x)."""
    scaled: Tensor = torch.special.erfcx(x * -math.sqrt(0.5))
    return scaled
