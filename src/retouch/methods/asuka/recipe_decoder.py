"""The recipe of the decoder: local harmonisation (section 3.3, Fig. 6b).

photo ─▶ spoilt ─▶ frozen encoder ─▶ latent ─▶ decoder ─▶ photo'     L1 + LPIPS + hinge against the clean photo
                                                  ▲
clean photo, known pixels only; mask ─────────────┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from retouch.methods.asuka.colour import jitter
from retouch.methods.asuka.decoder_load import NETWORK, autoencoder, fill_autoencoder
from retouch.methods.asuka.decoder_losses import Objective, check_sides, make_discriminator, objective
from retouch.methods.asuka.harmoniser import harmonised
from retouch.train.seeds import normal, uniform

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.asuka.decoder_config import DecoderConfig, Harmonisation
    from retouch.train.batch import Batch
    from retouch.train.recipe import Phase, Value


def build(config: DecoderConfig, variant: str, weights: Path | None) -> DecoderRecipe:
    """Make the recipe, its networks from what `config.vae` names.

    Args:
        config: everything about it.
        variant: its name, for the card.
        weights: folder of VGG16 and LPIPS; None: RETOUCH_WEIGHTS, then the hub.

    Raises:
        ValueError: no autoencoder is named, or it is damaged or another one than `config.network`.
        FileNotFoundError: it, or the weights of the network that judges, are missing.
    """
    if config.vae is None:
        accepted = "a folder of diffusers' AutoencoderKL, or the .json of an export of asuka-vae"
        raise ValueError(f"method.vae: needed, for the decoder goes on from an autoencoder; accepted: {accepted}")
    recipe = DecoderRecipe(config, variant, objective(config.loss, weights))
    fill_autoencoder(recipe.networks[NETWORK], config.vae, config.network)
    return recipe


class DecoderRecipe:
    """The decoder learns, against a discriminator; the encoder is frozen, and saved beside it."""

    ema = (NETWORK,)

    def __init__(self, config: DecoderConfig, variant: str = "", objective: Objective | None = None) -> None:
        self.config, self.variant = config, variant
        self.objective = Objective(config.loss, None) if objective is None else objective
        network = autoencoder(config.network).requires_grad_(False)
        network.decoder.requires_grad_(True)
        self.networks: dict[str, Any] = {NETWORK: network, **make_discriminator(config.loss)}

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam; what came with the autoencoder moves more slowly than the condition encoder."""
        own, decoder = self.config.optimisation, self.networks[NETWORK].decoder
        fresh = list(decoder.condition_encoder.parameters())
        known = {id(parameter) for parameter in fresh}
        old = [parameter for parameter in decoder.parameters() if id(parameter) not in known]
        groups = [{"params": fresh, "lr": own.rate}, {"params": old, "lr": own.rate * own.old_share}]
        found: dict[str, Optimizer] = {NETWORK: torch.optim.Adam(groups, lr=own.rate, betas=own.betas)}
        if "discriminator" in self.networks:
            parameters = self.networks["discriminator"].parameters()
            found["discriminator"] = torch.optim.Adam(parameters, lr=own.rate, betas=own.betas)
        return found

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """A phase of the decoder and, from step `adversarial_from` on, one of the discriminator."""
        check_sides(batch.photos)
        network, task = self.networks[NETWORK], self.config.task
        photos, holes = batch.photos, drawn_holes(batch.holes, batch.seeds, task)  # [B, 3, H, W], [B, 1, H, W]
        with torch.no_grad():
            posterior = network.encode(2 * spoilt(batch, task) - 1).latent_dist
            noise = normal(batch.seeds, posterior.mean.shape[1:], "latent").to(posterior.mean)  # [B, C, h, w]
            latent = posterior.mean + posterior.std * noise  # [B, C, h, w]
        image = network.decode(latent, image=2 * photos - 1, mask=holes).sample  # [B, 3, H, W] in [-1, 1]
        yield from self.objective.phases(self.networks, image, photos, k)

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What is left of spoilt colours after harmonising: the photo's own content in the hole, decoded."""
        whole = photos if self.config.task.jitter is None else jitter(photos, seeds, self.config.task.jitter)
        if self.config.task.local:
            whole = torch.where(holes > 0.5, whole, photos)  # [B, 3, H, W]
        image = harmonised(networks[NETWORK], photos, whole, holes).to(photos.dtype).clamp(0, 1)  # [B, 3, H, W]
        return torch.where(holes > 0.5, image, photos)

    def describe(self) -> dict[str, Any]:
        """For an export's card; where the autoencoder came from is no part of it."""
        config = self.config.model_copy(update={"vae": None}).model_dump(mode="json")
        return {"method": "asuka-decoder", "variant": self.variant, "config": config}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""


def drawn_holes(holes: Tensor, seeds: Tensor, task: Harmonisation) -> Tensor:
    """The samples' holes, or with the chance `task.whole` all of the photo: [B, 1, H, W]."""
    whole = uniform(seeds, (1,), "whole hole")[:, :, None, None] < task.whole  # [B, 1, 1, 1]
    return torch.where(whole.to(holes.device), torch.ones_like(holes), holes)


def spoilt(batch: Batch, task: Harmonisation) -> Tensor:
    """What is encoded, [B, 3, H, W] in [0, 1]: the latent-augmented photo where it is drawn, then other colours.

    Both in the samples' holes only where that is drawn.

    Raises:
        ValueError: the photos beside the samples have another shape.
    """
    photos, beside = batch.photos, batch.labels  # [B, 3, H, W]
    changed = photos
    if beside is not None and task.augmented:
        if beside.shape != photos.shape:
            raise ValueError(f"labels: are {list(beside.shape)}; accepted: photos {list(photos.shape)}")
        taken = _drawn(batch.seeds, task.augmented, "augmented").to(photos.device)  # [B, 1, 1, 1]
        changed = torch.where(taken, beside.to(photos), photos)
    if task.jitter is not None:
        changed = jitter(changed, batch.seeds, task.jitter)
    local = _drawn(batch.seeds, task.local, "local").to(photos.device)  # [B, 1, 1, 1]
    return torch.where(local & (batch.holes <= 0.5), photos, changed)


def _drawn(seeds: Tensor, chance: float, stream: str) -> Tensor:
    return uniform(seeds, (1,), stream)[:, :, None, None] < chance  # [B, 1, 1, 1]
