"""The gradient penalty R1 (Mescheder et al. 2018), and what its lazy form asks of the optimiser."""

from __future__ import annotations

import torch
from torch import Tensor


def r1(logits: Tensor, images: Tensor, gamma: float) -> Tensor:
    """gamma / 2 * mean over the batch of |dD(x)/dx|^2, Mescheder et al. 2018, eq. 9.

    The squares are summed, not averaged, over the pixels of an image. Patch logits are summed over an image first.

    It needs gradients of gradients, which networks under `torch.compile` do not give: leave D uncompiled.
    Lazily, every n-th step, give `n * r1(...)` as the loss and make the optimiser with `lazy_adam(..., every=n)`.

    Args:
        logits: of real images, [B, ...], computed from `images` and each from its own image alone. Layers that mix a
            batch (batch normalisation, minibatch standard deviation) add small terms between images, as in StyleGAN2.
        images: [B, 3, H, W], the real ones, with `requires_grad`; a mask that D sees besides takes no part.
        gamma: strength; StyleGAN2 and PSM: 10.

    Returns:
        A scalar with a gradient to the parameters of D.

    Raises:
        ValueError: `images` has no gradient, did not lead to `logits`, or gamma is negative.
    """
    if gamma < 0:
        raise ValueError(f"gamma: is {gamma}; accepted: numbers from 0 up")
    if not (images.requires_grad and logits.requires_grad):
        raise ValueError("images: requires_grad is off; accepted: images.requires_grad_() before D saw them")
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True, allow_unused=True)  # [B, 3, H, W]
    if slope is None:
        raise ValueError("images: did not lead to the logits; accepted: the very tensor that D saw")
    return gamma / 2 * slope.square().sum((1, 2, 3)).mean()


def lazy_adam(rate: float, betas: tuple[float, float], every: int) -> tuple[float, tuple[float, float]]:
    """Learning rate and betas of an Adam that takes a step more, for the penalty alone, every `every` steps.

    c = every / (every + 1); rate * c, beta^c each: time constants stay those of the images seen (Karras et al. 2020,
    StyleGAN2, appendix B).

    Raises:
        ValueError: `every` is below 1.
    """
    if every < 1:
        raise ValueError(f"every: is {every}; accepted: integers from 1 up")
    c = every / (every + 1)
    return rate * c, (betas[0] ** c, betas[1] ** c)
