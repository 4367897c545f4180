"""CLIP similarity: cosine between the image embeddings of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.metrics.check import check_features, check_image, check_mask, check_pairs, check_same_width

if TYPE_CHECKING:
    from retouch.bench.metrics.check import Floats, Image, Mask


def clip_similarity(real: Floats, fake: Floats) -> float:
    """Mean cosine of paired feature vectors, -1 to 1; higher is more alike.

    Args:
        real: image embeddings [N, d] (extractor "clip").
        fake: image embeddings [N, d]; row k is the pair of real's row k.

    Raises:
        ValueError: NaN or infinite values, no rows, different shapes, a vector of length zero.
    """
    check_features(real, "real", least=1)
    check_features(fake, "fake", least=1)
    check_same_width(real.shape[1], fake.shape[1])
    check_pairs(len(real), len(fake))
    one, two = real.astype(np.float64), fake.astype(np.float64)  # [N, d]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)  # [N]
    if (lengths == 0).any():
        raise ValueError(
            f"real, fake: row {int((lengths == 0).argmax())} is all zeros; accepted: vectors with a length"
        )
    return float(((one * two).sum(axis=1) / lengths).mean())


def only_hole(image: Image, mask: Mask) -> Image:
    """`image` uint8 [H, W, 3], black outside the hole: what ASUKA's script embeds of filled photo and truth.

    Raises:
        ValueError: another type or size.
    """
    check_image(image, "image")
    check_mask(mask, image, filled=False)
    return np.where(mask[..., None], image, np.uint8(0))
