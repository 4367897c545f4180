"""An extractor: a network with its weights, and how images become one feature vector each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

# Distances over other features than a metric was defined on get another name: a Fréchet distance is no FID there.
_GENERIC = {"fid": "fd", "kid": "kd"}


@dataclass(frozen=True, eq=False)
class Extractor:
    """Images in, features out; the same vector for an image whatever else is in the batch.

    Attributes:
        name: of network, layer and preparation, e.g. "vgg16-relu5_3".
        short: what stands behind a metric's name where it is not the standard network, e.g. "vgg".
        standard: metrics that are defined on exactly these features and keep their plain names.
        width: length d of a vector.
        identity: fingerprint of the weights (SHA-256 or pinned revision); part of every cache key.
        prepare: one image [H, W, 3] uint8 to what the network sees, [1, 3, h, w].
        feature: [1, 3, h, w] to [1, d].
        device: where the network is.
    """

    name: str
    short: str
    standard: frozenset[str]
    width: int
    identity: str
    prepare: Callable[[NDArray[np.uint8]], Tensor]
    feature: Callable[[Tensor], Tensor]
    device: str = "cpu"

    def label(self, metric: str) -> str:
        """Name under which `metric` over these features may be reported: "fid", or "fd-vgg" off its network."""
        if metric in self.standard:
            return metric
        return f"{_GENERIC.get(metric, metric)}-{self.short}"

    def __call__(self, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features [N, d] float32 of `images`, each [H, W, 3] uint8, sizes as they come.

        Raises:
            ValueError: an image of another type or shape.
        """
        import torch

        rows = np.empty((len(images), self.width), np.float32)  # [N, d]
        with torch.inference_mode():
            # One image per pass: convolution kernels are chosen by batch size and round differently.
            for k, image in enumerate(images):
                check_image(image, f"images[{k}]")
                rows[k] = self.feature(self.prepare(image).to(self.device))[0].float().cpu().numpy()  # [d]
        return rows


def check_image(image: object, name: str) -> None:
    """Raise ValueError unless `image` is a [H, W, 3] uint8 array with pixels."""
    if not isinstance(image, np.ndarray):
        raise ValueError(f"{name}: is {type(image).__name__}; accepted: a [H, W, 3] uint8 array")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"{name}: is {image.dtype} {list(image.shape)}; accepted: uint8 [H, W, 3]")


def to_tensor(image: NDArray[np.uint8]) -> Tensor:
    """[H, W, 3] uint8 array to a [1, 3, H, W] uint8 tensor."""
    import torch

    return torch.from_numpy(np.array(image.transpose(2, 0, 1)[None], order="C"))
