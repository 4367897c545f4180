"""Batches of stored samples; the candidates come as `Batch.labels`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from retouch.data.strips import Stored, fingerprint, read_record, read_sample, sample_files
from retouch.data.training.loader import to_tensors
from retouch.data.training.order import Epochs, generator, order, stream
from retouch.data.training.samples import Drawn
from retouch.data.training.work import made
from retouch.holes.check import checked_count
from retouch.train.batch import Batch

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from retouch.data.training.unusable import Unusable


class StoredSet:
    """The endless stream of a run: sample p is place p mod n of epoch p // n, mirrored with chance `flip`."""

    def __init__(self, files: Sequence[Path], candidates: int, flip: float, seed: int) -> None:
        self.files, self.candidates, self.flip, self.seed = files, candidates, flip, seed
        self.places = Epochs(len(files), partial(order, len(files), seed=seed))

    def __getitem__(self, position: int) -> Stored:
        """Errors as `read_sample`."""
        epoch, place, k = self.places[position]
        found = read_sample(self.files[k], self.candidates)
        rng = generator(self.seed, epoch, place)
        drawn, fills = found.drawn, found.fills
        photo, hole = drawn.photo, drawn.hole
        if rng.random() < self.flip:
            photo, hole, fills = photo[:, ::-1], hole[:, ::-1], fills[:, :, ::-1]
        seed = int(rng.integers(1 << 63, dtype=np.uint64))
        return Stored(Drawn(photo, hole, seed, drawn.name), fills)


class StoredLoader:
    """Endless batches of the samples of 'retouch data blend', whose labels are candidates [B, K, 3, S, S] in [0, 1].

    Args:
        folder: of samples.
        size: side that they must have, in pixels.
        flip: chance that one is mirrored left to right.
        workers: processes that read; 0: this process does it.
        prefetch: batches that each worker reads ahead.

    Attributes:
        fingerprint: changes with the samples and the settings.
        description: one line for people.
        unusable: always empty: a damaged sample ends the run.

    Raises:
        FileNotFoundError: there is no record or no sample.
        ValueError: a damaged record, samples of another size, or a number that is not in its range.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, size: int, flip: float = 0.5, workers: int = 0, prefetch: int = 2
    ) -> None:
        self.workers, self.prefetch = checked_count("workers", workers), checked_count("prefetch", prefetch, least=1)
        record, self.files, self.flip = read_record(folder), sample_files(folder), flip
        if not self.files:
            raise FileNotFoundError(f"data: {str(folder)!r} has no sample; accepted: a folder of 'retouch data blend'")
        if record.samples.size != size:
            raise ValueError(f"data.size: is {size}; accepted: {record.samples.size}, that of the samples in {folder}")
        self.candidates = len(record.patches) + 1
        self.fingerprint = fingerprint(record, [file.stem for file in self.files], flip)
        self.description = f"{len(self.files)} samples of {record.data}"
        self.unusable: dict[str, Unusable] = {}

    def __len__(self) -> int:
        """Samples of an epoch."""
        return len(self.files)

    def first(self, count: int, seed: int) -> list[Drawn]:
        """The first samples of a run with this seed, without candidates; errors as `read_sample`."""
        samples = StoredSet(self.files, self.candidates, self.flip, seed)
        return [samples[k].drawn for k in range(count)]

    def batches(self, first: int, *, batch: int, seed: int, rank: int = 0, processes: int = 1) -> Iterator[Batch]:
        """This process's part of the batches `first`, `first` + 1, ..., without end; as `Loader.batches`."""
        steps = stream(first, batch, rank, processes)
        samples = StoredSet(self.files, self.candidates, self.flip, seed)
        for stored in made(samples, steps, list, workers=self.workers, prefetch=self.prefetch):
            photos, holes, seeds = to_tensors([each.drawn for each in stored])
            yield Batch(photos, holes, seeds, to_candidates([each.fills for each in stored]))


def to_candidates(fills: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Candidates of a batch, each [K, S, S, 3] uint8, as [B, K, 3, S, S] float32 in [0, 1]."""
    stacked = np.ascontiguousarray(np.stack(fills).transpose(0, 1, 4, 2, 3))  # [B, K, 3, S, S]
    return torch.from_numpy(stacked).to(torch.float32).div_(255)
