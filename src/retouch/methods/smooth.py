"""Smooth interpolation from the hole's edge: the pull-push pyramid (Gortler et al., The Lumigraph, 1996)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.methods.base import PerImage

if TYPE_CHECKING:
    from retouch.methods.base import Images, Masks, Needs


def pull_push(image: Images, hole: Masks) -> Images:
    """Average known pixels into ever coarser levels (pull), then fill holes from the coarser level (push).

    Args:
        image: [H, W, 3] float32; values inside the hole are ignored.
        hole: [H, W] bool, True = hole.

    Returns:
        [H, W, 3] float32: known pixels unchanged, the hole smooth; all zero where nothing is known.
    """
    return _fill_level(np.where(hole[..., None], 0.0, image), (~hole).astype(np.float32))


def _fill_level(colour: Images, weight: Images) -> Images:
    """Fill `colour` [h, w, 3] where `weight` [h, w] is below 1; colour is premultiplied by weight."""
    height, width = weight.shape
    if weight.min() >= 1.0 or height * width == 1:
        return (colour / np.maximum(weight, 1e-12)[..., None]).astype(np.float32)
    coarse_weight = _halve(weight[..., None])[..., 0]
    coarse_colour = _halve(colour)
    # A coarse pixel is certain as soon as any known pixel stands in it.
    certain = np.minimum(coarse_weight * 4, 1.0)
    coarse_colour *= (certain / np.maximum(coarse_weight, 1e-12))[..., None]
    below = _double(_fill_level(coarse_colour, certain), (height, width))
    return (colour + (1.0 - weight)[..., None] * below).astype(np.float32)


def _halve(array: Images) -> Images:
    """Mean over 2x2 areas of [h, w, C]; odd sides are padded with zeros."""
    height, width = array.shape[:2]
    padded = np.pad(array, ((0, height % 2), (0, width % 2), (0, 0)))
    total = padded[0::2, 0::2] + padded[1::2, 0::2] + padded[0::2, 1::2] + padded[1::2, 1::2]
    return (total / 4).astype(np.float32)


def _double(array: Images, shape: tuple[int, int]) -> Images:
    """Bilinear interpolation of [h, w, C] onto the grid `shape`, which is about twice as fine."""
    for axis, length in enumerate(shape):
        place = np.clip((np.arange(length) + 0.5) / 2 - 0.5, 0, array.shape[axis] - 1)
        low = place.astype(np.intp)
        high = np.minimum(low + 1, array.shape[axis] - 1)
        part = (place - low).astype(np.float32).reshape([-1 if k == axis else 1 for k in range(3)])
        array = (array.take(low, axis) * (1 - part) + array.take(high, axis) * part).astype(np.float32)
    return array


def build(needs: Needs, device: str) -> PerImage:  # noqa: ARG001 - it runs on the CPU only
    """The method of the card `smooth`."""
    return PerImage(lambda image, mask, _options, _seed: pull_push(image, mask), needs)
