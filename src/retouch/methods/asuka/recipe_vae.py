"""The recipe of a small autoencoder, for where none is at hand: what ASUKA's small decoder goes on from.

It is trained as latent diffusion's are (Rombach et al. 2022, appendix G), with our decoder and no known pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from retouch.methods.asuka.decoder_load import NETWORK, autoencoder
from retouch.methods.asuka.decoder_losses import Objective, check_sides, make_discriminator, objective
from retouch.train.seeds import normal

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.asuka.decoder_config import VaeConfig
    from retouch.train.batch import Batch
    from retouch.train.recipe import Phase, Value


def build(config: VaeConfig, variant: str, weights: Path | None) -> VaeRecipe:
    """Make the recipe; `weights` is the folder of VGG16 and LPIPS.

    Raises:
        WeightsMissing: they cannot be had; the message says where they are obtained.
    """
    return VaeRecipe(config, variant, objective(config.loss, weights))


class VaeRecipe:
    """L1 + LPIPS + KL + hinge, encoder and decoder together; the condition encoder stays as it is drawn."""

    ema = (NETWORK,)

    def __init__(self, config: VaeConfig, variant: str = "", objective: Objective | None = None) -> None:
        self.config, self.variant = config, variant
        self.objective = Objective(config.loss, None) if objective is None else objective
        network = autoencoder(config.network)
        network.decoder.condition_encoder.requires_grad_(False)
        self.networks: dict[str, Any] = {NETWORK: network, **make_discriminator(config.loss)}

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam."""
        own = self.config.optimisation
        return {
            name: torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=own.rate, betas=own.betas)
            for name, network in self.networks.items()
        }

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """A phase of the autoencoder and, from step `adversarial_from` on, one of the discriminator."""
        check_sides(batch.photos)
        network = self.networks[NETWORK]
        posterior = network.encode(2 * batch.photos - 1).latent_dist
        noise = normal(batch.seeds, posterior.mean.shape[1:], "latent").to(posterior.mean)  # [B, C, h, w]
        image = network.decode(posterior.mean + posterior.std * noise).sample  # [B, 3, H, W] in [-1, 1]
        yield from self.objective.phases(self.networks, image, batch.photos, k, posterior.kl().mean())

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:  # noqa: ARG002
        """The whole photo encoded and decoded, shown in the hole: a sheet tells what the latent loses."""
        network: Any = networks[NETWORK]
        image = network.decode(network.encode(2 * photos - 1).latent_dist.mode()).sample  # [B, 3, H, W]
        return torch.where(holes > 0.5, ((image + 1) / 2).to(photos.dtype).clamp(0, 1), photos)

    def describe(self) -> dict[str, Any]:
        """For an export's card."""
        return {"method": "asuka-vae", "variant": self.variant, "config": self.config.model_dump(mode="json")}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""
