"""Rasterising sets of 2D Gaussians (the paper's Eq. 2 and section 3.3), one set per patch."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Literal, get_args

import torch
from torch import Tensor

from retouch.methods.gaussian import splat_fast, splat_operator, splat_reference

Degenerate = Literal["skip", "dc"]
SplatPath = Literal["auto", "reference", "fast", "triton"]
# The official rasteriser calls a Gaussian degenerate whose covariance has a smaller determinant (pixels^4).
SMALLEST_DETERMINANT = 1 / 510


def splat(
    mean: Tensor,
    cholesky: Tensor,
    colour: Tensor,
    size: int | tuple[int, int],
    *,
    scale: int = 1,
    opacity: Tensor | None = None,
    degenerate: Degenerate = "skip",
    path: SplatPath = "auto",
) -> Tensor:
    """I(p) = sum_i c_i sigma_i exp(-1/2 (p - mu_i)^T Sigma_i^-1 (p - mu_i)), Sigma = L L^T (the paper's Eqs. 1 and 2).

    Coordinates, all in pixels of scale 1: pixel k stands at coordinate k, and `mean` -1..1 spans 0..size, so that -1 is
    the first pixel and 1 is one past the last. At scale s, pixel k is divided into s pixels around it: fine pixel j
    stands at (j + 1/2) / s - 1/2. The mean of s x s fine pixels is therefore the coarse pixel, as far as the field is
    linear within a pixel; Gaussians broader than a pixel are, finer ones alias at scale 1.

    Float16 and bfloat16 are computed and returned in float32, inside autocast too.

    Args:
        mean: mu [..., G, 2], (x, y), -1..1 across the patch (values outside are fine); any leading dimensions.
        cholesky: L as (l11, l21, l22) [..., G, 3] in pixels.
        colour: c [..., G, 3], any range.
        size: (height, width) of a patch at scale 1, or one side of a square.
        scale: render every pixel as scale x scale pixels of the same field.
        opacity: sigma [..., G]; None: 1.
        degenerate: what a Gaussian with det(Sigma) < 1/510 paints: "skip" nothing; "dc" its colour on every pixel of
            the patch, as the official rasteriser does. Its mean and cholesky get no gradient.
        path: "reference", "fast" (chunked, closed-form gradient), "triton", or "auto": the fastest for the device.

    Returns:
        [..., 3, height * scale, width * scale]; a plain sum, neither normalised nor clamped.

    Raises:
        ValueError: shapes that do not fit each other, a size or scale below 1, or an unknown name.
    """
    height, width = (size, size) if isinstance(size, int) else size
    _check(mean, cholesky, colour, opacity, (height, width), scale)
    _check_name("degenerate", degenerate, get_args(Degenerate))
    _check_name("path", path, get_args(SplatPath))
    leading, gaussians = mean.shape[:-2], mean.shape[-2]
    dtype = torch.promote_types(torch.promote_types(mean.dtype, cholesky.dtype), colour.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    mean = mean.to(dtype).reshape(-1, gaussians, 2)  # [P, G, 2]
    cholesky = cholesky.to(dtype).reshape(-1, gaussians, 3)  # [P, G, 3]
    colour = colour.to(dtype).reshape(-1, gaussians, 3)  # [P, G, 3]
    if opacity is not None:
        colour = colour * opacity.to(dtype).reshape(-1, gaussians, 1)  # [P, G, 3]

    with torch.autocast(mean.device.type, enabled=False):
        x, y = mean.unbind(-1)  # each [P, G]
        centre = torch.stack(((x + 1) * (width / 2), (y + 1) * (height / 2)), -1)  # [P, G, 2]
        rows = pixel_coordinates(height, scale, mean)  # [H]
        columns = pixel_coordinates(width, scale, mean)  # [W]
        l11, l21, l22 = cholesky.unbind(-1)  # each [P, G]
        narrow = (l11 * l22) ** 2 < SMALLEST_DETERMINANT  # [P, G]
        # A harmless stand-in for what is not to be drawn: a division by l11 = 0 would spoil the gradients.
        cholesky = torch.stack((l11.masked_fill(narrow, 1), l21, l22.masked_fill(narrow, 1)), -1)  # [P, G, 3]
        narrow = narrow[..., None]  # [P, G, 1]
        image = _render(path, centre)(centre, cholesky, colour.masked_fill(narrow, 0), rows, columns)  # [P, 3, H, W]
        if degenerate == "dc":
            image = image + colour.masked_fill(~narrow, 0).sum(1)[..., None, None]  # [P, 3, H, W]
    return image.reshape(*leading, *image.shape[1:])


def pixel_coordinates(length: int, scale: int, like: Tensor) -> Tensor:
    """Where the pixels of one axis stand, [length * scale], in pixels of scale 1: (j + 1/2) / scale - 1/2."""
    return (torch.arange(length * scale, dtype=like.dtype, device=like.device) + 0.5) / scale - 0.5


def _render(path: SplatPath, centre: Tensor) -> Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]:
    """The function (centre, cholesky, colour, rows, columns) -> [P, 3, H, W] behind a name."""
    if path == "reference":
        return splat_reference.render
    if torch.onnx.is_in_onnx_export():
        return splat_fast.render_whole
    installed = find_spec("triton") is not None
    if path == "triton" and not installed:
        raise ValueError(
            "path is 'triton', but the package triton is not installed; accepted are auto, reference, fast"
        )
    if path == "triton" and not centre.is_cuda and os.environ.get("TRITON_INTERPRET") != "1":
        raise ValueError(f"path is 'triton', but the tensors are on {centre.device}; it needs a GPU")
    on_triton = path == "triton" or (path == "auto" and centre.is_cuda and installed)
    return partial(splat_operator.render, on_triton=on_triton)


def _check(
    mean: Tensor, cholesky: Tensor, colour: Tensor, opacity: Tensor | None, size: tuple[int, int], scale: int
) -> None:
    if mean.ndim < 2 or mean.shape[-1] != 2 or mean.shape[-2] < 1:
        raise ValueError(f"mean has the shape {list(mean.shape)}; accepted is [..., G, 2] with at least one Gaussian")
    if not (mean.is_floating_point() and cholesky.is_floating_point() and colour.is_floating_point()):
        kinds = f"{mean.dtype}, {cholesky.dtype}, {colour.dtype}"
        raise ValueError(f"mean, cholesky and colour are {kinds}; accepted are floating-point tensors")
    places = tuple(mean.shape[:-1])  # [..., G]
    for name, given, wanted in (
        ("cholesky", cholesky, (*places, 3)),
        ("colour", colour, (*places, 3)),
        ("opacity", opacity, places),
    ):
        if given is not None and given.shape != wanted:
            raise ValueError(f"{name} has the shape {list(given.shape)}; beside this mean it must be {list(wanted)}")
    if min(size) < 1 or not isinstance(scale, int) or scale < 1:
        raise ValueError(f"size {size} at scale {scale}: height, width and scale must be whole numbers of 1 or more")


def _check_name(argument: str, given: str, accepted: tuple[str, ...]) -> None:
    if given not in accepted:
        raise ValueError(f"{argument} is {given!r}; accepted are {', '.join(accepted)}")
