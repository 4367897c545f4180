"""What the autoencoder sees of a photo: scaled to its size, normalised, nothing of the hole."""

from __future__ import annotations

import torch
from torch import Tensor

from retouch.features.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN

LEAST = 1e-3  # of a pixel: what overlaps less is left out, as OpenCV does


def preprocess(photos: Tensor, holes: Tensor, size: int = 256) -> tuple[Tensor, Tensor]:
    """Known pixels averaged over areas; an area that the hole touches at all is hole.

    No pixel of the hole reaches the result, and strokes of one pixel are seen.

    Args:
        photos: [B, 3, H, W] floats in [0, 1].
        holes: [B, 1, H, W], above 0 = hole.
        size: side of what comes out.

    Returns:
        [B, 3, size, size] normalised by ImageNet's mean and deviation, 0 in the hole; [B, 1, size, size], 1 = hole.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    _check(photos, holes)
    hole = holes > 0  # [B, 1, H, W]
    small = area(photos.masked_fill(hole, 0), size)  # [B, 3, s, s]
    touched = area(hole.to(photos.dtype), size) > 0  # [B, 1, s, s]
    return normalise(small).masked_fill(touched, 0), touched.to(photos.dtype)


def official_preprocess(photos: Tensor, holes: Tensor, size: int = 256) -> tuple[Tensor, Tensor]:
    """As the released code: the photo scaled first, in 8 bits, and the mask's nearest pixels taken.

    Pixels at the hole's edge carry something of the hole's content, and thin strokes vanish: for parity only.
    Arguments and result as `preprocess`, the photos of 8 bits; computed on the processor.
    """
    _check(photos, holes)
    height, width = photos.shape[2:]
    small = area((photos.cpu().double() * 255).round(), size)  # [B, 3, s, s]
    # OpenCV rounds halves up for exactly half the size, and otherwise to even.
    small = (small + 0.5).floor() if (height, width) == (2 * size, 2 * size) else small.round()
    rows, columns = ((torch.arange(size) * side / size).long() for side in (height, width))
    hole = holes.cpu()[:, :, rows][..., columns] >= 0.5  # [B, 1, s, s]
    images = normalise(small / 255).masked_fill(hole, 0)  # [B, 3, s, s]
    return images.to(photos), hole.to(photos)


def normalise(photos: Tensor) -> Tensor:
    """(x - mean) / deviation of ImageNet's colours, [B, 3, H, W]."""
    mean, deviation = (photos.new_tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))  # [3, 1, 1]
    return (photos - mean) / deviation


def denormalise(images: Tensor) -> Tensor:
    """The way back from `normalise`, [B, 3, H, W]; not clamped."""
    mean, deviation = (images.new_tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))  # [3, 1, 1]
    return images * deviation + mean


def area(images: Tensor, size: int) -> Tensor:
    """Means over areas, as OpenCV's INTER_AREA: [B, C, H, W] to [B, C, size, size]."""
    height, width = images.shape[2:]
    rows, columns = (_overlaps(side, size).to(images) for side in (height, width))  # [s, H], [s, W]
    return rows @ images @ columns.T  # [B, C, s, s]


def _overlaps(side: int, size: int) -> Tensor:
    """How much of each of `size` areas lies in each of `side` pixels: [size, side] float64."""
    edges = torch.arange(size + 1, dtype=torch.float64) * side / size  # [size + 1], in pixels
    left = torch.arange(side, dtype=torch.float64)  # [side]
    shared = torch.minimum(edges[1:, None], left + 1) - torch.maximum(edges[:-1, None], left)  # [size, side]
    return torch.where(shared > LEAST * min(1.0, side / size), shared, 0) * size / side


def _check(photos: Tensor, holes: Tensor) -> None:
    b, c, h, w = photos.shape if photos.ndim == 4 else (0, 0, 0, 0)
    if c != 3 or not photos.is_floating_point():
        raise ValueError(f"photos: is {list(photos.shape)} {photos.dtype}; accepted: [B, 3, H, W] floats in [0, 1]")
    if holes.shape != (b, 1, h, w):
        raise ValueError(f"holes: is {list(holes.shape)}; accepted: [{b}, 1, {h}, {w}], 1 = hole")
