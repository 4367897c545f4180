"""Fixed samples on a recipe's way: filled for sheets and validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from retouch.data.training.loader import to_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from retouch.data.training.samples import Drawn
    from retouch.train.recipe import Recipe


def fill_samples(
    recipe: Recipe, networks: Mapping[str, nn.Module], samples: Sequence[Drawn], batch: int = 8
) -> list[NDArray[np.uint8]]:
    """Each sample's photo with its hole filled, [S, S, 3] uint8; known pixels as they are.

    Args:
        recipe: fills.
        networks: with these, in evaluation mode; where they lie is computed.
        samples: photos and holes of one size.
        batch: samples at a time.
    """
    device = next((p.device for network in networks.values() for p in network.parameters()), torch.device("cpu"))
    filled: list[NDArray[np.uint8]] = []
    for start in range(0, len(samples), batch):
        part = samples[start : start + batch]
        photos, holes, seeds = to_tensors(part)  # [B, 3, S, S], [B, 1, S, S], [B]
        with torch.inference_mode():
            out = recipe.fill(networks, photos.to(device), holes.to(device), seeds)  # [B, 3, S, S]
        images = (out.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()  # [B, S, S, 3]
        filled += [
            np.where(sample.hole[..., None], image, sample.photo) for sample, image in zip(part, images, strict=True)
        ]
    return filled
