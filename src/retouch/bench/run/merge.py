"""Putting folders of one run that was shared out among machines together."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.atomic import atomic
from retouch.bench.run import record as records
from retouch.bench.run.chunks import read
from retouch.bench.run.finish import all_chunks, finish
from retouch.bench.run.plan import Plan, make_plan
from retouch.bench.run.running import PICTURES
from retouch.files.targets import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.bench.results import Results
    from retouch.bench.run.chunks import Chunk
    from retouch.bench.run.record import Record


def merge(
    folders: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    pictures: int = PICTURES,
) -> Results:
    """Put the chunks in `folders`, made by the same plan with different shards or models, into `out` and finish.

    Args:
        folders: of runs.
        out: a new or empty folder, made if only its last part is missing.
        overwrite: a run in `out` is deleted.
        pictures: how many samples of each set of holes are shown; none where the photos are not on this machine.

    Returns:
        The results, also written to results.json.

    Raises:
        FileNotFoundError: a folder holds no run.
        ValueError: the runs differ in more than their models, chunks are missing, or `out` holds something.
        OSError: `out` cannot be made or written to.
    """
    sources = [Path(folder) for folder in folders]
    if not sources:
        raise ValueError("folders: none is given; accepted: at least one folder that `bench run` wrote")
    kept = _one(sources)
    target = Path(out)
    if any(target.resolve() == source.resolve() for source in sources):
        raise ValueError(f"out: {str(target)!r} is one of the runs to merge; accepted: another folder")
    where = _found(kept, sources)
    _prepare(target, overwrite)
    features = kept.choice.extractor is not None
    for chunk, source in where.items():
        content = read(chunk, source, features=features)
        if content is not None and content.features is not None:
            _copy(chunk.file(source).with_suffix(".safetensors"), chunk.file(target).with_suffix(".safetensors"))
        _copy(chunk.file(source), chunk.file(target))
    records.write_record(target, kept)
    return finish(kept, target, plan=_plan(kept), pictures=pictures)


def _one(sources: list[Path]) -> Record:
    """The record of all sources together."""
    kept = [records.read_record(source) for source in sources]
    whole = [each for each in kept if each is not None]
    if len(whole) < len(kept):
        empty = sources[kept.index(None)]
        raise FileNotFoundError(f"folders: {str(empty)!r} holds no run; accepted: what `bench run` wrote")
    for source, each in zip(sources, whole, strict=True):
        if different := records.differences(whole[0], each):
            raise ValueError(
                f"folders: {str(sources[0])!r} and {str(source)!r} are not one run; {'; '.join(different)}"
            )
    models = dict.fromkeys(name for each in whole for name in each.models)
    return whole[0].model_copy(update={"models": tuple(models)})


def _found(kept: Record, sources: list[Path]) -> dict[Chunk, Path]:
    """Where each chunk is whole; ValueError where one is nowhere."""
    features = kept.choice.extractor is not None
    everything = all_chunks(kept)
    where: dict[Chunk, Path] = {}
    for chunk in everything:
        source = next((each for each in sources if read(chunk, each, features=features) is not None), None)
        if source is not None:
            where[chunk] = source
    missing = [chunk for chunk in everything if chunk not in where]
    if missing:
        first = missing[0].file(Path())
        raise ValueError(
            f"folders: {len(missing)} of {len(everything)} chunks are missing, first {str(first)!r}; run all shards"
        )
    return where


def _prepare(target: Path, overwrite: bool) -> None:
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"out: {str(target)!r} is a file; accepted: a folder")
    if target.is_dir() and any(target.iterdir()):
        if not overwrite or records.read_record(target) is None:
            raise ValueError(f"out: {str(target)!r} is not empty; accepted: a new or empty folder, or overwrite=True")
        for name in ("chunks", "pictures"):
            shutil.rmtree(target / name, ignore_errors=True)
    make_folder(target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic(target, "wb", overwrite=True) as file:
        file.write(source.read_bytes())


def _plan(kept: Record) -> Plan | None:
    """The plan, if photos and models are on this machine and are the same."""
    try:
        plan = make_plan(
            kept.protocol,
            kept.data,
            kept.models,
            holes=kept.holes,
            limit=kept.limit,
            seed=kept.seed,
            objects=kept.objects_at,
            weights=kept.choice.weights,
            extractor=kept.choice.extractor,
            device=kept.device,
            direct=kept.direct,
        )
    except (OSError, ValueError, ImportError):
        return None
    return None if records.differences(kept, records.record(plan)) else plan
