"""The masked autoencoder alone as a Method: its coarse guess is pasted into the hole. Needs PyTorch at the first load.

It shows what the prior knows; as a fill it is blurred.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.methods.asuka.config import MaeConfig
from retouch.methods.base import Needs

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.torch_method import Call, TorchMethod


def needs(config: Mapping[str, Any]) -> Needs:
    """What an autoencoder of this configuration asks of its caller; windows of any size are scaled inside.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    return Needs(multiple=1, smallest=1, native=MaeConfig.model_validate(config).network.size)


def build(needs: Needs, device: str, weights: Path) -> TorchMethod:
    """The method of an export's card; arguments and errors as `retouch.methods.gaussian.method.build`."""
    from torch.nn.functional import interpolate

    from retouch.methods.asuka.mae import MaskedAutoencoder
    from retouch.methods.asuka.preprocess import denormalise, preprocess
    from retouch.methods.torch_method import TorchMethod, find_device, load_network
    from retouch.train.export import load_export

    place, export = find_device(device), load_export(weights)
    config = MaeConfig.model_validate(export.card.config).network
    mae = load_network(lambda: MaskedAutoencoder(config), export, "mae", weights)

    def fill(photos: Tensor, holes: Tensor, call: Call) -> Tensor:  # noqa: ARG001 - nothing random, one scale
        painted = denormalise(mae.reconstruct(*preprocess(photos, holes, config.size)))  # [N, 3, s, s]
        return interpolate(painted, photos.shape[2:], mode="bilinear")  # [N, 3, H, W]

    return TorchMethod(fill, [mae], needs, place)
