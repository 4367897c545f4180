"""From all chunks of a run to its results."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.bench.measure import figures
from retouch.bench.protocols import protocol
from retouch.bench.protocols.words import OBJECTS
from retouch.bench.results import Outcome, Results
from retouch.bench.run.chunks import PHOTOS, Chunk, Content, chunks, read, read_features
from retouch.bench.run.pictures import make_pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.bench.run.plan import Plan
    from retouch.bench.run.record import Record

WINDOWS = "models get windows of the photo around the hole, as `retouch fill` gives them, not the whole photo"


def finish(kept: Record, out: Path, *, plan: Plan | None, pictures: int) -> Results:
    """Compute the figures of a run whose chunks are all there, and write results.json.

    Args:
        kept: what the run was asked for.
        out: its folder.
        plan: the same with the photos, to make pictures of; None: they are not at hand, and there are no pictures.
        pictures: how many samples of each set of holes are shown.

    Raises:
        ValueError: a chunk is missing or damaged.
    """
    given = protocol(kept.protocol)
    contents = {chunk: _whole(chunk, out, kept) for chunk in all_chunks(kept)}
    outcomes = tuple(_outcome(model, name, contents, kept, out) for model in kept.models for name in kept.holes)
    results = Results(
        protocol=kept.protocol,
        dataset=kept.dataset,
        split=kept.split,
        size=given.size,
        count=kept.count,
        limit=kept.limit,
        seed=kept.seed,
        models=kept.models,
        holes=kept.holes,
        extractor=kept.choice.extractor,
        left_out=kept.left_out,
        differences=_differences(kept),
        device=kept.device,
        machine=machine(),
        versions=kept.versions,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=sum(content.seconds for content in contents.values()),
        outcomes=outcomes,
    )
    if plan is not None and pictures:
        results = results.model_copy(update={"pictures": make_pictures(plan, results, out, pictures)})
    results.save(out)
    return results


def all_chunks(kept: Record) -> list[Chunk]:
    """Every chunk of a run."""
    return chunks(kept.models, kept.holes, kept.count, features=kept.choice.extractor is not None)


def _differences(kept: Record) -> tuple[str, ...]:
    given = protocol(kept.protocol).differences
    said = [each for each in given if each != OBJECTS or kept.objects is None]
    return tuple(said) if kept.direct else (*said, WINDOWS)


def machine() -> str:
    """Processor and number of cores."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass  # only Linux has it
    return f"{name}, {os.cpu_count() or 1} cores"


def _whole(chunk: Chunk, out: Path, kept: Record) -> Content:
    content = read(chunk, out, features=kept.choice.extractor is not None)
    if content is None:
        raise ValueError(f"out: chunk {str(chunk.file(out))!r} is missing or damaged; run the same command again")
    return content


def _outcome(model: str, holes: str, contents: dict[Chunk, Content], kept: Record, out: Path) -> Outcome:
    own = {chunk: content for chunk, content in contents.items() if (chunk.model, chunk.holes) == (model, holes)}
    images = tuple(each for content in own.values() for each in content.images)

    def features() -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Rows [n, d] of the photos and of the fills, chunk by chunk, where both are there."""
        for chunk in own:
            fake = read_features(chunk, out)
            real = read_features(Chunk(PHOTOS, kept.holes[0], chunk.start, chunk.stop), out)
            if both := sorted(fake.keys() & real.keys()):
                yield np.stack([real[k] for k in both]), np.stack([fake[k] for k in both])

    found, left_out = figures(images, None if kept.choice.extractor is None else features, kept.choice)
    failed = tuple(each for content in own.values() for each in content.failed)
    grown = [content.memory for content in own.values() if content.memory is not None]
    return Outcome(
        model=model,
        holes=holes,
        figures=found,
        images=images,
        failed=failed,
        left_out=left_out,
        memory=max(grown, default=None),
    )
