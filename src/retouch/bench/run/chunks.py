"""Chunks: the pieces of work that are kept on disk, so that a run goes on where it was stopped.

OUT/chunks/MODEL/HOLES/000000-000015.json           values of 16 samples
OUT/chunks/MODEL/HOLES/000000-000015.safetensors    features of their fills: "features" [n, d], "k" [n]
OUT/chunks/photos/000000-000015.json, .safetensors  the same of the photos themselves, once for all models
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from retouch.atomic import atomic
from retouch.bench.entrants import file_name
from retouch.bench.results import Measured, Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIZE = 16
PHOTOS = "photos"  # no model: the photos themselves


@dataclass(frozen=True)
class Chunk:
    """Samples `start` to `stop` - 1 of one set of holes, filled by one model (PHOTOS: not filled)."""

    model: str
    holes: str
    start: int
    stop: int

    def file(self, out: Path) -> Path:
        """Its JSON in the folder of a run; the features lie beside it."""
        # A name such as method/weights is one folder.
        folder = out / "chunks" / file_name(self.model)
        if self.model != PHOTOS:
            folder /= self.holes
        return folder / f"{self.start:06d}-{self.stop - 1:06d}.json"


class Content(BaseModel):
    """What is known of a chunk once it is done.

    Attributes:
        images, failed: of every sample one of the two.
        seconds: that the chunk took, measuring included.
        memory: megabytes by which the process grew at most in a fill, loading the model included; None: unknown.
        features: SHA-256 of the file of features; None: there is none.
    """

    # A PSNR of equal images is infinite, which JSON has no number for.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    images: tuple[Measured, ...] = ()
    failed: tuple[Missing, ...] = ()
    seconds: float = 0.0
    memory: float | None = None
    features: str | None = None


def chunks(models: Sequence[str], holes: Sequence[str], count: int, *, features: bool) -> list[Chunk]:
    """All chunks of a run in their order: the photos' where there are features, then model by model."""
    spans = [(start, min(start + SIZE, count)) for start in range(0, count, SIZE)]
    own = [Chunk(PHOTOS, holes[0], *span) for span in spans] if features else []
    return own + [Chunk(model, name, *span) for model in models for name in holes for span in spans]


def write(chunk: Chunk, out: Path, content: Content, rows: dict[int, NDArray[np.float32]]) -> None:
    """Write a chunk whole or not at all; `rows` are the features [d] by sample number."""
    from safetensors.numpy import save

    file = chunk.file(out)
    file.parent.mkdir(parents=True, exist_ok=True)
    if rows:
        packed = save({"features": np.stack(list(rows.values())), "k": np.array(list(rows), np.int64)})
        with atomic(file.with_suffix(".safetensors"), "wb", overwrite=True) as beside:
            beside.write(packed)
        content = content.model_copy(update={"features": hashlib.sha256(packed).hexdigest()})
    # The JSON comes last: where it is, the chunk is whole.
    with atomic(file, "w", overwrite=True) as text:
        text.write(content.model_dump_json())


def read(chunk: Chunk, out: Path, *, features: bool) -> Content | None:
    """The chunk's content; None where it is missing or damaged, or lacks the features that this run needs."""
    file = chunk.file(out)
    try:
        content = Content.model_validate_json(file.read_bytes())
        if content.features is not None:
            packed = file.with_suffix(".safetensors").read_bytes()
            if hashlib.sha256(packed).hexdigest() != content.features:
                return None
    except (FileNotFoundError, ValidationError):
        return None
    done = sorted([each.k for each in content.images] + [each.k for each in content.failed])
    if done != list(range(chunk.start, chunk.stop)):
        return None
    lacking = features and content.images and content.features is None
    return None if lacking else content


def read_features(chunk: Chunk, out: Path) -> dict[int, NDArray[np.float32]]:
    """The features [d] of a chunk that `read` found whole, by sample number."""
    from safetensors.numpy import load

    file = chunk.file(out).with_suffix(".safetensors")
    if not file.is_file():  # all its samples failed
        return {}
    held = load(file.read_bytes())
    return dict(zip(held["k"].tolist(), held["features"], strict=True))
