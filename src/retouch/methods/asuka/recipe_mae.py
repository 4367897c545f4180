"""The recipe of the prior: how the masked autoencoder learns (section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from retouch.methods.asuka.load import fill_mae
from retouch.methods.asuka.mae import MaskedAutoencoder, Reconstruction
from retouch.methods.asuka.preprocess import denormalise, normalise, preprocess
from retouch.train.recipe import Phase
from retouch.train.seeds import uniform

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.asuka.config import MaeConfig
    from retouch.train.batch import Batch
    from retouch.train.recipe import Value


def build(config: MaeConfig, variant: str, weights: Path | None) -> MaeRecipe:  # noqa: ARG001 - no network judges
    """Make the recipe, its network from the released file `config.start` where one is named.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged or of another network.
    """
    recipe = MaeRecipe(config, variant)
    if config.start is not None:
        fill_mae(recipe.networks["mae"], config.start)
    return recipe


class MaeRecipe:
    """Squared error of what is hidden: the hole, and random patches up to three quarters of all."""

    ema = ("mae",)

    def __init__(self, config: MaeConfig, variant: str = "") -> None:
        self.config, self.variant = config, variant
        self.networks = {"mae": MaskedAutoencoder(config.network)}

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW; biases, norms and alpha do not decay."""
        training, parameters = self.config.training, list(self.networks["mae"].parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": training.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return {"mae": torch.optim.AdamW(groups, lr=training.rate, betas=training.betas)}

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:  # noqa: ARG002
        """One phase; which patches are removed besides the hole follows from the seeds."""
        network, training = self.networks["mae"], self.config.training
        self._check(batch)
        with torch.no_grad():
            network.alpha.clamp_(0, 1)  # beyond, it would have no gradient, for ever
        images = normalise(batch.photos)  # [B, 3, S, S]
        noise = uniform(batch.seeds, (self.config.network.tokens,), "removed")  # [B, N]
        out = network(images, batch.holes, noise, training.removed)
        loss = (pixel_loss if training.loss == "pixel" else patch_loss)(network, out, images)
        yield Phase("mae", loss, {"alpha": network.alpha.detach().clone(), "hidden": out.holes.mean()})

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:  # noqa: ARG002
        """What the decoder paints in the hole, the photo outside; nothing is random."""
        network: Any = networks["mae"]
        painted = denormalise(network.reconstruct(*preprocess(photos, holes, self.config.network.size)).float())
        return torch.where(holes > 0.5, painted.clamp(0, 1), photos)  # [B, 3, S, S]

    def describe(self) -> dict[str, Any]:
        """For an export's card; the file it started from is no part of it."""
        config = self.config.model_copy(update={"start": None}).model_dump(mode="json")
        return {"method": "asuka-mae", "variant": self.variant, "config": config}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""

    def _check(self, batch: Batch) -> None:
        size, (height, width) = self.config.network.size, batch.photos.shape[2:]
        if (height, width) != (size, size):
            sizes = f"{size}x{size} (method.network.size, data.size)"
            raise ValueError(f"photos: are {width}x{height} pixels; accepted: {sizes}")


def pixel_loss(network: MaskedAutoencoder, out: Reconstruction, images: Tensor) -> Tensor:
    """Mean of (prediction - truth)^2 over hidden pixels, photo by photo, then over photos: a scalar.

    The official code divides once by the hidden pixels of the whole batch; our mean averages exactly over
    micro-batches and processes.

    Args:
        network: cuts images into patches.
        out: what it gave.
        images: [B, 3, S, S], the whole photos, normalised.
    """
    hidden = network.patchify(out.holes.expand(-1, 3, -1, -1))  # [B, N, 3 p^2]
    error = (out.patches.float() - network.patchify(images)).square()  # [B, N, 3 p^2]
    return ((error * hidden).sum((1, 2)) / hidden.sum((1, 2)).clamp_min(1)).mean()


def patch_loss(network: MaskedAutoencoder, out: Reconstruction, images: Tensor) -> Tensor:
    """Mean of (prediction - truth)^2 over the patches that were not seen, with what they show; as `pixel_loss`."""
    error = (out.patches.float() - network.patchify(images)).square().mean(2)  # [B, N]
    return ((error * out.removed).sum(1) / out.removed.sum(1).clamp_min(1)).mean()
