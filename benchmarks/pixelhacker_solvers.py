"""Steps against exactness of PixelHacker's solvers, where the exact noise is known: `docs/pixelhacker.md`, "Solvers".

    python benchmarks/pixelhacker_solvers.py

Numbers in place of photos: from one normal distribution, and from two narrow ones. Prints the mean distance from what
1,000 steps of DDIM give.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from retouch.methods.pixelhacker.sample import Sampling, Solver, schedule

STEPS = (5, 8, 10, 20, 40)
Noise = Callable[[Tensor, Tensor], Tensor]  # (x, share of the data in its variance) to the noise in x


def mixture(means: list[float], sigma: float) -> Noise:
    """The exact noise where data are of several equally likely normal distributions."""

    def noise(x: Tensor, share: Tensor) -> Tensor:
        spread = share * sigma**2 + 1 - share
        away = torch.stack([x - share.sqrt() * mean for mean in means])  # [means, n]
        weights = (-(away**2) / (2 * spread)).softmax(0)  # [means, n]
        return (1 - share).sqrt() * (weights * away).sum(0) / spread

    return noise


def solved(x: Tensor, noise: Noise, solver: Solver, steps: int) -> Tensor:
    """What the solver makes of noise [n]."""
    scheduler, timesteps = schedule(Sampling(steps=steps, solver=solver))
    for t in timesteps:
        x = scheduler.step(noise(x, scheduler.alphas_cumprod[t]), t, x, return_dict=False)[0]  # [n]
    return x


def main() -> None:
    """Print the table."""
    start = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    print("| steps | |", " | ".join(map(str, STEPS)), "|")
    for name, noise in (("one normal", mixture([0.3], 0.5)), ("two peaks", mixture([-0.6, 0.7], 0.15))):
        exact = solved(start, noise, "ddim", 1000)
        solvers: tuple[Solver, ...] = ("ddim", "dpm++")
        for solver in solvers:
            errors = [float((solved(start, noise, solver, n) - exact).abs().mean()) for n in STEPS]
            print(f"| {name} | `{solver}` |", " | ".join(f"{error:.3f}" for error in errors), "|")


if __name__ == "__main__":
    from script import run_main

    run_main(main)
