"""PSM's spread on tensors, for training: the twin of `spread.py`, which explains it; tests hold them equal.

What differs: mean and log-variance stay in the graph, what enters the next iteration is detached (otherwise the
variance would be shaped by more than its likelihood), nothing waits for a GPU, so NaN is not looked for, and pixels are
picked by their variance always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from retouch.methods.psm.schedules import ROUNDING, shares
from retouch.methods.psm.spread import DEFAULT, SpreadSettings, check

# network(x [B,3,H,W], m_0, m, u [B,1,H,W], tau) -> mean, log_variance [B,3,H,W]
Network: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor, float], tuple[Tensor, Tensor]]
Noise: TypeAlias = Callable[[int], Tensor]


@dataclass(frozen=True, eq=False)
class Step:
    """What iteration `t` left; as `spread.Step`, with mean and log_variance in the graph and the rest detached."""

    t: int
    mean: Tensor
    log_variance: Tensor
    known: Tensor
    uncertainty: Tensor
    image: Tensor


def spread(
    network: Network,
    image: Tensor,
    known: Tensor,
    noise: Noise,
    settings: SpreadSettings = DEFAULT,
    *,
    detach: bool = True,
) -> Iterator[Step]:
    """Yield each iteration's Step (Eq. 4, 5); arguments and errors are those of `spread.spread`, on tensors.

    The network runs when the next step is asked for: whoever calls backward on each step's losses before that
    holds the memory of one iteration only.

    Args:
        detach: False: the gradient also flows through the mean into the next iteration, never through the variance.
    """
    check(image, known)
    holes = (~known).sum(dim=(1, 2, 3))  # [B], N_0
    x = torch.where(known, image, 0)  # [B, 3, H, W]
    m, u = known, (~known).to(image.dtype)  # [B, 1, H, W]
    steps = shares(settings.schedule, settings.iterations)
    for t, share in enumerate(steps, start=1):
        tau = (t - 1) / len(steps)
        given = network(x, known.to(x.dtype), m.to(x.dtype), u, tau)
        mean, log_variance = (value.to(x.dtype) for value in given)  # half precision would make ties of scores
        with torch.no_grad():
            score = log_variance.exp().mean(dim=1, keepdim=True)  # [B, 1, H, W]
            m = pick(score, m, torch.floor(share * holes.double() + ROUNDING).long())
            u = uncertainty(score, known, m, settings.uncertainty)
            deviation = 0 if t == len(steps) else settings.alpha * torch.exp(log_variance / 2) * noise(t)
        values = (mean.detach() if detach else mean) + deviation  # [B, 3, H, W]
        x = sample(image, known, m, values).clamp(-1, 1)
        yield Step(t, mean, log_variance, m, u, x)


def pick(score: Tensor, m: Tensor, missing: Tensor) -> Tensor:
    """The mask m_t; as `spread.pick`, for the whole batch at once."""
    # Known pixels come last in the order; a finite limit keeps missing ones before them.
    last = torch.where(m, torch.inf, score.clamp(max=torch.finfo(score.dtype).max))  # [B, 1, H, W]
    order = last.flatten(1).sort(dim=1, stable=True).indices  # [B, H*W]
    count = torch.arange(order.shape[1], device=order.device).expand_as(order)  # [B, H*W]
    rank = torch.empty_like(order).scatter_(1, order, count)  # [B, H*W], the inverse permutation
    picks = (~m).sum(dim=(1, 2, 3)) - missing  # [B]
    return m | (rank < picks[:, None]).view_as(m)


def uncertainty(score: Tensor, m0: Tensor, m: Tensor, scaling: str) -> Tensor:
    """The map u_t [B, 1, H, W]; as `spread.uncertainty`."""
    sigma = score.sqrt()  # [B, 1, H, W]
    if scaling == "minmax":
        low = torch.where(m0, torch.inf, sigma).amin(dim=(1, 2, 3), keepdim=True)  # [B, 1, 1, 1]
        high = torch.where(m0, -torch.inf, sigma).amax(dim=(1, 2, 3), keepdim=True)
        sigma = (sigma - low) / torch.where(high > low, high - low, 1)
    filled = torch.where(m0, 0, sigma.clamp(0, 1))
    return torch.where(m, filled, 1).to(score.dtype)


def sample(image: Tensor, m0: Tensor, m: Tensor, values: Tensor) -> Tensor:
    """The image x_t (Eq. 5); as `spread.sample`."""
    return torch.where(m0, image, torch.where(m, values, 0))
