"""What an autoencoder minimises: L1 + LPIPS, and a hinge loss that pulls as hard as these (Esser et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from retouch.features.loaders import load_lpips
from retouch.methods.asuka.decoder_load import NETWORK
from retouch.train.discriminators.patchgan import PatchDiscriminator
from retouch.train.losses.adaptive import adaptive_weight
from retouch.train.losses.adversarial import hinge_discriminator, hinge_generator
from retouch.train.losses.perceptual import lpips_loss
from retouch.train.losses.pixel import l1
from retouch.train.recipe import Phase, frozen

if TYPE_CHECKING:
    from retouch.methods.asuka.decoder_config import Loss
    from retouch.train.losses.perceptual import Judge

MULTIPLE = 8


class Objective:
    """L = L1 + perceptual * LPIPS + kl * KL + adversarial * w * (-mean D(x')), and the discriminator's own loss.

    Latent diffusion sums L1 and LPIPS over an image's elements; here they are means, and KL is divided by as many. That
    is its loss but for a constant factor, to which Adam is blind.

    Args:
        config: weights.
        judge: LPIPS, or None.
    """

    def __init__(self, config: Loss, judge: Judge | None) -> None:
        self.config, self.judge = config, judge

    def phases(
        self, networks: Mapping[str, Any], image: Tensor, photos: Tensor, k: int, kl: Tensor | None = None
    ) -> Iterator[Phase]:
        """The phases of step k.

        Args:
            networks: the autoencoder and, where there is one, the discriminator.
            image: [B, 3, H, W], decoded, around [-1, 1].
            photos: [B, 3, H, W] in [0, 1], what should have come out.
            k: number of the step.
            kl: divergence of the posterior, summed over a latent's elements, a scalar; None: the encoder is frozen.
        """
        config, truth = self.config, 2 * photos - 1  # [B, 3, H, W]
        loss = l1(image, truth)
        log = {"l1": loss.detach()}
        if self.judge is not None:
            log["lpips"] = self.judge((image + 1) / 2, photos)
            loss = loss + config.perceptual * log["lpips"]
        total = loss
        if kl is not None:
            log["kl"] = kl
            total = total + config.kl * kl / image[0].numel()
        adversarial = "discriminator" in networks and k >= config.adversarial_from
        if adversarial:
            with frozen(networks["discriminator"]):
                fooled = hinge_generator(networks["discriminator"](image))
            weight = adaptive_weight(loss, fooled, networks[NETWORK].decoder.conv_out.weight)
            total = total + config.adversarial * weight * fooled
            log |= {"adversarial": fooled, "adaptive": weight}
        yield Phase(NETWORK, total, log)
        if adversarial:
            real, fake = (networks["discriminator"](x) for x in (truth, image.detach()))  # [B, 1, h, w] each
            loss = hinge_discriminator(real, fake)
            yield Phase("discriminator", loss, {"real": real.mean(), "fake": fake.mean()})


def objective(config: Loss, weights: Path | None) -> Objective:
    """The objective with LPIPS over VGG16, which is loaded only if it has a weight.

    Raises:
        WeightsMissing: its weights cannot be had; the message says where they are obtained.
    """
    judge = lpips_loss(load_lpips("vgg", weights), config.perceptual_scale) if config.perceptual else None
    return Objective(config, judge)


def make_discriminator(config: Loss) -> dict[str, PatchDiscriminator]:
    """The discriminator under its name, or nothing where its loss has no weight."""
    if not config.adversarial:
        return {}
    return {"discriminator": PatchDiscriminator(config.discriminator_norm, config.discriminator_width)}


def check_sides(photos: Tensor) -> None:
    """Refuse photos [B, 3, H, W] whose sides the autoencoder cannot halve three times."""
    height, width = photos.shape[2:]
    if height % MULTIPLE or width % MULTIPLE:
        raise ValueError(f"photos: are {width}x{height} pixels; accepted: multiples of {MULTIPLE} (data.size)")
