"""The recipe: how the network learns to choose and to correct.

All losses judge the fill pasted into the photo. AlexNet's LPIPS takes no part, so that it can judge the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from retouch.features.loaders import load_lpips
from retouch.methods.blend.candidates import candidates
from retouch.methods.blend.network import Blender
from retouch.train.discriminators.stylegan2 import StyleGan2Discriminator
from retouch.train.losses.adversarial import non_saturating_discriminator, non_saturating_generator
from retouch.train.losses.penalties import lazy_adam, r1
from retouch.train.losses.perceptual import load_vgg, look, lpips_loss, map_distance, style_distance, vgg_maps
from retouch.train.losses.pixel import l1_weighted, mean_in
from retouch.train.recipe import Phase, frozen

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from retouch.methods.blend.config import BlendConfig
    from retouch.train.batch import Batch
    from retouch.train.losses.perceptual import Judge, Maps
    from retouch.train.recipe import Value

BETAS = (0.0, 0.99)  # of the discriminator's Adam


def build(config: BlendConfig, variant: str, weights: Path | None) -> BlendRecipe:
    """Make the recipe; `weights` is the folder of VGG16, which is loaded only if its losses have a weight.

    Raises:
        WeightsMissing: there is no VGG16; the message says where it is obtained.
    """
    loss = config.loss
    scale = loss.perceptual_scale
    maps = vgg_maps(load_vgg(weights), scale=scale) if loss.perceptual or loss.style else None
    lpips = lpips_loss(load_lpips("vgg", weights), scale) if loss.lpips else None
    return BlendRecipe(config, variant, maps, lpips)


class BlendRecipe:
    """l1 * L1 in the hole + VGG16's word (features, their Gram matrices, LPIPS) + adversarial, each with its weight.

    `networks` is what is trained and saved; VGG16, which only judges, hides in `maps` and `lpips`.
    """

    ema = ("blender",)

    def __init__(
        self, config: BlendConfig, variant: str = "", maps: Maps | None = None, lpips: Judge | None = None
    ) -> None:
        self.config, self.variant, self.maps, self.lpips = config, variant, maps, lpips
        self.networks: dict[str, nn.Module] = {"blender": Blender(config.network)}
        if config.loss.adversarial:
            self.networks["discriminator"] = StyleGan2Discriminator(config.size, config.loss.discriminator)

    def optimisers(self) -> dict[str, Optimizer]:
        """AdamW for the network; Adam for the discriminator, which makes up for the penalty's own steps."""
        own, loss = self.config, self.config.loss
        made: dict[str, Optimizer] = {"blender": torch.optim.AdamW(self.networks["blender"].parameters(), lr=own.rate)}
        if "discriminator" in self.networks:
            rate = own.discriminator_rate
            rate, betas = lazy_adam(rate, BETAS, loss.r1_every) if loss.r1 else (rate, BETAS)
            parameters = self.networks["discriminator"].parameters()
            made["discriminator"] = torch.optim.Adam(parameters, lr=rate, betas=betas)
        return made

    def step(self, batch: Batch, k: int) -> Iterator[Phase]:
        """A phase of the network; from step `adversarial_from` on one of the discriminator, at times its penalty.

        Raises:
            ValueError: the samples have no candidates, or another number of them; another size than the config's.
        """
        self._check(batch)
        loss = self.config.loss
        adversarial = "discriminator" in self.networks and k >= loss.adversarial_from
        phase, filled = self._blended(batch, adversarial)
        yield phase
        if adversarial:
            yield self._discriminated(batch, filled)
            if loss.r1 and k % loss.r1_every == 0:
                yield self._penalised(batch)

    def fill(self, networks: Mapping[str, nn.Module], photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensor:
        """What the network makes of candidates that are computed here, as the method does: patchmatch's time."""
        fills = _candidates(photos, holes, seeds, self.config)  # [B, K, 3, H, W]
        image = networks["blender"](photos, holes, fills.to(photos.device)).image  # [B, 3, H, W]
        return paste(image, photos, holes)

    def describe(self) -> dict[str, Any]:
        """For an export's card."""
        return {"method": "blend", "variant": self.variant, "config": self.config.model_dump(mode="json")}

    def state_dict(self) -> dict[str, Value]:
        """Nothing besides networks and optimisers must survive a restart."""
        return {}

    def load_state_dict(self, state: Mapping[str, Value]) -> None:
        """Nothing to take back."""

    def _check(self, batch: Batch) -> None:
        if batch.labels is None:
            raise ValueError("data.photos: have no candidates; accepted: a folder of 'retouch data blend'")
        size, (height, width) = self.config.size, batch.photos.shape[2:]
        if (height, width) != (size, size):
            raise ValueError(f"photos: are {width}x{height} pixels; accepted: {size}x{size} (method.size, data.size)")

    def _blended(self, batch: Batch, adversarial: bool) -> tuple[Phase, Tensor]:
        """The network's losses, and what it filled [B, 3, H, W], detached."""
        loss, photos, holes = self.config.loss, batch.photos, batch.holes
        image, weights = self.networks["blender"](photos, holes, batch.labels)
        filled = paste(image, photos, holes)  # [B, 3, H, W]
        parts = {"l1": (loss.l1, l1_weighted(filled, photos, holes, hole=1.0, known=0.0))}
        if self.maps is not None:
            ours, theirs = look(self.maps, filled, photos)
            parts["perceptual"] = loss.perceptual, map_distance(ours, theirs, distance="l1")
            parts["style"] = loss.style, style_distance(ours, theirs, distance="l1")
        if self.lpips is not None:
            parts["lpips"] = loss.lpips, self.lpips(filled, photos)
        if adversarial:
            with frozen(self.networks["discriminator"]):
                parts["adversarial"] = loss.adversarial, non_saturating_generator(self._logits(filled, holes))
        total = torch.stack([weight * value for weight, value in parts.values()]).sum()
        log: dict[str, Tensor | float] = {name: value.detach() for name, (_, value) in parts.items()}
        # How the weight is spread says whether the network chooses at all.
        log |= {f"weight/{n}": mean_in(weights[:, n : n + 1].detach(), holes) for n in range(weights.shape[1])}
        return Phase("blender", total, log), filled.detach()

    def _discriminated(self, batch: Batch, filled: Tensor) -> Phase:
        real, fake = (self._logits(x, batch.holes) for x in (batch.photos, filled))  # [B, 1] each
        log: dict[str, Tensor | float] = {"logit/real": real.detach().mean(), "logit/fake": fake.detach().mean()}
        return Phase("discriminator", non_saturating_discriminator(real, fake), log)

    def _penalised(self, batch: Batch) -> Phase:
        """R1 on real photos, as many times as there are steps without."""
        loss = self.config.loss
        with torch.autocast(batch.photos.device.type, enabled=False):  # squares of small slopes
            images = (batch.photos * 2 - 1).detach().requires_grad_()  # [B, 3, H, W]
            penalty = r1(self.networks["discriminator"](images, batch.holes), images, loss.r1)
        return Phase("discriminator", loss.r1_every * penalty, {"r1": penalty.detach()})

    def _logits(self, images: Tensor, holes: Tensor) -> Tensor:
        """What the discriminator says, [B, 1], of images [B, 3, H, W] in [0, 1]."""
        logits: Tensor = self.networks["discriminator"](images * 2 - 1, holes)
        return logits


def paste(image: Tensor, photos: Tensor, holes: Tensor) -> Tensor:
    """The image in the hole, the photo elsewhere, to the bit: [B, 3, H, W]; `holes` is [B, 1, H, W], 1 = hole."""
    return torch.where(holes > 0.5, image.to(photos.dtype), photos)


def _candidates(photos: Tensor, holes: Tensor, seeds: Tensor, config: BlendConfig) -> Tensor:
    """Candidates [B, K, 3, H, W] of photos, on the CPU."""
    images = photos.permute(0, 2, 3, 1).float().cpu().numpy()  # [B, H, W, 3]
    masks = (holes[:, 0] > 0.5).cpu().numpy()  # [B, H, W]
    each = zip(images, masks, seeds.tolist(), strict=True)
    fills = np.stack([candidates(image, mask, config.network.patches, seed) for image, mask, seed in each])
    return torch.from_numpy(np.ascontiguousarray(fills.transpose(0, 1, 4, 2, 3)))  # [B, K, 3, H, W]
