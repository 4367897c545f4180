"""Batches of samples of pairs as tensors, made by worker processes: what `retouch.train` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import torch

from retouch.data.lcg.samples import PairSet, fingerprint
from retouch.data.training.loader import to_tensors
from retouch.data.training.order import stream
from retouch.data.training.work import made
from retouch.holes.check import checked_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from retouch.data.lcg.pairs import Pairs
    from retouch.data.lcg.samples import PairSettings
    from retouch.data.training.samples import Drawn
    from retouch.data.training.unusable import Unusable

B = TypeVar("B")


class PairLoader(Generic[B]):
    """Endless batches of samples of pairs from any step on; batch k is the same whatever the number of workers.

    Args:
        pairs: what to train on.
        settings: what samples are.
        make: turns photos [B, 3, S, S] float32 in [0, 1], holes [B, 1, S, S] float32 with 1 = hole, seeds [B] int64 and
            labels [B] int64 (0 = background, 1 = foreground) into what is yielded, such as `retouch.train.batch.Batch`.
        workers: processes that make samples; 0: this process does it.
        prefetch: batches that each worker makes ahead.

    Attributes:
        fingerprint: changes with the pairs and the settings.
        description: one line for people.
        unusable: pairs that this process has passed over so far, by photo.

    Raises:
        ValueError: a class that is to be drawn has no pair; a number that is not in its range.
    """

    def __init__(
        self,
        pairs: Pairs,
        settings: PairSettings,
        make: Callable[[Tensor, Tensor, Tensor, Tensor], B],
        *,
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        self.pairs, self.settings, self.make = pairs, settings, make
        self.workers, self.prefetch = checked_count("workers", workers), checked_count("prefetch", prefetch, least=1)
        self.unusable: dict[str, Unusable] = {}
        pairs.weights(settings.foreground)  # what is wrong is said now, not in the first step
        self.fingerprint = fingerprint(pairs, settings)
        counts = len(pairs.of("foreground")), len(pairs.of("background"))
        self.description = f"{counts[0]} foreground and {counts[1]} background pairs"

    def __len__(self) -> int:
        """Pairs of an epoch."""
        return len(self.pairs)

    def first(self, count: int, seed: int) -> list[Drawn]:
        """The first samples of a run with this seed; errors as `draw_pair`."""
        samples = PairSet(self.pairs, self.settings, seed)
        return [samples[k].drawn for k in range(count)]

    def batches(self, first: int, *, batch: int, seed: int, rank: int = 0, processes: int = 1) -> Iterator[B]:
        """This process's part of the batches `first`, `first` + 1, ..., without end.

        Args:
            first: the first step.
            batch: samples of a step, over all processes; `order.positions` says how they are divided.
            seed: of the run.
            rank: of this process among those that train together.
            processes: their number.

        Raises:
            OSError, ValueError: as `draw_pair` and `positions`.
        """
        steps = stream(first, batch, rank, processes)
        pairs = PairSet(self.pairs, self.settings, seed)
        for samples in made(pairs, steps, list, workers=self.workers, prefetch=self.prefetch):
            drawn = [sample.drawn for sample in samples]
            self.unusable.update((each.name, each) for one in drawn for each in one.unusable)
            labels = torch.tensor([sample.label for sample in samples], dtype=torch.int64)  # [B]
            yield self.make(*to_tensors(drawn), labels)
