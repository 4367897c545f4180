"""From a stream of images to features, with a cache, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from retouch.features.extractor import check_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.features.cache import FeatureCache
    from retouch.features.extractor import Extractor


def extract(
    images: Iterable[NDArray[np.uint8]], extractor: Extractor, cache: FeatureCache | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield the feature vector [d] float32 of each image, in order; one image is held at a time.

    Args:
        images: each [H, W, 3] uint8, any size.
        extractor: the network.
        cache: where vectors are looked up first and kept.

    Raises:
        ValueError: an image of another type or shape; the message has its index.
    """
    for k, image in enumerate(images):
        check_image(image, f"images[{k}]")
        key = cache.key(image, extractor) if cache is not None else ""
        row = cache.get(key, extractor.width) if cache is not None else None
        if row is None:
            row = extractor([image])[0]
            if cache is not None:
                cache.put(key, row)
        yield row


def features(
    images: Iterable[NDArray[np.uint8]], extractor: Extractor, cache: FeatureCache | None = None
) -> NDArray[np.float32]:
    """Feature matrix [N, d] float32 of `images`; see `extract`. Empty input gives [0, d]."""
    rows = list(extract(images, extractor, cache))
    return np.stack(rows) if rows else np.empty((0, extractor.width), np.float32)
