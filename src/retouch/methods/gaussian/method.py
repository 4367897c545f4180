"""2D Gaussian splatting as a Method, from trained weights. PyTorch is imported when they are loaded, not before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.methods.base import Needs
from retouch.methods.gaussian.config import SMALLEST, GaussianConfig

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.torch_method import Call, TorchMethod


def needs(config: Mapping[str, Any]) -> Needs:
    """What a network of this configuration asks of its caller.

    Raises:
        ValueError: it is none of this method's; a pydantic error that names the field.
    """
    own = GaussianConfig.model_validate(config)
    return Needs(
        multiple=own.network.patch,
        smallest=SMALLEST,
        native=own.run.size,
        # The same Gaussians at any resolution; transposed convolutions know one.
        scales=(1, 2, 4) if own.network.decoder == "gaussian" else (1,),
    )


def build(needs: Needs, device: str, weights: Path) -> TorchMethod:
    """The method of an export's card.

    Args:
        needs: as `needs` gives for it.
        device: "auto", or one by name.
        weights: the card.

    Raises:
        FileNotFoundError: the weights beside the card, or those of the semantic encoder, are missing.
        ValueError: the weights are not those of the card or of such a network; a device that is not there.
        ImportError: an extra is missing; the message says which.
    """
    from retouch.methods.gaussian.network import Generator
    from retouch.methods.gaussian.semantic import semantic_encoder
    from retouch.methods.torch_method import TorchMethod, find_device, load_network
    from retouch.train.export import load_export

    place, export = find_device(device), load_export(weights)
    config = GaussianConfig.model_validate(export.card.config).network
    generator = load_network(lambda: Generator(config), export, "generator", weights)
    encode = semantic_encoder(config, device=str(place))

    def fill(photos: Tensor, holes: Tensor, call: Call) -> Tensor:  # noqa: ARG001 - the network is not told the hole
        token = None if encode is None else encode(photos)  # [N, d]
        image: Tensor = generator(photos, token, scale=call.scale).image  # [N, 3, scale * H, scale * W]
        return image

    return TorchMethod(fill, [generator], needs, place)
