"""Gradients between the backward pass and the update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from retouch.train.processes import Processes


def backward(loss: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """Add the gradient of `loss` to the `.grad` of `parameters` and of nothing else the loss passed through.

    A generator's loss goes through the discriminator without leaving gradients there, and without the time to compute
    them.
    """
    torch.autograd.backward(loss, inputs=[p for p in parameters if p.requires_grad])


def average_gradients(parameters: Sequence[nn.Parameter], loss: Tensor, processes: Processes) -> Tensor:
    """Replace gradients by their mean over processes, in one exchange; returns the mean of `loss`, a scalar.

    The sum over processes of means over equal parts, divided by their number, is the mean over the whole batch: exact
    but for rounding. Costs one float32 copy of the gradients. A parameter without gradient on every process stays so.
    """
    if processes.count == 1:
        return loss
    used = torch.tensor([p.grad is not None for p in parameters], dtype=torch.float32, device=loss.device)  # [P]
    parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([loss.float().reshape(1), used, *(part.float().reshape(-1) for part in parts)])  # [1 + P + all]
    processes.average(flat)
    start = 1 + len(parts)
    for i, (parameter, part) in enumerate(zip(parameters, parts, strict=True)):
        if flat[1 + i] > 0:
            parameter.grad = part.copy_(flat[start : start + part.numel()].view_as(part))
        start += part.numel()
    return flat[0]


def clip_gradients(parameters: Sequence[nn.Parameter], largest: float | None) -> Tensor:
    """Scale the gradients down to the L2 norm `largest`; returns their norm before, a scalar; None: only measures."""
    norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    if largest is not None:
        nn.utils.clip_grads_with_norm_(parameters, largest, norm)
    return norm
