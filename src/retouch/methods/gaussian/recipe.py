"""The training step (the paper's Eq. 7): discriminator, then generator."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.features.loaders import load_lpips
from retouch.methods.gaussian.network import Generator
from retouch.methods.gaussian.semantic import semantic_encoder
from retouch.train.discriminators.patchgan import PatchDiscriminator
from retouch.train.losses.adversarial import hinge_discriminator, hinge_generator
from retouch.train.losses.alignment import cosine_alignment
from retouch.train.losses.perceptual import load_vgg, look, lpips_loss, map_distance, vgg_maps
from retouch.train.losses.pixel import l1
from retouch.train.recipe import Phase, frozen

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.gaussian.config import GaussianConfig, Loss
    from retouch.train.batch import Batch
    from retouch.train.losses.perceptual import Judge
    from retouch.train.recipe import Value

Encode: TypeAlias = Callable[[Tensor], Tensor]
"""Images [B, 3, H, W] in [0, 1] to semantic tokens [B, d], without gradient."""

LEVELS = 3  # of the pyramid: full size, a half, a quarter


def build(config: GaussianConfig, variant: str, weights: Path | None) -> GaussianRecipe:
    """Make the recipe.

    Args:
        config: everything about it.
        variant: its name, for the card.
        weights: folder of LPIPS or VGG16 and of the semantic encoder; None: RETOUCH_WEIGHTS, then the hub.

    Raises:
        WeightsMissing: the weights of a network that judges cannot be had; the message says where they are obtained.
        ImportError: an extra is missing; the message says which.
    """
    encode = None if config.network.semantics == "none" else encoder(config, weights)
    return GaussianRecipe(config, variant, judge(config.loss, weights), encode)


class GaussianRecipe:
    """L = w1 L1 + w2 hinge + w3 perceptual + w4 alignment (Eq. 7) for the generator, hinge for the discriminator.

    All losses see the photo as rendered, known pixels not put back. `networks` is what is trained and saved; what only
    judges hides in `judge` and `encode`.
    """

    ema = ("generator",)

    def __init__(
        self, config: GaussianConfig, variant: str = "", judge: Judge | None = None, encode: Encode | None = None
    ) -> None:
        self.config, self.variant, self.judge, self.encode = config, variant, judge, encode
        self.networks: dict[str, nn.Module] = {"generator": Generator(config.network)}
        if config.loss.adversarial:
            self.networks["discriminator"] = PatchDiscriminator("group")

    def optimisers(self) -> dict[str, Optimizer]:
        """Adam or AdamW of both."""
        own = self.config.optimisation
        make = torch.optim.AdamW if own.optimiser == "adamw" else torch.optim.Adam
        rates = {"generator": own.rate, "discriminator": own.discriminator_rate}
        return {
            name: make(network.parameters(), lr=rates[name], weight_decay=own.weight_decay)
            for name, network in self.networks.items()
        }

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """From step `adversarial_from` on a phase of the discriminator, and always one of the generator."""
        masked = batch.photos * (1 - batch.holes)  # [B, 3, H, W]
        token = None if self.encode is None else self.encode(masked)  # [B, d]
        adversarial = "discriminator" in self.networks and k >= self.config.optimisation.adversarial_from
        if adversarial:
            yield self._discriminator(batch.photos, masked, token)
        yield self._generator(batch.photos, masked, token, adversarial)

    def _discriminator(self, photos: Tensor, masked: Tensor, token: Tensor | None) -> Phase:
        # Rendered anew for the generator's phase: keeping this graph would hold those of all micro-batches at a time.
        with torch.no_grad():
            rendered = self._clamped(self.networks["generator"](masked, token).image)  # [B, 3, H, W]
        real, fake = (self.networks["discriminator"](x) for x in (photos, rendered))  # [B, 1, h, w] each
        return Phase("discriminator", hinge_discriminator(real, fake), {"real": real.mean(), "fake": fake.mean()})

    def _generator(self, photos: Tensor, masked: Tensor, token: Tensor | None, adversarial: bool) -> Phase:
        weights = self.config.loss
        image, adapted = self.networks["generator"](masked, token)  # [B, 3, H, W], [B, d]
        image = self._clamped(image)  # [B, 3, H, W]
        parts = {"l1": (weights.l1, reconstruction(image, photos, weights.reconstruction))}
        if adversarial:
            with frozen(self.networks["discriminator"]):
                parts["adversarial"] = weights.adversarial, hinge_generator(self.networks["discriminator"](image))
        if self.judge is not None:
            parts["perceptual"] = weights.perceptual, self.judge(image, photos)
        # Without adaptation there is nothing that could be aligned.
        if self.encode is not None and self.config.network.adapt and weights.alignment:
            parts["alignment"] = weights.alignment, cosine_alignment(adapted, self.encode(photos))
        loss = torch.stack([weight * value for weight, value in parts.values()]).sum()
        return Phase("generator", loss, {name: value for name, (_, value) in parts.items()})

    def _clamped(self, image: Tensor) -> Tensor:
        return image.clamp(0, 1) if self.config.loss.clamp else image

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:  # noqa: ARG002
        """What the generator renders in the hole, the photo outside; nothing is random."""
        masked = photos * (1 - holes)  # [B, 3, H, W]
        token = None if self.encode is None else self.encode(masked)  # [B, d]
        image = networks["generator"](masked, token).image.to(photos.dtype).clamp(0, 1)  # [B, 3, H, W]
        return torch.where(holes > 0.5, image, photos)  # [B, 3, H, W]

    def describe(self) -> dict[str, Any]:
        """For an export's card."""
        return {"method": "gaussian", "variant": self.variant, "config": self.config.model_dump(mode="json")}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""


