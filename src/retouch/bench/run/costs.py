"""What a model costs: time and memory of a run, from its chunks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.run.chunks import read
from retouch.bench.run.finish import all_chunks
from retouch.bench.run.record import read_record

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class Cost:
    """Of one model.

    Attributes:
        seconds: that a fill took, the median over samples; None: no sample was filled.
        memory: megabytes by which a process grew at most in a fill, loading the model included; None: unknown.
    """

    seconds: float | None
    memory: float | None


def costs(out: str | os.PathLike[str]) -> dict[str, Cost]:
    """Time and memory of every model of the run in the folder `out`; FileNotFoundError where there is none."""
    folder = Path(out)
    kept = read_record(folder)
    if kept is None:
        raise FileNotFoundError(f"out: {str(folder)!r} holds no run; accepted: what `bench run` wrote")
    contents = [(chunk.model, read(chunk, folder, features=False)) for chunk in all_chunks(kept)]
    found = {}
    for model in kept.models:
        own = [content for name, content in contents if name == model and content is not None]
        seconds = [image.seconds for content in own for image in content.images]
        grown = [content.memory for content in own if content.memory is not None]
        found[model] = Cost(float(np.median(seconds)) if seconds else None, max(grown, default=None))
    return found
