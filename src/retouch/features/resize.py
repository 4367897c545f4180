"""Resizing as the feature networks were trained with: TensorFlow 1's bilinear, and Pillow's for ImageNet crops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def tf1_bilinear(x: Tensor, height: int, width: int) -> Tensor:
    """Bilinear resize with TensorFlow 1's defaults: pixel k of the result looks at k * (size in / size out).

    No half-pixel centres and no smoothing when it shrinks; the corners are aligned at the upper left only.

    Args:
        x: [B, C, H, W] floating point.
        height: of the result, pixels.
        width: of the result, pixels.

    Returns:
        [B, C, height, width].
    """
    top, bottom, down = _taps(x.shape[2], height, x)
    left, right, across = _taps(x.shape[3], width, x)
    down = down[:, None]  # [height, 1]
    upper = x[:, :, top]  # [B, C, height, W]
    lower = x[:, :, bottom]  # [B, C, height, W]
    upper = upper[..., left] + (upper[..., right] - upper[..., left]) * across  # [B, C, height, width]
    lower = lower[..., left] + (lower[..., right] - lower[..., left]) * across  # [B, C, height, width]
    return upper + (lower - upper) * down


def _taps(size: int, wanted: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    place = torch.arange(wanted, device=like.device, dtype=torch.float32) * (size / wanted)  # [wanted]
    first = place.floor().clamp(max=size - 1)  # [wanted]
    second = (first + 1).clamp(max=size - 1)  # [wanted]
    return first.long(), second.long(), (place - first).to(like.dtype)


def pillow_crop(image: NDArray[np.uint8], short: int, crop: int, *, bicubic: bool = False) -> NDArray[np.uint8]:
    """Scale so that the shorter side is `short` pixels (Pillow, antialiased), then cut the centre `crop` x `crop`.

    Args:
        image: [H, W, 3] uint8.
        short: shorter side after scaling, at least `crop`.
        crop: side of the cut.
        bicubic: bicubic instead of bilinear.

    Returns:
        [crop, crop, 3] uint8.
    """
    from PIL import Image

    height, width = image.shape[:2]
    # The longer side is cut to a whole number, not rounded, as ImageNet evaluations do.
    size = (short, int(short * height / width)) if width <= height else (int(short * width / height), short)
    kind = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
    scaled = np.asarray(Image.fromarray(image).resize(size, kind))  # [h, w, 3]
    top, left = round((size[1] - crop) / 2), round((size[0] - crop) / 2)
    return scaled[top : top + crop, left : left + crop]