def reconstruction(image: Tensor, truth: Tensor, kind: Literal["single", "pyramid"]) -> Tensor:
    """mean |image - truth|, or the mean of that at full size, a half and a quarter ("pyramid").

    The paper measures "the absolute difference between the rendered pyramid and the ground truth" and says no more.
    A truth has no pixels beyond its own, so the pyramid goes down; a coarse pixel is the mean of the fine ones under
    it, of the rendering as of the truth. Rendering on the coarse lattice instead would sample narrow Gaussians at a
    point, where the truth is a mean over an area.

    Args:
        image: [B, 3, H, W].
        truth: the same shape.
        kind: which.
    """
    levels = LEVELS if kind == "pyramid" else 1
    pairs = [(F.avg_pool2d(image, 2**n), F.avg_pool2d(truth, 2**n)) for n in range(levels)]
    return torch.stack([l1(ours, theirs) for ours, theirs in pairs]).mean()


def judge(loss: Loss, weights: Path | None) -> Judge | None:
    """The perceptual distance that `loss` asks for; None where its weight is 0. Raises as `build`."""
    if not loss.perceptual:
        return None
    if loss.judge == "vgg16":
        maps = vgg_maps(load_vgg(weights), scale=loss.perceptual_scale)
        return lambda image, truth: map_distance(*look(maps, image, truth), distance="l1")
    distance = lpips_loss(load_lpips("alex", weights), loss.perceptual_scale)
    if loss.lpips == "signed":
        return distance
    # LPIPS maps [0, 1] to [-1, 1]; of these it makes [0, 1].
    return lambda image, truth: distance((image + 1) / 2, (truth + 1) / 2)


def encoder(config: GaussianConfig, weights: Path | None) -> Encode:
    """The semantic encoder, loaded once for each device that images come from. Raises as `build`."""

    @functools.cache
    def on(device: str) -> Encode:
        found = semantic_encoder(config.network, weights, device)
        assert found is not None
        return found

    on("cpu")  # what is missing is told before training
    return lambda images: on(str(images.device))(images)
