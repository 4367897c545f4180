"""The recipe of a small inpainting denoiser: what the alignment is tried on where Stable Diffusion is too large.

photo, hole ─▶ codec ─▶ x = [z_t, mask, z_masked] ─▶ U-Net ─▶ v'     mean |v' - v|^2 (or eps)
                                                       ▲
          tokens: learnt, and in a share of the samples with the photo's colours
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retouch.methods.asuka.decoder_load import read_diffusers
from retouch.methods.asuka.denoisers import unet_denoise
from retouch.methods.asuka.denoising import filled, noisy
from retouch.methods.asuka.recipe_align import Prompt
from retouch.methods.asuka.sample import NOISE, solver
from retouch.ops.codec import Vae
from retouch.train.recipe import Phase
from retouch.train.seeds import uniform

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.asuka.denoiser_config import Denoiser, DenoiserConfig
    from retouch.train.batch import Batch
    from retouch.train.recipe import Value

NETWORK, TOKENS = "unet", "prompt"  # their names in exports; tokens are read as those of asuka-align's prompt


class Caption(Prompt):
    """Learnt tokens, to which colours can be added: a photo's means over the cells of a grid, one a token."""

    def __init__(self, grid: int, width: int) -> None:
        super().__init__(grid**2, width)
        self.grid, self.colours = grid, nn.Linear(3, width)

    def of(self, photos: Tensor, told: Tensor) -> Tensor:
        """Tokens [B, grid^2, M] for photos [B, 3, H, W] in [0, 1], those with `told` [B] bool described."""
        means = F.adaptive_avg_pool2d(2 * photos - 1, self.grid).flatten(2).transpose(1, 2)  # [B, N, 3]
        described = self.colours(means) * told[:, None, None]  # [B, N, M]
        return self(len(photos)) + described  # type: ignore[no-any-return]


def make_unet(config: Denoiser) -> Any:
    """A fresh `UNet2DConditionModel`."""
    diffusers = importlib.import_module("diffusers")  # not typed
    levels = len(config.widths)
    return diffusers.UNet2DConditionModel(
        in_channels=2 * config.latent + 1,
        out_channels=config.latent,
        block_out_channels=config.widths,
        layers_per_block=config.blocks,
        down_block_types=("CrossAttnDownBlock2D",) * levels,
        up_block_types=("CrossAttnUpBlock2D",) * levels,
        cross_attention_dim=config.embedding,
        attention_head_dim=config.heads,  # so diffusers calls their number
        norm_num_groups=config.groups,
    )


def noise_of(config: Denoiser) -> dict[str, Any]:
    """Settings of the scheduler: Stable Diffusion's noise, and what is predicted."""
    return NOISE | {"prediction_type": config.prediction}


def build(config: DenoiserConfig, variant: str, weights: Path | None) -> DenoiserRecipe:  # noqa: ARG001 - none judges
    """Make the recipe over the autoencoder that the configuration names.

    Raises:
        ValueError: none is named, it is damaged, or its latent is another than `config.network.latent`.
        FileNotFoundError: there is no such folder.
    """
    if config.vae is None:
        raise ValueError("method.vae: needed, for it denoises latents; accepted: a folder of diffusers' AutoencoderKL")
    return DenoiserRecipe(config, variant, Vae(read_diffusers(config.vae)))


class DenoiserRecipe:
    """mean |v - unet([z_t, mask, z_masked], t, tokens)|^2, or eps for v; the autoencoder is frozen and not saved.

    Raises:
        ValueError: the codec's latents are none of the network's.
    """

    ema = (NETWORK, TOKENS)

    def __init__(self, config: DenoiserConfig, variant: str, codec: Vae) -> None:
        network = config.network
        if codec.channels != network.latent:
            raise ValueError(f"network.latent: is {network.latent}; accepted: {codec.channels}, the autoencoder's")
        self.config, self.variant, self.codec = config, variant, codec
        self.networks: dict[str, Any] = {
            NETWORK: make_unet(network),
            TOKENS: Caption(network.grid, network.embedding),
        }
        self.noise = solver("ddim", noise_of(network))

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW over network and tokens."""
        own = self.config.training
        parameters = [p for network in self.networks.values() for p in network.parameters()]
        return {NETWORK: torch.optim.AdamW(parameters, lr=own.rate, weight_decay=own.weight_decay)}

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:  # noqa: ARG002 - all steps are alike
        """One phase; which samples are described follows from the seeds."""
        seen = noisy(batch, self._codec(batch.photos.device), self.noise)
        told = uniform(batch.seeds, (), "told") < self.config.training.told  # [B]
        tokens = self.networks[TOKENS].of(batch.photos, told.to(batch.photos.device))  # [B, N, M]
        predicted = unet_denoise(self.networks[NETWORK], tokens)(seen.x, seen.times)  # [B, c, h, w]
        yield Phase(NETWORK, F.mse_loss(predicted, seen.wanted))

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What it fills told the learnt tokens, which know of no photo."""
        with torch.no_grad():
            tokens = networks[TOKENS](len(photos))  # [B, N, M]
        denoise = unet_denoise(networks[NETWORK], tokens)
        return filled(denoise, self._codec(photos.device), photos, holes, seeds, self.config.steps, self.noise.config)

    def describe(self) -> dict[str, Any]:
        """For an export's card; where the autoencoder came from is no part of it."""
        config = self.config.model_copy(update={"vae": None}).model_dump(mode="json")
        return {"method": "asuka-denoiser", "variant": self.variant, "config": config}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""

    def _codec(self, device: torch.device) -> Vae:
        self.codec.vae.to(device)  # the loop does not move what is not trained
        return self.codec
