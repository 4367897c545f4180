"""Stable Diffusion's inpainting with aligned tokens in place of a text's (section 3), as pure functions.

    z_T    = noise, or an image's latent with noise
    eps    = denoise([z_t, mask, z_masked], t)            tokens inside, no classifier-free guidance: one pass a step
    z_t-1  = DDIM or DPM-Solver++ (z_t, eps, t)

Latents are [B, c, h, w]; the mask is 1 = hole. No photo of a batch influences another one, and nothing random is drawn
in between. Solvers are diffusers' schedulers, made from the model's own configuration.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from retouch.methods.asuka.sampling import Sampling, Step
from retouch.ops.latents import clean

if TYPE_CHECKING:
    from retouch.methods.asuka.sampling import Solver

Denoise: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(x [B, 2c + 1, h, w], timestep [1] int64) to what is predicted, noise or v, [B, c, h, w]."""

# The noise that Stable Diffusion 1.5 was trained with, for a model that brings no configuration.
NOISE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}


def sample(
    denoise: Denoise,
    mask: Tensor,
    masked: Tensor,
    noise: Tensor,
    sampling: Sampling,
    config: Mapping[str, Any] | None = None,
    start: Tensor | None = None,
) -> Iterator[Step]:
    """Yield each step; the last one's `latents` are the filled photo's.

    Args:
        denoise: the network.
        mask: [B, 1, h, w], as `shrink_mask` gives it.
        masked: [B, c, h, w], latents of the photos with grey in the hole.
        noise: [B, c, h, w], standard normal.
        sampling: how.
        config: of the model's scheduler; None: Stable Diffusion 1.5's.
        start: [B, c, h, w], latents that noise is added to at the first step; None: from noise alone.

    Raises:
        ValueError: shapes that do not fit, or a model that predicts neither noise nor velocity.
    """
    check(mask, masked, noise, start)
    scheduler, timesteps = schedule(sampling, config, masked.device)
    latents = noise if start is None else scheduler.add_noise(start, noise, timesteps[:1])  # [B, c, h, w]
    for k, t in enumerate(timesteps, start=1):
        out = denoise(torch.cat([latents, mask, masked], 1), t[None])  # [B, c, h, w]
        foreseen = clean(latents, out, scheduler.alphas_cumprod[t.cpu()], scheduler.config.prediction_type)
        latents = scheduler.step(out, t, latents, return_dict=False)[0]  # [B, c, h, w]
        yield Step(k, len(timesteps), latents, foreseen)


def schedule(
    sampling: Sampling, config: Mapping[str, Any] | None = None, device: torch.device | str = "cpu"
) -> tuple[Any, Tensor]:
    """The solver, a scheduler of diffusers, and its timesteps [n] int64, from noise to photo."""
    scheduler = solver(sampling.solver, config)
    scheduler.set_timesteps(sampling.steps, device=device)
    done = max(1, min(int(sampling.steps * sampling.strength), sampling.steps))
    if done < sampling.steps and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(sampling.steps - done)
    return scheduler, scheduler.timesteps[-done:]


def solver(name: Solver, config: Mapping[str, Any] | None = None) -> Any:
    """A scheduler of diffusers for a model whose scheduler has the settings `config`.

    Raises:
        ValueError: a model that predicts neither noise nor velocity.
    """
    diffusers = importlib.import_module("diffusers")  # not typed
    settings = dict(NOISE if config is None else config)
    kind = settings.get("prediction_type", "epsilon")
    if kind not in ("epsilon", "v_prediction"):
        raise ValueError(f"base: predicts {kind!r}; accepted: models that predict 'epsilon' or 'v_prediction'")
    if name == "ddim":
        return diffusers.DDIMScheduler.from_config(settings | {"clip_sample": False})
    # Steps even in the logarithm of the signal-to-noise ratio: with steps even in time little is gained.
    even = {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_lu_lambdas": True}
    return diffusers.DPMSolverMultistepScheduler.from_config(settings | even)


def check(mask: Tensor, masked: Tensor, noise: Tensor, start: Tensor | None = None) -> None:
    """Refuse with a ValueError shapes that do not fit."""
    b, _, h, w = masked.shape
    for name, tensor, wanted in (
        ("mask", mask, (b, 1, h, w)),
        ("noise", noise, tuple(masked.shape)),
        ("start", masked if start is None else start, tuple(masked.shape)),
    ):
        if tuple(tensor.shape) != wanted:
            raise ValueError(f"{name}: has the shape {list(tensor.shape)}; accepted: {list(wanted)}")
