"""Averages of the weights over time."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from retouch.train.config import Ema


def decay(config: Ema, images: int, batch: int) -> float:
    """Share of the average that one step keeps.

    0.5 ** (batch / min(half_life, ramp * images)), Karras et al. 2020 (StyleGAN2), so that the average does not depend
    on the batch size; or the fixed `decay`.

    Args:
        config: settings of the average.
        images: images seen before this step.
        batch: images of this step.
    """
    if config.decay is not None:
        return config.decay
    half_life = config.half_life if config.ramp is None else min(config.half_life, config.ramp * images)
    return float(0.5 ** (batch / max(half_life, 1e-8)))


class Averages:
    """Copies of some networks that follow them slowly, in evaluation mode.

    `networks` holds the copies by name.
    """

    def __init__(self, networks: Mapping[str, nn.Module], names: Iterable[str]) -> None:
        names = tuple(names)
        for name in names:
            if name not in networks:
                raise ValueError(f"ema: names {name!r}; accepted: {', '.join(networks)}")
        self.networks = {name: copy.deepcopy(networks[name]).eval().requires_grad_(False) for name in names}

    @torch.no_grad()
    def update(self, networks: Mapping[str, nn.Module], keep: float) -> None:
        """average <- keep * average + (1 - keep) * network; buffers are copied."""
        for name, average in self.networks.items():
            for slow, now in zip(average.parameters(), networks[name].parameters(), strict=True):
                slow.lerp_(now.to(slow.dtype), 1 - keep)
            for copied, buffer in zip(average.buffers(), networks[name].buffers(), strict=True):
                copied.copy_(buffer)
