"""Putting overlapping patches together into one image (the paper's section 3.3)."""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = Literal["code", "distance"]


def blend(patches: Tensor, grid: tuple[int, int], overlap: int, weights: Weights = "code") -> Tensor:
    """I(p) = sum_k w_k(p) R_k(p) over the patches R_k that reach pixel p, with sum_k w_k(p) = 1.

    A patch covers `overlap` pixels more on every side than its own area, so two neighbours share 2 * overlap pixels.
    What reaches over the image's edge is dropped. Rendered at scale s, the overlap is s times as wide.

    Args:
        patches: [B, rows * columns, C, h + 2 * overlap, w + 2 * overlap], row after row; h and w above 2 * overlap.
        grid: (rows, columns) of patches.
        overlap: the paper's a, in pixels of `patches`; 0: the patches are only laid side by side.
        weights: "code": 1/2 and 1/2 wherever two patches meet, as the official code does; at the corners, where four
            meet, only the two side by side count. "distance": the weight falls linearly across the shared pixels, in
            x and in y, the farther from the patch's own area the less; at the corners all four count.

    Returns:
        [B, C, rows * h, columns * w].

    Raises:
        ValueError: patches of another shape or count, an overlap that does not leave an own area, unknown weights.
    """
    _check(patches, grid, overlap, weights)
    rows, columns = grid
    # Whole numbers in a trace too: an exported graph has this one size of patches.
    height, width = int(patches.shape[3]), int(patches.shape[4])
    window = _windows(grid, (height, width), overlap, weights, patches)  # [rows * columns, 1, h + 2a, w + 2a]
    h, w = height - 2 * overlap, width - 2 * overlap
    stack = (patches * window).flatten(2).transpose(1, 2)  # [B, C * (h + 2a) * (w + 2a), rows * columns]
    # fold adds up what falls on the same pixel; its padding drops what reaches over the image's edge.
    return F.fold(stack, (rows * h, columns * w), (height, width), padding=overlap, stride=(h, w))


def _windows(grid: tuple[int, int], size: tuple[int, int], overlap: int, weights: Weights, like: Tensor) -> Tensor:
    """The weight of every pixel of every patch [rows * columns, 1, h + 2a, w + 2a]."""
    height, width = size
    along_y = _profiles(grid[0], height, overlap, weights, like)[:, None, :, None]  # [rows, 1, h + 2a, 1]
    along_x = _profiles(grid[1], width, overlap, weights, like)[None, :, None, :]  # [1, columns, 1, w + 2a]
    if weights == "distance":
        window = along_y * along_x  # [rows, columns, h + 2a, w + 2a]
    else:
        own = _inner(height, overlap, like)[:, None]  # [h + 2a, 1]
        middle = _inner(width, 2 * overlap, like)  # [w + 2a]
        # Beside a left or right neighbour the blend with the upper and lower ones is not made.
        window = torch.where(middle > 0, along_y, own * along_x)  # [rows, columns, h + 2a, w + 2a]
    return window.reshape(-1, 1, height, width)


def _profiles(count: int, length: int, overlap: int, weights: Weights, like: Tensor) -> Tensor:
    """The weights along one axis [count, length]; neighbours' weights at the same pixel add up to 1."""
    shared = 2 * overlap
    rise = torch.full((shared,), 0.5, dtype=like.dtype, device=like.device)  # [2a]
    if weights == "distance":
        rise = (torch.arange(shared, dtype=like.dtype, device=like.device) + 0.5) / max(shared, 1)  # [2a]
    profiles = like.new_ones(count, length)  # [count, length]
    profiles[1:, :shared] = rise
    profiles[:-1, length - shared :] = rise.flip(0)
    return profiles


def _inner(length: int, margin: int, like: Tensor) -> Tensor:
    """1 at all but the first and last `margin` pixels of an axis [length]."""
    inner = like.new_zeros(length)  # [length]
    inner[margin : length - margin] = 1
    return inner


def _check(patches: Tensor, grid: tuple[int, int], overlap: int, weights: str) -> None:
    if weights not in get_args(Weights):
        raise ValueError(f"weights is {weights!r}; accepted are {', '.join(get_args(Weights))}")
    if min(grid) < 1 or overlap < 0:
        raise ValueError(
            f"grid {grid} with overlap {overlap}: rows and columns must be 1 or more, the overlap 0 or more"
        )
    if patches.ndim != 5 or patches.shape[1] != grid[0] * grid[1]:
        wanted = f"[B, {grid[0] * grid[1]}, C, height, width]"
        raise ValueError(f"patches has the shape {list(patches.shape)}; a grid of {grid[0]} x {grid[1]} needs {wanted}")
    if min(patches.shape[3:]) <= 4 * overlap:
        raise ValueError(
            f"overlap {overlap} is too wide for patches of {patches.shape[3]} x {patches.shape[4]}: a side must be "
            f"more than 4 times the overlap"
        )
