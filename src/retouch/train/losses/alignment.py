"""Semantic alignment: tokens made from the masked image point where those of the clean image point."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from retouch.train.losses.pixel import full


def cosine_alignment(tokens: Tensor, targets: Tensor) -> Tensor:
    """-mean cos(token, target), from -1 (same direction) to 1 (opposite).

    As in the released code of 2DGS inpainting, where the target is DINOv2's CLS token of the clean image and the token
    that of the masked image after the mapping MLP. 1 - cos has the same gradient. Computed in float32.

    Args:
        tokens: [B, D], or [B, N, D] for N tokens an image, floats.
        targets: the same shape; receives no gradient.

    Returns:
        A scalar, the mean over the tokens.

    Raises:
        ValueError: shapes that differ or are neither, or integers.
    """
    for name, x in (("tokens", tokens), ("targets", targets)):
        if x.ndim not in (2, 3) or 0 in x.shape or not x.is_floating_point():
            raise ValueError(f"{name}: is {list(x.shape)} {x.dtype}; accepted: [B, D] or [B, N, D] floats")
    if tokens.shape != targets.shape:
        raise ValueError(f"targets: is {list(targets.shape)}; accepted: {list(tokens.shape)} like tokens")
    return -F.cosine_similarity(full(tokens), full(targets.detach()), dim=-1).mean()
