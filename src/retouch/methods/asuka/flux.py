"""FLUX.1-Fill's sampling with aligned embeddings in place of a text's, as pure functions.

    z_1     = noise
    v       = denoise([z_s, z_masked, mask], s)            rectified flow: z_s = (1 - s) z_0 + s noise
    z_s'    = z_s + (s' - s) v                             Euler's method

A latent's 2 x 2 positions are one token of the network. The mask goes in at full size: 64 pixels are the 64 channels of
a position, so no stroke is lost.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from retouch.methods.asuka.sampling import Step

Denoise: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(tokens [B, n, 4 (2 c + 64)], s [1] in [0, 1]) to the velocity [B, n, 4 c]."""

# How far the schedule is shifted towards noise, by the number of tokens: linear between (256, 0.5) and (4096, 1.15).
SHIFT = {"base_image_seq_len": 256, "max_image_seq_len": 4096, "base_shift": 0.5, "max_shift": 1.15}
FLOW = {"num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": True, **SHIFT}  # the released model's


def sample(
    denoise: Denoise,
    holes: Tensor,
    masked: Tensor,
    noise: Tensor,
    steps: int = 50,
    config: Mapping[str, Any] | None = None,
) -> Iterator[Step]:
    """Yield each step; the last one's `latents` are the filled photo's.

    Args:
        denoise: the network.
        holes: [B, 1, H, W], 1 = hole, 0 = known; sides multiples of 2 H / h.
        masked: [B, c, h, w], latents of the photos with grey in the hole.
        noise: [B, c, h, w], standard normal.
        steps: of Euler's method.
        config: of the model's scheduler; None: the released one's.

    Raises:
        ValueError: shapes that do not fit.
    """
    if noise.shape != masked.shape:
        raise ValueError(f"noise: has the shape {list(noise.shape)}; accepted: {list(masked.shape)}")
    size = (masked.shape[2], masked.shape[3])
    known = torch.cat([pack(masked), pack(mask_channels(holes, size))], 2)  # [B, n, 4 (c + 64)]
    tokens = pack(noise)  # [B, n, 4 c]
    scheduler = schedule(steps, tokens.shape[1], config, noise.device)
    for k, t in enumerate(scheduler.timesteps, start=1):
        s = t[None].to(tokens) / 1000  # [1]
        velocity = denoise(torch.cat([tokens, known], 2), s)  # [B, n, 4 c]
        clean = tokens - s * velocity  # [B, n, 4 c]
        tokens = scheduler.step(velocity, t, tokens, return_dict=False)[0]  # [B, n, 4 c]
        yield Step(k, steps, unpack(tokens, size), unpack(clean, size))


def schedule(
    steps: int, tokens: int, config: Mapping[str, Any] | None = None, device: torch.device | str = "cpu"
) -> Any:
    """A `FlowMatchEulerDiscreteScheduler` set to its steps: s even from 1 to 1 / steps, then shifted."""
    diffusers = importlib.import_module("diffusers")  # not typed
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(dict(FLOW if config is None else config))
    even = np.linspace(1.0, 1 / steps, steps)  # [steps]
    scheduler.set_timesteps(sigmas=even, mu=shift(tokens, scheduler.config), device=device)
    return scheduler


def shift(tokens: int, config: Mapping[str, Any]) -> float:
    """mu = base + (tokens - few) * (most - base) / (many - few)."""
    few, many, base, most = (config.get(name, SHIFT[name]) for name in SHIFT)
    return float(base + (tokens - few) * (most - base) / (many - few))


def pack(latents: Tensor) -> Tensor:
    """[B, c, h, w] to tokens [B, h w / 4, 4 c] of 2 x 2 positions, by rows; channels first within a token.

    Raises:
        ValueError: odd sides.
    """
    if any(side % 2 for side in latents.shape[2:]):
        raise ValueError(f"latents: are {list(latents.shape[2:])} positions; accepted: even sides")
    return F.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)


def unpack(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """The way back from `pack`: tokens [B, h w / 4, 4 c] to [B, c, h, w], (h, w) = `size`."""
    h, w = size
    return F.pixel_shuffle(tokens.transpose(1, 2).reshape(len(tokens), -1, h // 2, w // 2), 2)


def mask_channels(holes: Tensor, size: tuple[int, int]) -> Tensor:
    """Holes [B, 1, H, W] to [B, 64, h, w]: the pixels of a position, by rows.

    Raises:
        ValueError: H and W are not the same multiple of h and w.
    """
    factor = holes.shape[2] // size[0]
    if (factor * size[0], factor * size[1]) != tuple(holes.shape[2:]):
        sides = " x ".join(map(str, holes.shape[2:]))
        raise ValueError(f"holes: are {sides} pixels; accepted: a multiple of the latent's {size[0]} x {size[1]}")
    return F.pixel_unshuffle(holes, factor)


def image_ids(size: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """Positions of the tokens, [h w / 4, 3]: 0, row, column. Those of the aligned prior, as of a text, are 0."""
    rows, columns = torch.meshgrid(torch.arange(size[0] // 2), torch.arange(size[1] // 2), indexing="ij")
    return torch.stack([torch.zeros_like(rows), rows, columns], -1).flatten(0, 1).float().to(device)
