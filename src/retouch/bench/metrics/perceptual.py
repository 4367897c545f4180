"""LPIPS of two photos (Zhang et al. 2018), with the reading of pixel values spelt out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from retouch.bench.metrics.check import check_image_pair, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from retouch.bench.metrics.check import Image
    from retouch.features.lpips import Lpips

Reading = Literal["signed", "unit"]


def lpips(a: Image, b: Image, network: Lpips, *, reading: Reading = "signed") -> float:
    """Perceptual distance over the whole image; 0: equal.

    Args:
        a: uint8 [H, W, 3].
        b: uint8 [H, W, 3].
        network: what `retouch.features.loaders.load_lpips` gives; "alex" is what papers report, LaMa reports "vgg".
        reading: "signed": pixels become [-1, 1], which the network expects. "unit": they become [0, 1], a mistake of
            the 2DGS script that changes every distance; for comparison with its numbers only.

    Raises:
        ValueError: another type, size or reading, or an image too small for the network.
    """
    return float(lpips_layers(a, b, network, reading=reading).sum())


def lpips_layers(a: Image, b: Image, network: Lpips, *, reading: Reading = "signed") -> NDArray[np.float64]:
    """Contributions [5] of the network's layers; `lpips` is their sum."""
    import torch

    check_image_pair(a, b)
    choose(reading, ("signed", "unit"), "reading")
    if min(a.shape[:2]) < 32:
        raise ValueError(f"a: is {list(a.shape)}; accepted: sides of at least 32, the network shrinks them 16-fold")
    device = next(network.parameters()).device

    def tensor(image: Image) -> Tensor:
        x = torch.from_numpy(np.array(image.transpose(2, 0, 1)[None], np.float32)).to(device)  # [1, 3, H, W]
        return x / 127.5 - 1 if reading == "signed" else x / 255

    with torch.inference_mode():
        return network.layers(tensor(a), tensor(b))[0].cpu().numpy().astype(np.float64)
