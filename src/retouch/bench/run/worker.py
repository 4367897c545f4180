"""What happens in a worker process: one chunk after another is filled, measured and written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from retouch.bench.entrants import Entrant, entrant
from retouch.bench.measure import Meter
from retouch.bench.protocols import Sample, sample
from retouch.bench.results import Measured, Missing
from retouch.bench.run.chunks import PHOTOS, Chunk, Content, write
from retouch.bench.run.filling import fill_sample
from retouch.bench.run.memory import Growth
from retouch.holes.objects import Objects, objects_from
from retouch.job import one_line

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from retouch.bench.run.plan import Plan
    from retouch.filler import Filler


@dataclass(frozen=True)
class Done:
    """A chunk that was written; or `error` says why it was not, and `died` that its process is gone."""

    chunk: Chunk
    error: str | None = None
    died: bool = False


class Worker:
    """Works on the chunks of a plan; it holds the networks of the metrics and one model."""

    def __init__(self, plan: Plan, out: Path) -> None:
        self.plan = plan
        self.out = out
        self.meter = Meter(plan.choice)
        self.entrant: Entrant | None = None
        self.filler: Filler | None = None  # the entrant's
        self.grown: float | None = None  # megabytes, the most of this chunk's fills

    @cached_property
    def objects(self) -> Objects | None:
        """The source of object shapes, read once."""
        return None if self.plan.objects is None else objects_from(self.plan.objects)

    def __call__(self, chunk: Chunk) -> Done:
        """Fill, measure and write one chunk; a sample that fails is written down as such."""
        started = time.perf_counter()
        self.grown = None
        images: list[Measured] = []
        failed: list[Missing] = []
        rows: dict[int, NDArray[np.float32]] = {}
        for k in range(chunk.start, chunk.stop):
            found, features = self._one(chunk, k)
            if isinstance(found, Missing):
                failed.append(found)
                continue
            images.append(found)
            if features is not None:
                rows[k] = features
        seconds = time.perf_counter() - started
        content = Content(images=tuple(images), failed=tuple(failed), seconds=seconds, memory=self.grown)
        try:
            write(chunk, self.out, content, rows)
        except OSError as error:
            return Done(chunk, one_line(error))
        return Done(chunk)

    def sample(self, holes: str, k: int) -> Sample:
        """Sample `k` of one set of holes; errors as `retouch.bench.protocols.sample`."""
        plan = self.plan
        item, view = plan.place(k)
        return sample(plan.protocol, item, holes, seed=plan.seed, objects=self.objects, view=view)

    def fill(self, model: str, one: Sample) -> tuple[NDArray[np.uint8], float]:
        """The sample filled by a model, [S, S, 3] uint8, and the seconds it took; as every worker would fill it."""
        plan, growth = self.plan, Growth()
        if self.filler is None or self.entrant is None or self.entrant.name != model:
            self.filler = None  # the one before must be gone before the next is loaded
            self.entrant = entrant(model)
            self.filler = self.entrant.load(plan.device)
        how = self.entrant.options if plan.direct else self.entrant.given
        filled = fill_sample(self.filler, one, how, seed=plan.seed, run_at=plan.protocol.run_at)
        if (peak := growth.peak()) is not None:
            self.grown = max(peak, self.grown or 0.0)
        return filled

    def _one(self, chunk: Chunk, k: int) -> tuple[Measured | Missing, NDArray[np.float32] | None]:
        try:
            one = self.sample(chunk.holes, k)
            if chunk.model == PHOTOS:
                return Measured(k=k, name=one.name, hole=0.0, seconds=0.0, values={}), self.meter.features(one.photo)
            filled, seconds = self.fill(chunk.model, one)
            values = self.meter(one.photo, filled, one.hole)
            share = float(one.hole.mean())
            measured = Measured(k=k, name=one.name, hole=share, seconds=seconds, values=values)
            return measured, self.meter.features(filled)
        except Exception as error:  # whatever a photo or a model does, the others go on
            return Missing(k=k, name=self.plan.name(k), reason=one_line(error)), None


def make_worker(plan: Plan, out: Path) -> Worker:
    """Set up a worker; picklable with its arguments."""
    return Worker(plan, out)
