"""How a fill is sampled: settings, and noise that follows from the seeds. Needs no PyTorch to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from retouch.ops.draws import seeded_normal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Solver: TypeAlias = Literal["ddim", "dpm++"]
LatentMask: TypeAlias = Literal["any", "nearest"]
PriorUse: TypeAlias = Literal["condition", "init"]

TIMESTEPS = 1000  # of the noise that Stable Diffusion is trained with

# What a draw is for; draws of different numbers are independent.
KNOWN, FIRST, START, REPAINT = 0, 1, 2, 1000


@dataclass(frozen=True)
class Sampling:
    """How Stable Diffusion's inpainting is sampled.

    Attributes:
        steps: of the solver, 1 to 1000.
        solver: "ddim", or "dpm++", DPM-Solver++ (Lu et al. 2022) of second order, which needs fewer steps.
        latent_mask: which positions of the latent's mask are hole: "any": those that a hole touches; "nearest": those
            whose first pixel is in a hole, as diffusers has it, so that a thin hole can vanish.
        strength: where it starts from an image: share of the steps that are done, the last ones.
    """

    steps: int = 50
    solver: Solver = "ddim"
    latent_mask: LatentMask = "any"
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= TIMESTEPS:
            raise ValueError(f"steps: is {self.steps}; accepted: 1 to {TIMESTEPS}")
        if not 0 < self.strength <= 1:
            raise ValueError(f"strength: is {self.strength}; accepted: above 0, at most 1")
        for name, names in (("solver", Solver), ("latent_mask", LatentMask)):
            if (given := getattr(self, name)) not in get_args(names):
                raise ValueError(f"{name}: is {given!r}; accepted: {', '.join(get_args(names))}")


@dataclass(frozen=True)
class FluxSampling:
    """How FLUX.1-Fill is sampled.

    Attributes:
        steps: of Euler's method.
        guidance: the number that the network is told, in place of classifier-free guidance.
    """

    steps: int = 50
    guidance: float = 30.0

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= TIMESTEPS:
            raise ValueError(f"steps: is {self.steps}; accepted: 1 to {TIMESTEPS}")
        if not 0 <= self.guidance < float("inf"):
            raise ValueError(f"guidance: is {self.guidance}; accepted: 0 or more")


@dataclass(frozen=True)
class Repaint:
    """RePaint's way through the steps (Lugmayr et al. 2022).

    Attributes:
        jump: steps that are gone back at a time.
        times: how often every stretch of `jump` steps is gone through.
    """

    jump: int = 10
    times: int = 10

    def __post_init__(self) -> None:
        for name in ("jump", "times"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: is {getattr(self, name)}; accepted: 1 or more")


@dataclass(frozen=True, eq=False)
class Step:
    """What step `k` (from 1) of `steps` left.

    Attributes:
        latents: [B, c, h, w], what comes out; the result after the last step.
        clean: [B, c, h, w], the result as it is foreseen now.
    """

    k: int
    steps: int
    latents: Tensor
    clean: Tensor


def draw(seeds: Sequence[int], shape: tuple[int, ...], what: int, device: torch.device | str = "cpu") -> Tensor:
    """Standard normal noise [B, *shape] float32; that of photo i follows from seeds[i] and `what`."""
    import torch

    return torch.from_numpy(seeded_normal(seeds, what, shape)).to(device)
