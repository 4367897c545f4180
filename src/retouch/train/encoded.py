"""Batches of samples that were encoded before training: a step need not read photos, nor run an autoencoder."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from retouch.data.encoded import RECORD, check_whole, read_first, read_record, read_sample
from retouch.data.training.order import Epochs, order, stream
from retouch.data.training.work import made
from retouch.train.batch import Batch
from retouch.train.seeds import sample_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.data.encoded import Encoded
    from retouch.data.training.samples import Drawn
    from retouch.data.training.unusable import Unusable
    from retouch.train.settings import DataSettings


def open_encoded(data: DataSettings, workers: int) -> EncodedLoader | None:
    """The encoded samples that `data.photos` names; None: it names something else.

    Raises:
        FileNotFoundError: the shards are not all there.
        ValueError: several sources, or settings that say something else of the samples than they were encoded with.
    """
    folders = [folder for folder in data.photos if (folder / RECORD).is_file()]
    if not folders:
        return None
    if len(data.photos) > 1:
        raise ValueError(f"data.photos: {str(folders[0])!r} holds encoded samples; accepted: that folder alone")
    for name in ("list_file", "beside"):
        if getattr(data, name) is not None:
            raise ValueError(f"data.{name}: is given with encoded samples; accepted: when they are made")
    loader = EncodedLoader(folders[0], workers=workers, prefetch=data.prefetch)
    now = data.model_dump(mode="json")
    for name, then in loader.record.settings.items():
        # What is not set (combine, foreground) is as it was when they were made.
        if name in now and now[name] not in (None, then):
            raise ValueError(f"data.{name}: is {now[name]!r}; accepted: {then!r}, as {folders[0]} was encoded")
    return loader


class EncodedLoader:
    """Endless batches of the samples of a folder, each once an epoch, in an order of its own.

    Their seeds differ from epoch to epoch: noise, timesteps and what is drawn of the autoencoder's distribution are
    new; crops and holes are those that were encoded.

    Args:
        folder: of samples, whole.
        workers: processes that read; 0: this process does it.
        prefetch: batches that each worker reads ahead.

    Attributes:
        record: how the samples were made.
        fingerprint: changes with the record.
        description: one line for people.
        unusable: none; what could not be used was passed over before.

    Raises:
        FileNotFoundError, ValueError: as `read_record` and `check_whole`.
    """

    def __init__(self, folder: Path, *, workers: int = 0, prefetch: int = 2) -> None:
        self.folder, self.workers, self.prefetch = folder, workers, prefetch
        self.record: Encoded = read_record(folder)
        check_whole(folder, self.record)
        self.unusable: dict[str, Unusable] = {}
        self.fingerprint = hashlib.sha256(self.record.model_dump_json().encode()).hexdigest()[:16]
        self.description = f"{self.record.samples} encoded samples of {self.record.description}"

    def __len__(self) -> int:
        """Samples of an epoch."""
        return self.record.samples

    def first(self, count: int, seed: int) -> list[Drawn]:  # noqa: ARG002 - they were drawn before
        """The first samples that were encoded, at most as many as were kept as pictures; errors as `read_first`."""
        return read_first(self.folder)[:count]

    def batches(self, first: int, *, batch: int, seed: int, rank: int = 0, processes: int = 1) -> Iterator[Batch]:
        """This process's part of the batches `first`, `first` + 1, ..., without end; as of `Loader`.

        Raises:
            OSError, ValueError: a shard is gone or damaged; as `positions`.
        """
        steps = stream(first, batch, rank, processes)
        samples = _Stream(self.folder, self.record, seed)
        yield from made(samples, steps, _packed, workers=self.workers, prefetch=self.prefetch)


class _Stream:
    """The endless stream of samples: latents [C, h, w], class, and the seed of this time."""

    def __init__(self, folder: Path, record: Encoded, seed: int) -> None:
        self.folder, self.record, self.seed = folder, record, seed
        self.places = Epochs(record.samples, partial(order, record.samples, seed=seed))

    def __getitem__(self, position: int) -> tuple[NDArray[np.float16], int | None, int]:
        epoch, place, k = self.places[position]
        latents, label = read_sample(self.folder, self.record, k)
        return latents, label, sample_seed(self.seed, epoch, place)


def _packed(samples: list[tuple[NDArray[np.float16], int | None, int]]) -> Batch:
    latents = np.stack([latents for latents, _, _ in samples])  # [B, C, h, w]
    labels = [label for _, label, _ in samples if label is not None]
    n = len(samples)
    return Batch(
        photos=torch.zeros(n, 3, 0, 0),
        holes=torch.zeros(n, 1, 0, 0),
        seeds=torch.tensor([seed for _, _, seed in samples], dtype=torch.int64),
        labels=torch.tensor(labels, dtype=torch.int64) if labels else None,
        latents=torch.from_numpy(latents).float(),
    )
