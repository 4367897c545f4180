"""The adaptive weight of an adversarial loss beside a reconstruction loss (Esser et al. 2021, taming transformers)."""

from __future__ import annotations

import torch
from torch import Tensor


def adaptive_weight(reconstruction: Tensor, adversarial: Tensor, last: Tensor, largest: float = 1e4) -> Tensor:
    """|d reconstruction / dw| / (|d adversarial / dw| + 1e-4), clamped to [0, largest]; eq. 7 of the paper.

    With it both losses pull equally hard at the generator's last layer. The caller multiplies by the loss's own
    factor, 0.8 in latent diffusion. It is the weight of this micro-batch on this process, as in the released code:
    cutting a batch up changes it.

    Args:
        reconstruction: scalar loss.
        adversarial: the generator's scalar loss, not yet weighted.
        last: weight w of the generator's last layer; both losses must depend on it.
        largest: upper end of the clamp.

    Returns:
        A scalar without gradient; the graphs of both losses are kept for the backward pass.

    Raises:
        ValueError: a loss does not depend on `last`.
    """
    norms = []
    for name, loss in (("reconstruction", reconstruction), ("adversarial", adversarial)):
        grad = torch.autograd.grad(loss, last, retain_graph=True, allow_unused=True)[0] if loss.requires_grad else None
        if grad is None:
            raise ValueError(f"{name}: does not depend on last; accepted: a loss computed through that layer's weight")
        norms.append(grad.norm())
    weight: Tensor = norms[0] / (norms[1] + 1e-4)
    return weight.clamp(0, largest).detach()
