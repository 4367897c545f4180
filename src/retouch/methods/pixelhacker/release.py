"""The released weights: where they are, how they become ours, and the networks with them.

The authors publish no SHA-256 and we know no revision of their repository, so the newest is fetched. Instead, every
name and shape must be the network's own, no file is read in a way that could run code, and the converted file says
what it was made from.
"""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.methods.pixelhacker.config import Network
from retouch.weights import (
    FOLDER_VARIABLE,
    WeightFile,
    Weights,
    WeightsMissing,
    cache_folder,
    check_fit,
    file_hash,
    locate,
    read_tensors,
    write_tensors,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

    from retouch.methods.pixelhacker.network import LcgModel

REPOSITORY = "hustvl/PixelHacker"
PAGE = f"https://huggingface.co/{REPOSITORY}"
FOLDERS = {
    "pixelhacker/pretrained": "pretrained",
    "pixelhacker/places2": "ft_places2",
    "pixelhacker/celebahq": "ft_celebahq",
    "pixelhacker/ffhq": "ft_ffhq",
}
NAME = "diffusion_pytorch_model"
MEGABYTES = 3617.0  # of a network, 3,449,345,440 bytes, and the VAE, 167,394,306


def _source(remote: str) -> WeightFile:
    return WeightFile(f"pixelhacker/{remote}", None, PAGE, REPOSITORY, None, remote)


def _weights(folder: str) -> Weights:
    """A set in one folder of the repository: what we convert it to first, then the released file."""
    ours = WeightFile(f"pixelhacker/{folder}/{NAME}.safetensors", None, "retouch convert")
    return Weights(f"PixelHacker {folder}", (ours, _source(f"{folder}/{NAME}.bin")), "MIT")


VAE_CONFIG = Weights("PixelHacker vae, its configuration", (_source("vae/config.json"),), "MIT")


@dataclass(frozen=True)
class Files:
    """Where a release is on this machine; both sets of weights are converted."""

    network: Path
    vae: Path
    vae_config: Path


def fetch(name: str, network: Network | None = None) -> Files:
    """Find the files of the model `name`, or get them from the hub; what is not converted yet is, into the cache.

    Args:
        name: of a card, one of `FOLDERS`.
        network: what it must be; None: the released size.

    Raises:
        WeightsMissing: a file is neither in the cache, nor in a folder of RETOUCH_WEIGHTS, nor to be had.
        ValueError: a file is damaged, or of another network.
        OSError: the cache cannot be written.
    """
    folder = FOLDERS[name]
    weights = _weights(folder)
    try:
        vae, vae_config = fetch_vae()
        found = locate(weights)
    except WeightsMissing:
        raise _missing(f"model {name!r}", folder) from None
    return Files(_converted(found, folder, lambda tensors: _our_network(tensors, found, network)), vae, vae_config)


def fetch_vae() -> tuple[Path, Path]:
    """The VAE's weights, converted, and its configuration; errors as `fetch`."""
    try:
        config, found = locate(VAE_CONFIG), locate(_weights("vae"))
    except WeightsMissing:
        raise _missing("PixelHacker's VAE") from None
    return _converted(found, "vae", lambda tensors: _our_vae(tensors, found, config)), config


def _missing(who: str, *folders: str) -> WeightsMissing:
    names = [f"{folder}/{NAME}.bin" for folder in (*folders, "vae")]
    files = f"{', '.join(names)} and vae/config.json of {PAGE}"
    where = f"DIR/pixelhacker, in subfolders as there, and DIR into {FOLDER_VARIABLE}"
    return WeightsMissing(f"{who}: weights are not here and the hub cannot be reached; put {files} into {where}")


def pull(name: str) -> tuple[Path, ...]:
    """`fetch` for `retouch pull`: the files, all of them."""
    files = fetch(name)
    return files.network, files.vae, files.vae_config


def load_denoiser(file: Path, network: Network | None = None) -> LcgModel:
    """The network with the weights of a converted file, in float32, on the CPU.

    Raises:
        ValueError: the file is damaged, or of another network.
    """
    model = _empty_denoiser(network)
    _fill(model, file)
    return model


def load_vae(file: Path, config: Path) -> Any:
    """The VAE, an AutoencoderKL of diffusers, with the weights of a converted file, in float32, on the CPU.

    Raises:
        ValueError: a file is damaged, or they do not belong together.
    """
    model = _empty_vae(config)
    _fill(model, file)
    return model


def convert_file(file: Path, out: Path, *, network: Network | None = None, overwrite: bool = False) -> str:
    """Write a released `.bin` file as `.safetensors` under our names; says in a word what it is.

    A VAE's `config.json` must lie beside it, and is copied beside the result.

    Raises:
        FileNotFoundError: no such file, or a VAE's without its configuration.
        ValueError: it is damaged, would need code to be read, or is no part of this release.
        FileExistsError: `out` exists and `overwrite` is False.
    """
    if out.exists() and not overwrite:  # told before the minute is spent
        raise FileExistsError(f"out: {out} exists already; accepted: another name, or overwrite=True")
    config = file.with_name("config.json")
    tensors = read_tensors(file)
    if "embedding_layer.weight" in tensors:
        kind, ours = "network", _our_network(tensors, file, network)
    elif "decoder.conv_in.weight" in tensors:
        if not config.is_file():
            raise FileNotFoundError(f"file: {file} is a VAE and needs its config.json beside it")
        kind, ours = "VAE", _our_vae(tensors, file, config)
    else:
        raise ValueError(f"file: {file} has weights such as {min(tensors)!r}; accepted: a network or the VAE of {PAGE}")
    write_tensors(ours, out, {"source": file.name, "sha256": file_hash(file)}, overwrite=overwrite)
    if kind == "VAE" and not (target := out.with_name(config.name)).exists():
        shutil.copyfile(config, target)
    return kind


def _converted(found: Path, folder: str, convert: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> Path:
    """The file itself where it is a converted one, else one in the cache that is made from it."""
    if found.suffix == ".safetensors":
        return found
    file = cache_folder() / "pixelhacker" / folder / f"{NAME}.safetensors"
    # A file from the hub lies in a folder called after the repository's commit.
    about = {"source": "/".join(found.parts[-3:]), "sha256": file_hash(found)}
    write_tensors(convert(read_tensors(found)), file, about, overwrite=True)
    return file


def _our_network(tensors: dict[str, Tensor], file: Path, network: Network | None) -> dict[str, Tensor]:
    """A released network's weights under our names, all of them there and of the right shape."""
    from retouch.methods.pixelhacker.convert import convert

    wanted = {name: tensor.shape for name, tensor in _empty_denoiser(network).state_dict().items()}
    try:
        return convert(tensors, wanted)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _our_vae(tensors: dict[str, Tensor], file: Path, config: Path) -> dict[str, Tensor]:
    """A VAE's weights, which keep their names, all of them there and of the right shape."""
    check_fit(_empty_vae(config), tensors, file)
    return tensors


def _fill(model: nn.Module, file: Path) -> None:
    """Give a model without memory the weights of a file as they are in memory: they are large, and needed once."""
    tensors = read_tensors(file)
    check_fit(model, tensors, file)
    model.load_state_dict(tensors, assign=True)
    model.requires_grad_(False).eval()


def _empty_denoiser(network: Network | None) -> LcgModel:
    """The network without memory for its weights."""
    import torch

    from retouch.methods.pixelhacker.network import LcgModel

    with torch.device("meta"):
        return LcgModel(network or Network())


def _empty_vae(config: Path) -> Any:
    """The VAE of a configuration as diffusers writes it, without memory for its weights."""
    import torch

    kind = importlib.import_module("diffusers").AutoencoderKL
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
        with torch.device("meta"):
            return kind.from_config(settings)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{config}: is no configuration of an AutoencoderKL ({error})") from error
