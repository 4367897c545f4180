"""ASUKA's decoder as a harmoniser: a fill is encoded, and decoded beside the known pixels.

PyTorch and diffusers are imported when weights are loaded, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.methods.asuka.decoder_config import LEVELS, DecoderConfig
from retouch.methods.base import Needs, check_cancel

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from retouch.methods.base import CancelCallback, Images, Masks

NATIVE = 512  # convolutions trained on crops of 256 still hold at twice that


def needs(config: Mapping[str, Any]) -> Needs:
    """What a decoder of this configuration asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    DecoderConfig.model_validate(config)
    return Needs(multiple=2 ** (LEVELS - 1), smallest=2**LEVELS, native=NATIVE)


def build(needs: Needs, device: str, weights: Path) -> DecoderHarmoniser:
    """The harmoniser of an export's card; arguments and errors as `retouch.methods.gaussian.method.build`."""
    from retouch.methods.asuka.decoder_load import NETWORK, autoencoder
    from retouch.methods.torch_method import find_device, load_network
    from retouch.train.export import load_export

    place, export = find_device(device), load_export(weights)
    config = DecoderConfig.model_validate(export.card.config).network
    network = load_network(lambda: autoencoder(config), export, NETWORK, weights)
    return DecoderHarmoniser(network, needs, place)


class DecoderHarmoniser:
    """x = D(E(c), known pixels, mask), c the photo with its fill in the hole.

    Attributes:
        needs: what it asks of its caller.
        network: an `AsukaAutoencoder`; `enable_tiling()` bounds its memory.
    """

    def __init__(self, network: Any, needs: Needs, device: torch.device) -> None:
        self.network, self.needs, self.device = network.to(device).eval().requires_grad_(False), needs, device

    def __call__(self, photos: Images, filled: Images, masks: Masks, *, cancel: CancelCallback | None = None) -> Images:
        """Harmonise; see `retouch.methods.base.Harmoniser`.

        Raises:
            ValueError: the network gives NaN or infinite values.
            MemoryError: the device has too little; the message says what helps.
            Cancelled: `cancel` said so.
        """
        import torch

        from retouch.methods.torch_method import to_array, to_tensor

        # One by one on a processor, as methods: a photo's result does not depend on its batch to the bit.
        most = 1 if self.device.type == "cpu" else max(1, len(photos))
        out = []
        for start in range(0, len(photos), most):
            check_cancel(cancel)
            part = slice(start, start + most)
            holes = masks[part, ..., None]  # [n, H, W, 1]
            known = to_tensor(np.where(holes, np.float32(0), photos[part]), self.device)  # [n, 3, H, W]
            whole = to_tensor(np.where(holes, filled[part], photos[part]), self.device)  # [n, 3, H, W]
            try:
                with torch.inference_mode():
                    image = harmonised(self.network, known, whole, to_tensor(holes.astype(np.float32), self.device))
            except torch.OutOfMemoryError as error:
                size = f"{photos.shape[2]} x {photos.shape[1]} pixels"
                raise MemoryError(
                    f"harmonising {size} needs more than {self.device} has; device 'cpu' helps"
                ) from error
            if not image.isfinite().all():
                raise ValueError("harmoniser: gives values that are no finite numbers; its weights are of no use")
            out.append(np.where(holes, to_array(image), photos[part]))
        return np.concatenate(out)


def harmonised(network: Any, known: Tensor, whole: Tensor, holes: Tensor) -> Tensor:
    """The decoded photo, [B, 3, H, W] around [0, 1], known pixels decoded too.

    Args:
        network: an `AsukaAutoencoder`.
        known: photos [B, 3, H, W] in [0, 1]; what lies under the hole is not looked at.
        whole: the same photos with something in the hole, or otherwise changed; what is encoded.
        holes: [B, 1, H, W], 1 = hole.
    """
    latent = network.encode(2 * whole - 1).latent_dist.mode()  # [B, C, h, w]
    image: Tensor = network.decode(latent, image=2 * known - 1, mask=holes).sample  # [B, 3, H, W]
    return (image + 1) / 2
