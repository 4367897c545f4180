"""Batches of training samples as tensors, made by worker processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import numpy as np
import torch

from retouch.data.training.order import stream
from retouch.data.training.samples import TrainingSet, fingerprint
from retouch.data.training.work import made
from retouch.holes.check import checked_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from retouch.data.training.photos import Photos
    from retouch.data.training.samples import Drawn
    from retouch.data.training.settings import SampleSettings
    from retouch.data.training.unusable import Unusable

B = TypeVar("B")
Tensors: TypeAlias = "tuple[Tensor, Tensor, Tensor]"


def to_tensors(samples: Sequence[Drawn]) -> Tensors:
    """Stack samples of one size.

    Returns:
        photos [B, 3, S, S] float32 in [0, 1], holes [B, 1, S, S] float32 with 1 = hole, seeds [B] int64.
    """
    return _as_floats(*_stacked(samples))


def _stacked(samples: Sequence[Drawn]) -> Tensors:
    photos = np.stack([sample.photo.transpose(2, 0, 1) for sample in samples])  # [B, 3, S, S] uint8
    holes = np.stack([sample.hole[None] for sample in samples])  # [B, 1, S, S] bool
    seeds = torch.tensor([sample.seed for sample in samples], dtype=torch.int64)  # [B]
    return torch.from_numpy(photos), torch.from_numpy(holes), seeds


def _as_floats(photos: Tensor, holes: Tensor, seeds: Tensor) -> Tensors:
    return photos.to(torch.float32).div_(255), holes.to(torch.float32), seeds


class Loader(Generic[B]):
    """Endless batches of training samples from any step on.

    Batch k is the same whatever the number of workers and the first step. Workers live as long as an iteration over
    batches, so they are not started anew for an epoch.

    Args:
        photos: what to train on.
        settings: what samples are.
        make: turns photos [B, 3, S, S], holes [B, 1, S, S] and seeds [B] into what is yielded, such as `Batch`.
        workers: processes that make samples, of one thread each; 0: this process does it.
        prefetch: batches that each worker makes ahead.
        context: how workers are started: "fork", "spawn" or "forkserver"; None: as Python does on this system.

    Attributes:
        fingerprint: changes with names and weights of the photos and with the settings, so with the stream of samples;
            folders may move.
        description: one line for people.
        unusable: photos that this process has passed over so far, by name, in the order met.

    Raises:
        FileNotFoundError: there is no folder or file of object shapes.
        ValueError: a bad mixture of recipes, or a number that is not in its range.
    """

    def __init__(
        self,
        photos: Photos,
        settings: SampleSettings,
        make: Callable[[Tensor, Tensor, Tensor], B],
        *,
        workers: int = 0,
        prefetch: int = 2,
        context: str | None = None,
    ) -> None:
        self.photos, self.settings, self.make = photos, settings, make
        self.workers, self.prefetch = checked_count("workers", workers), checked_count("prefetch", prefetch, least=1)
        self.context = context
        self.unusable: dict[str, Unusable] = {}
        TrainingSet(photos, settings)  # what is wrong is said now, not in the first step
        self.fingerprint = fingerprint(photos, settings)
        self.description = (
            f"{len(photos.items)} photos of {photos.name}" if photos.name else f"{len(photos.items)} photos"
        )

    def __len__(self) -> int:
        """Photos of an epoch."""
        return len(self.photos.items)

    def first(self, count: int, seed: int) -> list[Drawn]:
        """The first samples of a run with this seed; errors as `draw_sample`."""
        samples = TrainingSet(self.photos, self.settings, seed)
        return [samples[k] for k in range(count)]

    def batches(self, first: int, *, batch: int, seed: int, rank: int = 0, processes: int = 1) -> Iterator[B]:
        """This process's part of the batches `first`, `first` + 1, ..., without end.

        Args:
            first: the first step.
            batch: samples of a step, over all processes; `order.positions` says how they are divided.
            seed: of the run.
            rank: of this process among those that train together.
            processes: their number.

        Raises:
            OSError, ValueError: as `draw_sample` and `positions`.
        """
        steps = stream(first, batch, rank, processes)
        samples = TrainingSet(self.photos, self.settings, seed)
        several: dict[str, Any] = {"workers": self.workers, "prefetch": self.prefetch, "context": self.context}
        for tensors, unusable in made(samples, steps, _packed, **several):
            self.unusable.update((photo.name, photo) for photo in unusable)
            yield self.make(*_as_floats(*tensors))


def _packed(drawn: list[Drawn]) -> tuple[Tensors, tuple[Unusable, ...]]:
    # Bytes, not floats: what workers hand over is copied through shared memory.
    return _stacked(drawn), tuple(photo for sample in drawn for photo in sample.unusable)
