"""The networks of ASUKA's models from their files. Needs PyTorch and diffusers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from torch import Tensor

from retouch.methods.asuka.align import Alignment
from retouch.methods.asuka.config import ALIGNMENTS, Align, Mae, MaeConfig
from retouch.methods.asuka.decoder import AsukaAutoencoder
from retouch.methods.asuka.decoder_config import DECODER_VARIANTS, Autoencoder, DecoderConfig
from retouch.methods.asuka.decoder_load import NETWORK as AUTOENCODER
from retouch.methods.asuka.decoder_load import autoencoder, fill_autoencoder, fill_decoder
from retouch.methods.asuka.load import load_alignment, load_mae
from retouch.methods.asuka.mae import MaskedAutoencoder
from retouch.methods.asuka.prior import Embedding
from retouch.methods.asuka.release import EMPTY, Base
from retouch.methods.torch_method import load_network
from retouch.train.export import load_export
from retouch.weights import read_pickled, read_safetensors


def read_denoiser(base: Base, folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    """The network of a base that predicts, in evaluation mode.

    Raises:
        ValueError: its folder cannot be read.
    """
    kind: Any = FluxTransformer2DModel if base.denoiser == "transformer" else UNet2DConditionModel
    return _pretrained(kind, folder / base.denoiser, torch_dtype=dtype).eval().requires_grad_(False)


def read_vae(folder: Path) -> Any:
    """A base's own autoencoder, in float32; errors as above."""
    return _pretrained(AutoencoderKL, folder / "vae", torch_dtype=torch.float32).eval().requires_grad_(False)


def read_scheduler(base: Base, folder: Path) -> Any:
    """A base's scheduler, of which only the settings are used; errors as above."""
    kind: Any = FlowMatchEulerDiscreteScheduler if base.denoiser == "transformer" else DDIMScheduler
    return _pretrained(kind, folder / "scheduler")


def read_mae(path: Path) -> MaskedAutoencoder:
    """The masked autoencoder of an export of asuka-mae (.json), or of a released file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged or of another network.
    """
    if path.suffix != ".json":
        return load_mae(path, Mae())
    export = load_export(path, "asuka-mae")
    config = MaeConfig.model_validate(export.card.config)
    return load_network(lambda: MaskedAutoencoder(config.network), export, "mae", path).eval()


def read_alignment(path: Path, released: str) -> Alignment:
    """The alignment of an export of asuka-align (.json), or of a released file of the kind `released`; as above."""
    if path.suffix != ".json":
        return load_alignment(path, ALIGNMENTS[released])
    export = load_export(path, "asuka-align")
    config = Align.model_validate(export.card.config["alignment"])
    return load_network(lambda: Alignment(config), export, "alignment", path).eval()


def read_tokens(path: Path) -> Embedding:
    """The learnt tokens [1, N, M] of an export of asuka-align with learn = "prompt", or of asuka-denoiser; as above."""
    export = load_export(path, "asuka-align", "asuka-denoiser")
    if "prompt" not in export.networks:
        raise ValueError(f"tokens: {path} holds {', '.join(export.networks)}; accepted: an export of learn = 'prompt'")
    return Embedding(export.networks["prompt"]["tokens"])


def read_decoder(path: Path, vae: Path, latent: int) -> AsukaAutoencoder:
    """The conditioned decoder with its encoder: of an export of asuka-decoder (.json), or of a released file.

    Args:
        path: the file.
        vae: folder of the base's autoencoder, whose encoder goes with a released decoder.
        latent: channels of the latents; 4, or 16 for FLUX.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is damaged, or of another network, or its latents are not those of the base.
    """
    if path.suffix == ".json":
        export = load_export(path, "asuka-decoder")
        config = DecoderConfig.model_validate(export.card.config).network
        network: AsukaAutoencoder = load_network(lambda: autoencoder(config), export, AUTOENCODER, path)
    else:
        config = DECODER_VARIANTS["flux" if latent == 16 else "paper"].network
        network = _released_decoder(path, vae, config)
    if config.latent != latent:
        raise ValueError(f"decoder: {path} decodes {config.latent} channels; accepted: {latent}, as the base's")
    base = _settings(vae)
    for name, own, other in (
        ("scaling", config.scaling, base.get("scaling_factor", 0.18215)),
        ("shift", config.shift or 0.0, base.get("shift_factor") or 0.0),
    ):
        if not math.isclose(own, other, rel_tol=1e-5, abs_tol=1e-6):
            raise ValueError(f"decoder: {path} has network.{name} {own:g}; accepted: {other:g}, as the base's vae")
    return network.eval().requires_grad_(False)


def read_empty(tokens: Path, pooled: Path) -> Embedding:
    """An empty text's embedding from two files, each a tensor: [1, N, M] and [1, M].

    Raises:
        ValueError: a file is no tensor.
    """
    found, vector = (_tensor(path).float() for path in (tokens, pooled))
    return Embedding(found.reshape(1, *found.shape[-2:]), vector.reshape(1, -1))


def text_embedding(folder: Path, text: str) -> Embedding:
    """A text as Stable Diffusion 1.5's text encoder describes it, tokens [1, 77, 768].

    Raises:
        ValueError: the base's text encoder cannot be read.
    """
    from transformers import CLIPTextModel, CLIPTokenizer

    tokenizer: Any = _pretrained(CLIPTokenizer, folder / "tokenizer")
    encoder: Any = _pretrained(CLIPTextModel, folder / "text_encoder").eval()
    ids = tokenizer(text, padding="max_length", truncation=True, return_tensors="pt").input_ids  # [1, 77]
    with torch.no_grad():
        return Embedding(encoder(ids)[0].float())


def told_nothing(folder: Path) -> Embedding:
    """What a base is told for no text: the tokens that it brings itself, or an empty text's.

    Raises:
        ValueError: its text encoder or its tokens cannot be read.
    """
    own = folder / EMPTY
    if not own.is_file():
        return text_embedding(folder, "")
    tensors = read_safetensors(own)
    if "tokens" not in tensors:
        raise ValueError(f"base: {own} holds {', '.join(tensors) or 'nothing'}; accepted: tokens")
    return Embedding(tensors["tokens"].float())


def _pretrained(kind: Any, folder: Path, **settings: Any) -> Any:
    try:
        return kind.from_pretrained(folder, local_files_only=True, **settings)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"base: {folder} cannot be read as {kind.__name__}: {reason}") from error


def _settings(vae: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = AutoencoderKL.load_config(vae, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ValueError(f"base: {vae} has no settings that can be read") from error
    return found


def _released_decoder(path: Path, vae: Path, config: Autoencoder) -> AsukaAutoencoder:
    with torch.random.fork_rng(devices=[]):  # first weights, which are thrown away, leave torch's seed alone
        network = autoencoder(config)
    fill_autoencoder(network, vae, config)
    fill_decoder(network, path, config)
    return network


def _tensor(path: Path) -> Tensor:
    found = read_pickled(path)
    if not isinstance(found, Tensor):
        raise ValueError(f"{path}: holds a {type(found).__name__}; accepted: a tensor")
    return found
