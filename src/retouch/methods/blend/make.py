"""Training samples with their candidates, made once: patchmatch is too slow for a training step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.data.strips import RECORD, Record, Stored, read_record, sample_file, write_sample
from retouch.data.training.samples import TrainingSet, fingerprint
from retouch.files.targets import claim
from retouch.holes.check import checked_count, checked_share
from retouch.methods.blend.candidates import candidates

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.data.patch import Patch
    from retouch.data.training.photos import Photos
    from retouch.data.training.samples import Drawn
    from retouch.data.training.settings import SampleSettings


@dataclass(frozen=True)
class Made:
    """What a run did: samples written now, and those that were there already."""

    written: int
    kept: int


def make_samples(
    photos: Photos,
    out: str | os.PathLike[str],
    *,
    patches: Sequence[Patch],
    samples: SampleSettings,
    count: int,
    seed: int = 0,
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[int, int], object] | None = None,
) -> Made:
    """Write the first `count` training samples of a run under `seed`, with the candidates for each.

    Called again, the run goes on where it was stopped, or adds to it where `count` is larger.

    Args:
        photos: what they are cut out of.
        out: folder, made if need be.
        patches: the candidates by patchmatch.
        samples: size, crops and holes; they are not flipped here but in training.
        count: how many in all.
        seed: from 0 up.
        shard: (i, n): only the i-th of n shares of the samples, i from 1, for several processes.
        progress: is called with (samples done, of how many) after each.

    Raises:
        FileExistsError: `out` holds samples of other settings, or other files.
        NotADirectoryError: `out` is a file.
        OSError: `out` cannot be written; finished samples stay.
        ValueError: an argument is none of these; as `TrainingSet`.
    """
    folder = Path(out)
    i, n = checked_share("shard", shard)
    numbers = range(i - 1, checked_count("count", count, least=1), n)
    settings = samples.model_copy(update={"flip": 0.0})
    training = TrainingSet(photos, settings, checked_count("seed", seed))
    words = f"{len(photos.items)} photos" + (f" of {photos.name}" if photos.name else "")
    what = Record(patches=tuple(patches), samples=settings, seed=seed, photos=fingerprint(photos, settings), data=words)
    _claim(folder, what)
    written = 0
    for done, number in enumerate(numbers, start=1):
        file = sample_file(folder, number)
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            write_sample(file, with_candidates(training[number], patches, number))
            written += 1
        if progress is not None:
            progress(done, len(numbers))
    return Made(written, len(numbers) - written)


def with_candidates(drawn: Drawn, patches: Sequence[Patch], seed: int) -> Stored:
    """A sample and its fills, [K, S, S, 3] uint8."""
    photo = drawn.photo.astype(np.float32) / np.float32(255)  # [S, S, 3]
    fills = candidates(photo, drawn.hole, patches, seed)  # [K, S, S, 3]
    return Stored(drawn, np.rint(fills * 255).astype(np.uint8))


def _claim(folder: Path, what: Record) -> None:
    """Make the folder with its record; refuse one of others. Errors as `make_samples`."""
    claim(folder, RECORD, what.model_dump_json(indent=1))
    there = read_record(folder)
    for name in Record.model_fields:
        if name != "data" and getattr(there, name) != getattr(what, name):
            raise FileExistsError(f"out: {str(folder)!r} holds samples of other {name}; choose another folder")
