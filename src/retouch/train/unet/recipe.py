"""The recipe: one loss, one optimiser. Read it to write your own; docs/training.md goes through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from retouch.train.losses.perceptual import load_vgg, look, map_distance, vgg_maps
from retouch.train.losses.pixel import l1_weighted
from retouch.train.recipe import Phase
from retouch.train.unet.network import Unet

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.train.batch import Batch
    from retouch.train.losses.perceptual import Maps
    from retouch.train.recipe import Value
    from retouch.train.unet.config import UnetConfig


def build(config: UnetConfig, variant: str, weights: Path | None) -> UnetRecipe:
    """Make the recipe; `weights` is the folder of VGG16, which is loaded only if the perceptual loss has a weight.

    Raises:
        WeightsMissing: there is no VGG16; the message says where it is obtained.
    """
    maps = vgg_maps(load_vgg(weights), scale=config.perceptual_scale) if config.perceptual else None
    return UnetRecipe(config, variant, maps)


class UnetRecipe:
    """L1, the hole weighted, and the perceptual loss where `maps` are given.

    `networks` is what is trained and saved; VGG16, which only judges, hides in `maps`.
    """

    ema = ("unet",)

    def __init__(self, config: UnetConfig, variant: str = "", maps: Maps | None = None) -> None:
        self.config, self.variant, self.maps = config, variant, maps
        self.networks = {"unet": Unet(config)}

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW."""
        return {"unet": torch.optim.AdamW(self.networks["unet"].parameters(), lr=self.config.rate)}

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:  # noqa: ARG002
        """hole_weight * |.| in the hole + |.| outside, and perceptual * VGG16's distance of the filled photo."""
        predicted = self.networks["unet"](batch.photos, batch.holes)  # [B, 3, H, W]
        l1 = l1_weighted(predicted, batch.photos, batch.holes, hole=self.config.hole_weight, known=1.0)
        if self.maps is None:
            yield Phase("unet", l1)
            return
        filled = paste(predicted, batch.photos, batch.holes)  # [B, 3, H, W]
        perceptual = map_distance(*look(self.maps, filled, batch.photos), distance="l1")
        yield Phase("unet", l1 + self.config.perceptual * perceptual, {"l1": l1, "perceptual": perceptual})

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:  # noqa: ARG002
        """What the network predicts in the hole, the photo outside; there is no randomness, so no use for seeds."""
        return paste(networks["unet"](photos, holes), photos, holes)  # [B, 3, H, W]

    def describe(self) -> dict[str, Any]:
        """For an export's card."""
        return {"method": "unet", "variant": self.variant, "config": self.config.model_dump(mode="json")}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""


def paste(predicted: Tensor, photos: Tensor, holes: Tensor) -> Tensor:
    """The prediction in the hole, the photo elsewhere, to the bit: [B, 3, H, W]; `holes` is [B, 1, H, W], 1 = hole."""
    return torch.where(holes > 0.5, predicted.to(photos.dtype), photos)
