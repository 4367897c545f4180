"""Learning rates over a run, as a function of the step alone: nothing to save, nothing to resume."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch.optim import Optimizer

    from retouch.train.config import Schedule


def factor(schedule: Schedule, step: int, steps: int) -> float:
    """Factor of the learning rate at `step` (from 0) of `steps`, in [0, 1].

    Warm-up: (step + 1) / warm_up, for step < warm_up. After it, with t = (step - warm_up) / (steps - 1 - warm_up):
    cosine: final + (1 - final) * (1 + cos(pi * t)) / 2 (Loshchilov and Hutter 2017, eq. 5, without restarts);
    linear: 1 + (final - 1) * t; step: drop ** (number of `drops` that are <= step).
    """
    if step < schedule.warm_up:
        return (step + 1) / schedule.warm_up
    t = min((step - schedule.warm_up) / max(steps - 1 - schedule.warm_up, 1), 1.0)
    if schedule.kind == "cosine":
        return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * t)) / 2
    if schedule.kind == "linear":
        return 1 + (schedule.final - 1) * t
    return float(schedule.drop ** sum(d <= step for d in schedule.drops))


def set_rates(optimisers: Iterable[Optimizer], scale: float) -> None:
    """Set every learning rate to `scale` times the one the optimiser was made with."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * scale
