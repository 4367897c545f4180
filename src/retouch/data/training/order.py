"""Which photo comes when: nothing is kept, everything follows from seed, epoch and place."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from retouch.holes.check import checked_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray


def order(n: int, epoch: int, seed: int, weights: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """The photos of an epoch in random order.

    Args:
        n: number of photos; an epoch has as many places.
        epoch: from 0 up.
        seed: of the run.
        weights: [n] how often each is drawn relative to the others, 0 = never; None: each once. A photo of weight w
            comes n w / sum(weights) times, rounded up or down at random.

    Returns:
        [n] int64 numbers of photos.

    Raises:
        ValueError: `n`, `epoch` or `seed` is no integer in its range.
    """
    number = checked_count("n", n, least=1)
    rng = generator(seed, epoch)
    if weights is None:
        return rng.permutation(number)
    # Systematic sampling: one random offset, then equal steps along the summed weights.
    ends = np.cumsum(weights) * (number / np.sum(weights))  # [n]
    ends[np.flatnonzero(weights)[-1] :] = number  # whatever rounding made of the sum
    drawn = np.searchsorted(ends, np.arange(number) + rng.random(), side="right")  # [n]
    return rng.permutation(drawn)


class Epochs:
    """The stream of places that runs on through epochs of `n`, each in an order of its own; one order is kept.

    Args:
        n: places of an epoch.
        ordered: the order of an epoch, [n], such as `order` gives.
    """

    def __init__(self, n: int, ordered: Callable[[int], NDArray[np.int64]]) -> None:
        self.n, self.ordered = n, ordered
        self._epoch, self._order = 0, ordered(0)

    def __getitem__(self, position: int) -> tuple[int, int, int]:
        """Epoch, place in it, and what is there, of a position in the stream."""
        epoch, place = divmod(position, self.n)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self.ordered(epoch)
        return epoch, place, int(self._order[place])


def generator(seed: int, *key: int) -> Generator:
    """The generator of what `key` names under `seed`, independent of those with other keys.

    Raises:
        ValueError: a number is no integer from 0 up.
    """
    numbers = tuple(checked_count("epoch or place", number) for number in key)
    return np.random.default_rng(np.random.SeedSequence(checked_count("seed", seed), spawn_key=numbers))


def positions(step: int, batch: int, rank: int = 0, processes: int = 1) -> range:
    """The places in the run's stream of samples that a process trains on at a step.

    Batch k of the run is places k * batch to (k + 1) * batch - 1, and process r of p takes the r-th of p equal parts of
    it. The stream runs on through epochs, so a batch may hold the end of one and the start of the next: no photo is
    dropped at the end of an epoch and none is repeated to fill a batch.

    Args:
        step: from 0 up.
        batch: samples of a step, over all processes.
        rank: of this process.
        processes: their number.

    Raises:
        ValueError: `batch` is no multiple of `processes`, or a number is not in its range.
    """
    checked_count("step", step)
    checked_count("batch", batch, least=1)
    checked_count("processes", processes, least=1)
    if checked_count("rank", rank) >= processes:
        raise ValueError(f"rank: is {rank}; accepted: 0 to {processes - 1}, there being {processes} processes")
    if batch % processes:
        raise ValueError(f"batch: is {batch}; accepted: a multiple of the {processes} processes")
    part = batch // processes
    first = step * batch + rank * part
    return range(first, first + part)


def stream(first: int, batch: int, rank: int = 0, processes: int = 1) -> Iterator[range]:
    """`positions` of the steps `first`, `first` + 1, ..., without end; bad numbers are refused at once."""
    positions(first, batch, rank, processes)
    return (positions(step, batch, rank, processes) for step in count(first))
