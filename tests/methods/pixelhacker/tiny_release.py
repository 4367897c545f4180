"""A release of toy size in the layout of the hub's repository, and models of its parts."""

from functools import partial
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from retouch.methods.pixelhacker.config import Network
from retouch.methods.pixelhacker.convert import their_name
from retouch.methods.pixelhacker.method import assemble, build
from retouch.methods.pixelhacker.network import LcgModel
from retouch.methods.pixelhacker.options import NEEDS
from retouch.ops.codec import Vae

TINY = Network(block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=16, embedding_width=24, groups=8)
CPU = torch.device("cpu")


def denoiser(seed=0):
    """The network with weights that follow from the seed; torch's own state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LcgModel(TINY)


def autoencoder(seed=1):
    """A VAE with an eighth of the photo's size."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoencoderKL(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            norm_num_groups=4,
            scaling_factor=0.13025,
        )


def method(seed=0):
    """The method over both, without files."""
    return assemble(partial(denoiser, seed), Vae(autoencoder()), NEEDS, CPU)


def write_release(folder: Path, name="pretrained"):
    """The files of the hub's repository: pickles of tensors by their released names, the VAE in half precision."""
    names = {"network": folder / name, "vae": folder / "vae"}
    for each in names.values():
        each.mkdir(parents=True, exist_ok=True)
    state = {their_name(key): value for key, value in denoiser().state_dict().items()}
    torch.save(state, names["network"] / "diffusion_pytorch_model.bin")
    vae = autoencoder()
    torch.save(vae.half().state_dict(), names["vae"] / "diffusion_pytorch_model.bin")
    (names["vae"] / "config.json").write_text(vae.to_json_string())
    return folder


def built(name="pixelhacker/pretrained"):
    """The method of a card, of toy size."""
    return build(name, NEEDS, "cpu", TINY)
