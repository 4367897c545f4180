"""Adversarial losses: what the discriminator and the generator each minimise.

Logits are D's raw outputs, [B, 1] or [B, 1, h, w] for patches; high means real. Every loss is a scalar, a mean over
all logits. The discriminator's side wants fakes detached; the generator's side wants them attached and D `frozen`.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """mean max(0, 1 - D(x)) + mean max(0, 1 + D(x')), Lim and Ye 2017, "Geometric GAN".

    The released code of taming transformers and latent diffusion halves it; 2DGS-inpaint's does not. Adam's steps are
    nearly the same either way.

    Args:
        real: logits of real images.
        fake: logits of generated images.
    """
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """-mean D(x'), the generator's side of `hinge_discriminator`."""
    return -fake.mean()


def non_saturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """mean log(1 + exp(-D(x))) + mean log(1 + exp(D(x'))), Goodfellow et al. 2014, eq. 1 (PSM eq. 8).

    Args:
        real: logits of real images.
        fake: logits of generated images; those of several iterations may lie one after the other in the batch.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """mean log(1 + exp(-D(x'))), Goodfellow et al. 2014, section 3 (PSM eq. 7)."""
    return F.softplus(-fake).mean()
