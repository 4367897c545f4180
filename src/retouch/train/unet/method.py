"""The U-Net as a Method, from trained weights. PyTorch is imported when they are loaded, not before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.methods.base import Needs
from retouch.train.unet.config import UnetConfig

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.torch_method import Call, TorchMethod


def needs(config: Mapping[str, Any]) -> Needs:
    """What a network of this configuration asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    UnetConfig.model_validate(config)
    return Needs(multiple=16, smallest=16, native=256)


def build(needs: Needs, device: str, weights: Path) -> TorchMethod:
    """The method of an export's card; arguments and errors as `retouch.methods.gaussian.method.build`."""
    from retouch.methods.torch_method import TorchMethod, find_device, load_network
    from retouch.train.export import load_export
    from retouch.train.unet.network import Unet

    place, export = find_device(device), load_export(weights)
    config = UnetConfig.model_validate(export.card.config)
    unet = load_network(lambda: Unet(config), export, "unet", weights)

    def fill(photos: Tensor, holes: Tensor, call: Call) -> Tensor:  # noqa: ARG001 - nothing random, one scale
        return unet(photos, holes)  # type: ignore[no-any-return]

    return TorchMethod(fill, [unet], needs, place)
