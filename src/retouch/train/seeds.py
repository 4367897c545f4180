"""Randomness that is the same however a batch is cut up and wherever a run was interrupted.

Nothing is stored for a restart: draws come from a sample's own seed, or from (seed, step, process).
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sample_seed(seed: int, epoch: int, index: int) -> int:
    """Seed of sample `index` in `epoch` of a run under `seed`: an integer in [0, 2**63)."""
    return _mix(seed, epoch, index)


def normal(seeds: Tensor, shape: Sequence[int], stream: str) -> Tensor:
    """Standard normal noise, sample i from seeds[i] alone.

    Args:
        seeds: [B] int64 of a batch.
        shape: of one sample's noise.
        stream: a word for what it is drawn for; other words give independent draws.

    Returns:
        [B, *shape] float32 on the CPU.
    """
    return _draw(seeds, stream, lambda rng: rng.standard_normal(tuple(shape), dtype=np.float32))


def uniform(seeds: Tensor, shape: Sequence[int], stream: str) -> Tensor:
    """Uniform draws in [0, 1), sample i from seeds[i] alone; as `normal`."""
    return _draw(seeds, stream, lambda rng: rng.random(tuple(shape), dtype=np.float32))


def integers(seeds: Tensor, low: int, high: int, stream: str) -> Tensor:
    """One integer in [low, high) for each sample: [B] int64 on the CPU; as `normal`."""
    return _draw(seeds, stream, lambda rng: np.asarray(rng.integers(low, high), np.int64))


@contextlib.contextmanager
def seeded(seed: int, step: int = 0, rank: int = 0, device: torch.device | None = None) -> Iterator[None]:
    """PyTorch's own generators start from (seed, step, rank) inside the block and go on as before after it.

    The loop runs every step in one (dropout repeats itself after a restart); build a recipe in one, so that its first
    weights are the same each time.
    """
    devices = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(_mix(seed, step, rank))
        yield


def _draw(seeds: Tensor, stream: str, draw: Callable[[np.random.Generator], NDArray[np.generic]]) -> Tensor:
    key = (zlib.crc32(stream.encode()),)
    rngs = (np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key)) for seed in seeds.tolist())
    return torch.from_numpy(np.stack([draw(rng) for rng in rngs]))  # [B, ...]


def _mix(*numbers: int) -> int:
    state = np.random.SeedSequence(list(numbers)).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
