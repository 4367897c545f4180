"""Whole batches made by worker processes, in the order of the steps."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import torch
from torch.utils.data import DataLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

S_co = TypeVar("S_co", covariant=True)
S = TypeVar("S")
R = TypeVar("R")


class Samples(Protocol[S_co]):
    """The endless stream of samples of a run."""

    def __getitem__(self, place: int) -> S_co:
        """Sample `place`, from 0 up."""
        ...


def made(
    samples: Samples[S],
    steps: Iterator[range],
    pack: Callable[[list[S]], R],
    *,
    workers: int = 0,
    prefetch: int = 2,
    context: str | None = None,
) -> Iterator[R]:
    """What `pack` makes of the samples of each step, in order.

    Args:
        samples: where they come from; it is sent to the workers.
        steps: places of the samples of each step.
        pack: run in the worker: what it returns is copied through shared memory.
        workers: processes of one thread each; 0: this process does it.
        prefetch: steps that each worker makes ahead.
        context: how workers are started, as of `multiprocessing`; None: as Python does on this system.

    Raises:
        OSError, ValueError: as the samples.
    """
    several = {"prefetch_factor": prefetch, "multiprocessing_context": context} if workers else {}
    loader = DataLoader(
        cast("Any", _Packs(samples, pack)),  # map-style: it only needs __getitem__
        batch_size=None,
        sampler=cast("Any", steps),  # a key is a range: a whole batch
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_ignore_interrupts,
        generator=torch.Generator(),  # or making an iterator would draw from the global generator
        **cast("Any", several),
    )
    for each in loader:
        if isinstance(each, Exception):
            raise each
        yield each


class _Packs:
    def __init__(self, samples: Samples[Any], pack: Callable[[list[Any]], Any]) -> None:
        self.samples, self.pack = samples, pack

    def __getitem__(self, places: range) -> Any:
        # What fails is handed over: a DataLoader would wrap it in a message of many lines.
        try:
            found = [self.samples[place] for place in places]
        except (OSError, ValueError) as error:
            return error
        return self.pack(found)


def _as_it_is(pack: Any) -> Any:
    return pack


def _ignore_interrupts(worker: int) -> None:  # noqa: ARG001
    # Ctrl-C reaches every process of the terminal; the training process ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
