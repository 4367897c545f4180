"""What a run will need, found out by two steps on a few samples that change nothing on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from retouch.train.processes import find_processes
from retouch.train.run import Run, prepare
from retouch.train.seeds import seeded

if TYPE_CHECKING:
    from retouch.train.config import TrainConfig
    from retouch.train.recipe import Data, Recipe


@dataclass(frozen=True)
class Size:
    """A network's parameters, those that learn among them, and whether it is averaged over time."""

    name: str
    parameters: int
    trainable: int
    averaged: bool


@dataclass(frozen=True)
class Estimate:
    """Sizes of networks, and bytes that one process holds.

    Attributes:
        networks: in the recipe's order.
        weights: of all networks, with their buffers.
        gradients: of what learns.
        optimisers: their state after the first step.
        averages: the averaged networks' copies.
        activations: the most that the backward passes of one micro-batch keep at a time, with what losses' networks
            keep; not what lives for a moment within an operation, and not PyTorch itself.
        micro_batch: samples that pass through at a time.
        accumulate: micro-batches of a step on a process.
    """

    networks: tuple[Size, ...]
    weights: int
    gradients: int
    optimisers: int
    averages: int
    activations: int
    micro_batch: int
    accumulate: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.optimisers + self.averages + self.activations


def estimate(recipe: Recipe, data: Data, config: TrainConfig, processes: int = 1) -> Estimate:
    """Train a step on one sample and one on two, on the CPU, and extrapolate: activations grow linearly.

    The recipe is trained thereby; it is of no use afterwards.

    Raises:
        ValueError: as the loop: settings that do not fit each other, the recipe or the data.
    """
    accumulate = config.accumulate(processes)
    micro = config.batch // processes // accumulate
    run = prepare(recipe, data, config.model_copy(update={"device": "cpu", "compile": False}), find_processes("cpu"))
    one, two = (_peak(run, samples) for samples in (1, 2))
    networks = recipe.networks
    learning = {p for each in run.stepper.parameters.values() for p in each}
    sizes = tuple(
        Size(
            name,
            sum(p.numel() for p in n.parameters()),
            sum(p.numel() for p in n.parameters() if p in learning),
            name in recipe.ema,
        )
        for name, n in networks.items()
    )
    states = (v for o in run.stepper.optimisers.values() for state in o.state.values() for v in state.values())
    return Estimate(
        sizes,
        weights=_bytes(t for n in networks.values() for t in n.state_dict().values()),
        gradients=_bytes(learning),
        optimisers=_bytes(v for v in states if isinstance(v, Tensor)),
        averages=_bytes(t for n in run.averages.networks.values() for t in n.state_dict().values()),
        activations=one + (two - one) * (micro - 1),
        micro_batch=micro,
        accumulate=accumulate,
    )


def _peak(run: Run, samples: int) -> int:
    """Bytes of activations that a training step on so many samples keeps at most."""
    config = run.config
    batches = run.data.batches(0, batch=samples, seed=config.seed, rank=0, processes=1)
    layout = torch.channels_last if config.channels_last else torch.contiguous_format
    batch = next(iter(batches)).to("cpu", layout)
    known = {t.untyped_storage().data_ptr() for n in run.recipe.networks.values() for t in n.state_dict().values()}
    kept = _Kept(known)
    with seeded(config.seed), torch.autograd.graph.saved_tensors_hooks(kept.pack, _Held.unpack):
        run.stepper.step([batch], 0)
    return kept.peak


class _Kept:
    """Counts the memory of tensors that backward passes keep, each storage once."""

    def __init__(self, known: Collection[int]) -> None:
        self.known, self.users = known, Counter[int]()
        self.now = self.peak = 0

    def pack(self, tensor: Tensor) -> _Held:
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if place in self.known:
            return _Held(tensor.detach(), None)
        if not self.users[place]:
            self.now += size
            self.peak = max(self.peak, self.now)
        self.users[place] += 1
        return _Held(tensor.detach(), lambda: self._let_go(place, size))

    def _let_go(self, place: int, size: int) -> None:
        self.users[place] -= 1
        if not self.users[place]:
            self.now -= size


class _Held:
    """A tensor that a backward pass keeps; says when it does no more."""

    def __init__(self, tensor: Tensor, gone: Callable[[], Any] | None) -> None:
        self.tensor, self.gone = tensor, gone

    def unpack(self) -> Tensor:
        return self.tensor

    def __del__(self) -> None:
        if self.gone is not None:
            self.gone()


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(t.nbytes for t in tensors)
