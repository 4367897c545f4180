"""Any autoencoder as a round trip: a folder of diffusers, or an own export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from retouch.methods.asuka.decoder_config import DecoderConfig, VaeConfig
from retouch.methods.asuka.decoder_load import NETWORK, autoencoder, read_diffusers
from retouch.methods.torch_method import find_device, load_network, to_array, to_tensor
from retouch.train.export import load_export

if TYPE_CHECKING:
    from retouch.methods.asuka.drift import RoundTrip
    from retouch.methods.base import Images

CONFIGS: dict[str, type[VaeConfig] | type[DecoderConfig]] = {"asuka-vae": VaeConfig, "asuka-decoder": DecoderConfig}


def load_round_trip(source: str | os.PathLike[str], device: str = "auto") -> RoundTrip:
    """Encoding to the mean latent, and decoding without known pixels.

    Args:
        source: a folder of diffusers' `AutoencoderKL`, or the .json of an export of `asuka-vae` or `asuka-decoder`.
        device: "auto", or one by name.

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: it is damaged, or none of these.
    """
    place, path = find_device(device), Path(source)
    network: Any = (read_diffusers(path) if path.is_dir() else _exported(path)).to(place).eval()

    def round_trip(photo: Images) -> Images:
        with torch.inference_mode():
            images = 2 * to_tensor(photo[None], place) - 1  # [1, 3, H, W]
            out = network.decode(network.encode(images).latent_dist.mode()).sample  # [1, 3, H, W]
            image: Images = to_array((out + 1) / 2)[0]  # [H, W, 3]
        return image

    return round_trip


def _exported(card: Path) -> Any:
    if card.suffix != ".json":
        raise ValueError(f"vae: is {card}; accepted: a folder of diffusers' AutoencoderKL, or the .json of an export")
    export = load_export(card)
    kind = CONFIGS.get(export.card.method)
    if kind is None:
        raise ValueError(f"vae: {card} is of {export.card.method!r}; accepted: {', '.join(CONFIGS)}")
    config = kind.model_validate(export.card.config).network
    return load_network(lambda: autoencoder(config), export, NETWORK, card)
