"""Samples that an autoencoder encoded once, before training: shards of them, and the record of how they were made.

encoded.json              the record; nothing of other settings is mixed into its folder
encoded-00000.safetensors "latents" [n, C, h, w] float16 and, where samples have classes, "labels" [n] int64
first.npz                 the first samples' photos [k, S, S, 3] uint8 and holes [k, S, S] bool, to look at

Sample p is sample p of the stream that a training run with the same seed and data draws: its crop, its hole, its class.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from retouch.atomic import atomic
from retouch.data.training.samples import Drawn
from retouch.files import targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECORD, FIRST = "encoded.json", "first.npz"
SHOWN = 8  # samples that are kept as pictures


class Encoded(BaseModel):
    """How the samples of a folder were made.

    Attributes:
        vae: fingerprint of the autoencoder.
        source: fingerprint of the photos or pairs, and of what samples of them are.
        description: of the source, for people.
        settings: what samples are: `SampleSettings` of photos, `PairSettings` of pairs.
        seed: of the run whose stream it is.
        samples: how many.
        per_shard: samples of a shard.
        channels: C of the latents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vae: str
    source: str
    description: str
    settings: dict[str, Any]
    seed: int
    samples: int
    per_shard: int
    channels: int

    @property
    def shards(self) -> int:
        """How many there are when all is done."""
        return -(-self.samples // self.per_shard)

    def places(self, shard: int) -> range:
        """The samples of a shard."""
        return range(shard * self.per_shard, min((shard + 1) * self.per_shard, self.samples))


def shard_path(folder: Path, shard: int) -> Path:
    """Where shard number `shard` is."""
    return folder / f"encoded-{shard:05d}.safetensors"


def claim(folder: Path, record: Encoded) -> None:
    """Make the folder with its record, or make sure that it is of the same samples.

    Raises:
        FileExistsError: it is of others, or holds other files.
        NotADirectoryError: it is a file.
        ValueError: its record is damaged.
    """
    targets.claim(folder, RECORD, record.model_dump_json(indent=1))
    before = read_record(folder)
    for name in Encoded.model_fields:
        then, now = getattr(before, name), getattr(record, name)
        if name != "description" and then != now:
            raise FileExistsError(
                f"out: {str(folder)!r} holds other samples: {name} was {then!r}, is {now!r}; choose another folder"
            )


def read_record(folder: Path) -> Encoded:
    """The record of a folder; FileNotFoundError: it has none; ValueError: it is damaged."""
    path = folder / RECORD
    if not path.is_file():
        raise FileNotFoundError(
            f"data.photos: {str(folder)!r} holds no {RECORD}; accepted: a folder of encoded samples"
        )
    try:
        return Encoded.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"data.photos: {str(path)!r} is damaged: {error.errors()[0]['msg']}") from None


def write_shard(path: Path, latents: NDArray[np.float16], labels: NDArray[np.int64] | None) -> None:
    """Write samples [n, C, h, w] with their classes [n]; the file takes its name when it is whole."""
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {"latents": latents}
    if labels is not None:
        tensors["labels"] = labels
    with atomic(path, overwrite=True) as file:
        file.write(save(tensors))


def write_first(folder: Path, photos: NDArray[np.uint8], holes: NDArray[np.bool_]) -> None:
    """Write the first samples' photos [k, S, S, 3] and holes [k, S, S]."""
    with atomic(folder / FIRST, overwrite=True) as file:
        np.savez_compressed(file, photos=photos, holes=holes)


def read_first(folder: Path) -> list[Drawn]:
    """The first samples as they were drawn.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: it is damaged.
    """
    path = folder / FIRST
    try:
        with np.load(path) as found:
            pairs = zip(found["photos"], found["holes"], strict=True)
            return [Drawn(photo, hole, k, f"sample {k}", ()) for k, (photo, hole) in enumerate(pairs)]
    except FileNotFoundError:
        raise FileNotFoundError(f"data.photos: {str(path)!r} is missing; run the command that made it again") from None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ValueError(f"data.photos: {str(path)!r} is damaged ({error})") from error


def check_whole(folder: Path, record: Encoded) -> None:
    """Raise ValueError where a shard is missing."""
    missing = [shard for shard in range(record.shards) if not shard_path(folder, shard).is_file()]
    if missing:
        first = shard_path(folder, missing[0]).name
        raise ValueError(
            f"data.photos: {str(folder)!r} lacks {len(missing)} of {record.shards} shards, first {first!r}; "
            "run the command that makes them again"
        )


def read_sample(folder: Path, record: Encoded, place: int) -> tuple[NDArray[np.float16], int | None]:
    """The latents [C, h, w] of a sample, and its class where it has one.

    Raises:
        OSError: its shard is gone.
        ValueError: its shard is damaged.
    """
    from safetensors import SafetensorError, safe_open

    shard, row = divmod(place, record.per_shard)
    path = shard_path(folder, shard)
    try:
        with safe_open(path, framework="numpy") as file:
            latents: NDArray[np.float16] = file.get_slice("latents")[row]  # [C, h, w]
            labelled = "labels" in file.keys()  # noqa: SIM118 - it is no dictionary
            return latents, int(file.get_tensor("labels")[row]) if labelled else None
    except (SafetensorError, IndexError) as error:
        raise ValueError(f"data.photos: {str(path)!r} is damaged ({error})") from error
