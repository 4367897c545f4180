"""A large image in overlapping tiles, blended where they overlap: memory follows the tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor

Part: TypeAlias = Callable[[slice, slice], Tensor]
"""Rows and columns of a grid to their part of the result, [N, C, scale * rows, scale * columns]."""


def in_tiles(part: Part, size: tuple[int, int], scale: int, tile: int, overlap: int) -> Tensor:
    """The mean of the tiles, each weighted by the distance to its own border: sum(w t) / sum(w).

    Args:
        part: computes a tile.
        size: (rows, columns) of the grid.
        scale: of the result, relative to the grid.
        tile: side of a tile, in the grid's positions.
        overlap: positions that neighbouring tiles share at least.

    Returns:
        [N, C, scale * rows, scale * columns].

    Raises:
        ValueError: tiles that do not exceed their overlap.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"overlap: is {overlap}; accepted: 0 to less than the tile's side, {tile}")
    total: Tensor | None = None
    for rows in spans(size[0], tile, overlap):
        for columns in spans(size[1], tile, overlap):
            found = part(rows, columns)  # [N, C, h, w]
            weight = _slope(found.shape[2], scale * overlap, found)[:, None] * _slope(
                found.shape[3], scale * overlap, found
            )  # [h, w]
            if total is None:
                total = found.new_zeros(*found.shape[:2], scale * size[0], scale * size[1])
                weights = found.new_zeros(scale * size[0], scale * size[1])
            place = (slice(scale * rows.start, scale * rows.stop), slice(scale * columns.start, scale * columns.stop))
            total[..., *place] += weight * found
            weights[place] += weight
    assert total is not None
    return total / weights


def spans(length: int, tile: int, overlap: int) -> Iterator[slice]:
    """Spans of `tile` positions that cover `length`; the last one is moved back to end where the length does."""
    start = 0
    while start + tile < length:
        yield slice(start, start + tile)
        start += tile - overlap
    yield slice(max(length - tile, 0), length)


def _slope(length: int, width: int, like: Tensor) -> Tensor:
    """[length]: rises from a border over `width` and falls towards the other; never 0."""
    place = torch.arange(length, device=like.device)  # [length]
    distance = torch.minimum(place, place.flip(0)) + 1  # [length]
    return (distance.clamp(max=width + 1) / (width + 1)).to(like.dtype)
