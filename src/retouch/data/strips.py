"""Training samples with their candidates on the disk: one PNG each, to be read by programs and looked at by people.

A sample of side S is a strip of 2 + K squares: the truth, the hole in white, and the fill of every candidate, black
where the photo is known.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retouch.atomic import atomic
from retouch.data.patch import Patch
from retouch.data.training.samples import Drawn
from retouch.data.training.settings import SampleSettings

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

RECORD = "blend-samples.json"


class Record(BaseModel):
    """What all samples of a folder have in common.

    Attributes:
        patches: their candidates by patchmatch; the smooth one follows.
        samples: size, crops and holes.
        seed: of crops, holes and candidates.
        photos: fingerprint of photos and settings.
        data: the photos in words, for an export's card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    patches: tuple[Patch, ...] = Field(min_length=1)
    samples: SampleSettings
    seed: int = Field(ge=0)
    photos: str
    data: str


@dataclass(frozen=True, eq=False)
class Stored:
    """A sample, and its candidates [K, S, S, 3] uint8: whole photos, known pixels in place."""

    drawn: Drawn
    fills: NDArray[np.uint8]


def write_sample(file: Path, sample: Stored) -> None:
    """Write one strip; one that another process has written meanwhile is replaced by the same."""
    hole = sample.drawn.hole[..., None]  # [S, S, 1]
    white = np.where(hole, np.uint8(255), np.uint8(0)).repeat(3, 2)  # [S, S, 3]
    squares = [sample.drawn.photo, white, *np.where(hole, sample.fills, np.uint8(0))]
    with atomic(file, overwrite=True) as out:
        Image.fromarray(np.concatenate(squares, 1)).save(out, format="PNG")


def read_sample(file: Path, count: int) -> Stored:
    """Read one strip with `count` candidates; its seed is the number that its name is.

    Raises:
        OSError: it is missing or damaged.
        ValueError: it is no such strip.
    """
    try:
        with Image.open(file, formats=["PNG"]) as image:
            strip = np.asarray(image.convert("RGB"))  # [S, (2 + K) * S, 3]
    except FileNotFoundError:
        raise
    except Exception as error:  # Pillow raises several kinds
        raise OSError(f"data: {str(file)!r} is damaged: {error}") from error
    side, width = strip.shape[:2]
    if width != (2 + count) * side:
        raise ValueError(f"data: {str(file)!r} is {width}x{side} pixels; accepted: {2 + count} squares in a row")
    photo, hole, *fills = np.split(strip, 2 + count, axis=1)  # [S, S, 3] each
    drawn = Drawn(np.ascontiguousarray(photo), hole[..., 0] > 127, int(file.stem), file.stem)
    return Stored(drawn, np.where(drawn.hole[..., None], np.stack(fills), drawn.photo))


def read_record(folder: str | os.PathLike[str]) -> Record:
    """What the samples of a folder are.

    Raises:
        FileNotFoundError: the folder has no record.
        ValueError: the record is damaged.
    """
    file = Path(folder) / RECORD
    if not file.is_file():
        raise FileNotFoundError(f"data: {str(folder)!r} has no {RECORD}; accepted: a folder of 'retouch data blend'")
    try:
        return Record.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ValueError(f"data: {str(file)!r} is damaged: {error.errors()[0]['msg']}; make the samples anew") from None


def sample_files(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The strips of a folder, in order of their numbers."""
    return tuple(sorted(path for path in Path(folder).glob("*/*.png") if path.stem.isdigit()))


def sample_file(folder: Path, number: int) -> Path:
    """Where sample `number` lies: a thousand in each subfolder."""
    return folder / f"{number // 1000:04d}" / f"{number:07d}.png"


def fingerprint(record: Record, numbers: list[str], flip: float) -> str:
    """16 hexadecimal digits that change with the record, with which samples there are, and how often one is flipped."""
    stream: list[Any] = [record.model_dump(mode="json", exclude={"data"}), numbers, flip]
    return hashlib.sha256(json.dumps(stream).encode()).hexdigest()[:16]
