"""Networks with the weights of released files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch

from retouch.methods.asuka.align import Alignment
from retouch.methods.asuka.convert import PARTIAL, read_alignment, read_mae
from retouch.methods.asuka.mae import MaskedAutoencoder
from retouch.weights import fill_module

if TYPE_CHECKING:
    from torch import Tensor

    from retouch.methods.asuka.config import Align, Mae


def load_mae(path: str | os.PathLike[str], config: Mae) -> MaskedAutoencoder:
    """The autoencoder of a released file, in evaluation mode; files and errors as `fill_mae`."""
    with torch.random.fork_rng(devices=[]):  # first weights, which are thrown away, leave torch's seed alone
        network = MaskedAutoencoder(config)
    fill_mae(network, path)
    return network.eval()


def fill_mae(network: MaskedAutoencoder, path: str | os.PathLike[str]) -> None:
    """Copy the weights of ASUKA's `mae_300.pth`, MAE-FAR's or facebook/vit-mae-base's file into a network.

    Where the file knows nothing of partly covered patches, alpha becomes 1, so that they are not looked at.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, its keys or shapes are those of another network, or its positions are others.
    """
    tensors = read_mae(path)
    for name, ours in (("pos_embed", network.positions), ("decoder_pos_embed", network.decoder_positions)):
        _check_positions(name, tensors.pop(name, ours), ours, path)
    if not any(key in tensors for key in PARTIAL):
        own = network.state_dict()
        tensors |= {key: own[key] for key in PARTIAL} | {"alpha": torch.tensor(1.0)}
    fill_module(network, tensors, path)


def load_alignment(path: str | os.PathLike[str], config: Align) -> Alignment:
    """The alignment of a released file (`asuka_alignment_clip.pt`, `asuka_alignment_t5.pt`), in evaluation mode.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or its keys or shapes are those of another network.
    """
    tensors = read_alignment(path)
    with torch.random.fork_rng(devices=[]):  # as above
        network = Alignment(config)
    fill_module(network, tensors, path)
    return network.eval()


def _check_positions(name: str, given: Tensor, ours: Tensor, path: str | os.PathLike[str]) -> None:
    """Positions are fixed, and computed here: a file with others would not be understood."""
    if given.shape != ours.shape or not torch.allclose(given, ours.to(given), rtol=0, atol=1e-3):
        shapes = f"{list(given.shape)}; accepted: the sin-cos positions {list(ours.shape)}"
        raise ValueError(f"{path}: {name!r} has other positions, {shapes}")
