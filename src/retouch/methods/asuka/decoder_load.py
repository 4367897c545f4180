"""Autoencoders with the weights of files: diffusers' folders, own exports, released decoders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from retouch.methods.asuka.decoder import AsukaAutoencoder
from retouch.methods.asuka.decoder_convert import read_autoencoder, with_mask_channel
from retouch.weights import fill_module

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.asuka.decoder_config import Autoencoder

NETWORK = "autoencoder"  # its name in exports
CONDITION = "decoder.condition_encoder."
FIRST = f"{CONDITION}layers.0.weight"


def autoencoder(config: Autoencoder) -> AsukaAutoencoder:
    """A fresh one."""
    network: AsukaAutoencoder = AsukaAutoencoder(
        latent_channels=config.latent,
        block_out_channels=config.widths,
        layers_per_block=config.blocks,
        norm_num_groups=config.groups,
        condition_mask=config.condition_mask,
        gates=config.gates,
        use_quant_conv=config.quant,
        scaling_factor=config.scaling,
        shift_factor=config.shift,
    )
    return network


def fill_autoencoder(network: AsukaAutoencoder, source: str | os.PathLike[str], config: Autoencoder) -> None:
    """Copy the weights of `source` into a network; a condition encoder that the source lacks stays fresh.

    Args:
        network: of `config`.
        source: a folder of diffusers' `AutoencoderKL`, the .json of an export of `asuka-vae` or `asuka-decoder`, or a
            released file (`asuka_decoder.ckpt`, Zhu et al.) that has the encoder too.
        config: of the network.

    Raises:
        FileNotFoundError: there is no such folder or file.
        ValueError: it is damaged or of another network.
    """
    path = Path(source)
    if path.is_dir():
        tensors = read_diffusers(path).state_dict()
    elif path.suffix == ".json":
        tensors = _of_export(path)
    else:
        tensors = read_autoencoder(path)
        if not any(key.startswith("encoder.") for key in tensors):
            raise ValueError(f"vae: {path} has a decoder only; accepted: with the encoder, a folder, or an export")
    _fill(network, tensors, path, config)


def fill_decoder(network: AsukaAutoencoder, path: str | os.PathLike[str], config: Autoencoder) -> None:
    """Copy a released decoder (`asuka_decoder.ckpt`) into a network that has its encoder; errors as above."""
    own = {key: value for key, value in network.state_dict().items() if not key.startswith("decoder.")}
    _fill(network, own | read_autoencoder(path), path, config)


def read_diffusers(folder: Path) -> Any:
    """The `AutoencoderKL` in a folder of diffusers, in float32.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged, or of another kind.
    """
    import diffusers

    kind: Any = diffusers.AutoencoderKL
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"vae: {folder} has no config.json; accepted: a folder of diffusers' AutoencoderKL")
    try:
        return kind.from_pretrained(folder, local_files_only=True, torch_dtype=torch.float32)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"vae: {folder} cannot be read: {reason}") from error


def _fill(
    network: AsukaAutoencoder, tensors: Mapping[str, Tensor], path: Path | str | os.PathLike[str], config: Autoencoder
) -> None:
    tensors = dict(tensors)
    if config.condition_mask and FIRST in tensors:
        tensors[FIRST] = with_mask_channel(tensors[FIRST])
    if not any(key.startswith(CONDITION) for key in tensors):
        own = network.state_dict()
        tensors |= {key: value for key, value in own.items() if key.startswith(CONDITION)}
    fill_module(network, tensors, path)


def _of_export(card: Path) -> dict[str, Tensor]:
    from retouch.train.export import load_export

    export = load_export(card)
    if NETWORK not in export.networks:
        names = ", ".join(export.networks)
        raise ValueError(f"vae: {card} holds {names}; accepted: an export of asuka-vae or asuka-decoder")
    return dict(export.networks[NETWORK])
