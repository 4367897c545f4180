"""PixelHacker as a Method: the sampling of `sample.py` over released weights, or over those of an export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.methods.base import Progress, check_cancel
from retouch.methods.pixelhacker.config import Network, PixelHackerConfig
from retouch.methods.pixelhacker.options import PixelHackerOptions
from retouch.methods.pixelhacker.release import FOLDERS, fetch, load_denoiser, load_vae

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from retouch.methods.base import Images, Needs
    from retouch.methods.pixelhacker.network import LcgModel
    from retouch.methods.pixelhacker.sample import Denoiser
    from retouch.methods.torch_method import Call, TorchMethod
    from retouch.ops.codec import Codec
    from retouch.train.export import Export

NETWORK = "denoiser"  # its name in an export


def build(name: str, needs: Needs, device: str, network: Network | None = None) -> TorchMethod:
    """The method with the released weights of the card `name`.

    Args:
        name: of the card.
        needs: as the card has them.
        device: "auto", or one by name.
        network: what it is made of; None: the released size.

    Raises:
        WeightsMissing: they are not here and cannot be fetched; the message says which file to put where.
        ValueError: a file is damaged or of another network; a device that is not there.
    """
    from retouch.methods.torch_method import find_device
    from retouch.ops.codec import TILE, Vae

    place = find_device(device)
    files = fetch(name, network)
    codec = Vae(load_vae(files.vae, files.vae_config).to(place), tile=TILE)
    return assemble(partial(load_denoiser, files.network, network), codec, needs, place)


pretrained, places2, celebahq, ffhq = (partial(build, name) for name in FOLDERS)


def build_export(needs: Needs, device: str, weights: Path) -> TorchMethod:
    """The method of an export's card; a network of latents takes the released VAE.

    Raises:
        FileNotFoundError: the weights beside the card, or the VAE's, are missing.
        ValueError: the weights are not those of the card or of such a network; a device that is not there.
    """
    from retouch.methods.pixelhacker.release import fetch_vae
    from retouch.methods.torch_method import find_device
    from retouch.ops.codec import TILE, Pixels, Vae
    from retouch.train.export import load_export

    place, export = find_device(device), load_export(weights)
    config = PixelHackerConfig.model_validate(export.card.config)
    codec = Pixels() if config.space == "pixel" else Vae(load_vae(*fetch_vae()).to(place), tile=TILE)
    return assemble(partial(exported_network, config, export, weights), codec, needs, place)


def exported_network(config: PixelHackerConfig, export: Export, card: Path) -> LcgModel:
    """The network of an export; where low-rank adapters were trained, they are put into its weights.

    Raises:
        ValueError: the weights are not those of such a network; `card` is named.
    """
    from retouch.methods.pixelhacker.low_rank import adapt, merge
    from retouch.methods.pixelhacker.network import LcgModel
    from retouch.methods.torch_method import load_network

    rank = config.training.lora_rank
    if rank == 0:
        return load_network(lambda: LcgModel(config.network), export, NETWORK, card)
    return merge(load_network(lambda: adapt(LcgModel(config.network), rank), export, NETWORK, card))


def assemble(load: Callable[[], LcgModel], codec: Codec, needs: Needs, device: torch.device) -> TorchMethod:
    """The method of a network that `load` makes, and a codec that is on the device already."""
    from retouch.methods.pixelhacker.precision import Placed
    from retouch.methods.torch_method import TorchMethod

    placed = Placed(load, device)
    method = TorchMethod(partial(fill, placed.at, codec, needs.steps or 1), [], needs, device)
    method.parameters = placed.parameters
    return method


def fill(
    network: Callable[[str, bool], Denoiser], codec: Codec, steps: int, photos: Tensor, holes: Tensor, call: Call
) -> Tensor:
    """Photos [N, 3, H, W] in [0, 1], filled where `holes` [N, 1, H, W] are 1.

    Args:
        network: gives the network in a precision, offloaded or not, as `precision.Placed.at`.
        codec: the way to its latents.
        steps: if the options name no number.
        photos, holes, call: as `TorchMethod` gives them.
    """
    from retouch.methods.pixelhacker.sample import draw, sample

    assert isinstance(call.options, PixelHackerOptions)
    denoiser = network(call.options.dtype, call.options.offload)
    height, width = (side // codec.factor for side in photos.shape[2:])
    draws = draw(call.seeds, (codec.channels, height, width), photos.device)
    signed = photos * 2 - 1  # [N, 3, H, W] in [-1, 1]

    def shown(latents: Tensor) -> Images:
        from retouch.methods.torch_method import to_array

        return to_array(holes * (codec.decode(latents) / 2 + 0.5) + (1 - holes) * photos)

    for step in sample(denoiser, codec, signed, holes, draws, call.options.sampling(steps)):
        if call.progress is not None:
            call.progress(Progress("step", step.k, step.steps, partial(shown, step.clean)))
        check_cancel(call.cancel)
    return codec.decode(step.latents) / 2 + 0.5
