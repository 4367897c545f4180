"""Distances between pixels: L1 over the image, with the hole weighted, or summed; and the checks all losses share.

Computed in float32 (float64 stays) also where autocast made the prediction half precision.
"""

from __future__ import annotations

import torch
from torch import Tensor


def l1(prediction: Tensor, truth: Tensor) -> Tensor:
    """mean |prediction - truth| over batch, channels and pixels (2DGS inpainting's reconstruction loss).

    Args:
        prediction: [B, C, H, W] floats; values out of range are no error, they are what the loss pulls back.
        truth: the same shape; receives no gradient.

    Raises:
        ValueError: shapes that differ or are not four-dimensional, or integers.
    """
    return _distance(prediction, truth).mean()


def l1_weighted(prediction: Tensor, truth: Tensor, holes: Tensor, *, hole: float, known: float) -> Tensor:
    """mean of w |prediction - truth| with w = `hole` inside the hole and `known` outside (LaMa's masked L1).

    The mean is over all elements, not over the weights: it does not jump where holes are small or empty, and
    micro-batches average exactly. LaMa trains with hole=0, known=10.

    Args:
        prediction: [B, C, H, W] floats.
        truth: the same shape; receives no gradient.
        holes: [B, 1, H, W], 1 (True) = hole; values between mix the weights.
        hole: weight of pixels in the hole.
        known: weight of the others.

    Raises:
        ValueError: as `l1`; holes of another shape; a negative weight.
    """
    for name, weight in (("hole", hole), ("known", known)):
        if not 0 <= weight < float("inf"):
            raise ValueError(f"{name}: is {weight}; accepted: finite numbers from 0 up")
    difference = _distance(prediction, truth)  # [B, C, H, W]
    check_holes("holes", holes, prediction)
    return ((known + (hole - known) * holes) * difference).mean()


def l1_sum(prediction: Tensor, truth: Tensor) -> Tensor:
    """Sum of |prediction - truth| over an image's elements, mean over the batch; C H W times `l1`.

    The form of latent diffusion's decoder training, which ASUKA's decoder follows. Its LPIPS value is spread over all
    elements before the sum, so it too counts C H W times.

    Args:
        prediction: [B, C, H, W] floats.
        truth: the same shape; receives no gradient.

    Raises:
        ValueError: as `l1`.
    """
    return _distance(prediction, truth).sum((1, 2, 3)).mean()


def mean_in(values: Tensor, holes: Tensor) -> Tensor:
    """Mean of `values` over the holes of the batch, whose pixels all count alike; 0 where there is no hole.

    Args:
        values: [B, C, H, W].
        holes: [B, 1, H, W], 1 = hole; values between count for their share.

    Raises:
        ValueError: holes of another shape.
    """
    check_holes("holes", holes, values)
    return (values * holes).sum() / (holes.sum() * values.shape[1]).clamp_min(1)


def full(x: Tensor) -> Tensor:
    """`x` in at least float32; half precision adds up too coarsely for a loss."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def check_pair(prediction: Tensor, truth: Tensor, names: tuple[str, str] = ("prediction", "truth")) -> None:
    """Raise ValueError unless both are floats [B, C, H, W] of one shape."""
    for name, x in zip(names, (prediction, truth), strict=True):
        if x.ndim != 4 or 0 in x.shape or not x.is_floating_point():
            raise ValueError(f"{name}: {_kind(x)}; accepted: [B, C, H, W] floats")
    if prediction.shape != truth.shape:
        raise ValueError(f"{names[1]}: {_kind(truth)}; accepted: {list(prediction.shape)} like {names[0]}")


def check_holes(name: str, holes: Tensor, like: Tensor) -> None:
    """Raise ValueError unless `holes` is [B, 1, H, W] for the images `like` [B, C, H, W]."""
    b, _, h, w = like.shape
    if holes.shape != (b, 1, h, w):
        raise ValueError(f"{name}: {_kind(holes)}; accepted: [{b}, 1, {h}, {w}], 1 = hole")


def check_range(name: str, x: Tensor, low: float, high: float) -> None:
    """Raise ValueError unless all values lie in [low, high], but for rounding; waits for the device."""
    least, most = (float(v) for v in x.detach().aminmax())
    # The comparison is false for NaN, which is thereby refused too.
    if not (least >= low - 1e-3 and most <= high + 1e-3):
        raise ValueError(f"{name}: values reach from {least:.4g} to {most:.4g}; accepted: {low:g} to {high:g}")


def _distance(prediction: Tensor, truth: Tensor) -> Tensor:
    check_pair(prediction, truth)
    return (full(prediction) - full(truth.detach())).abs()  # [B, C, H, W]


def _kind(x: Tensor) -> str:
    return f"is {list(x.shape)} {str(x.dtype).removeprefix('torch.')}"
