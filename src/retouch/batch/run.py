"""Filling many photos: skip what is done, never stop for one that fails, and report on all of them."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.batch.leftovers import remove_leftovers
from retouch.batch.plan import plan_batch
from retouch.batch.report import BatchProgress, BatchReport, Outcome
from retouch.batch.workers import work
from retouch.catalogue import DEFAULT_MODEL
from retouch.files.targets import make_folder
from retouch.job import all_notes, make_job, one_line, open_photo, quality_notes, run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from retouch.batch.plan import Item, PhotoAndMask
    from retouch.filler import Filler
    from retouch.job import Job
    from retouch.mask.marks import Marks
    from retouch.methods.base import CancelCallback


def run_batch(
    pairs: Iterable[PhotoAndMask],
    out: str | os.PathLike[str],
    *,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
    harmonise: str | None = None,
    jobs: int = 1,
    seed: int = 0,
    samples: int = 1,
    marks: Marks | None = None,
    avoid: str | os.PathLike[str] | None = None,
    max_pixels: int | None = None,
    format: str | None = None,
    quality: int | None = None,
    overwrite: bool = False,
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[BatchProgress], Any] | None = None,
    cancel: CancelCallback | None = None,
    **options: Any,
) -> BatchReport:
    """Fill every photo of `pairs` into the folder `out`; results that exist are skipped, failures are reported.

    Every file is written whole or not at all, so a run that was killed is resumed by starting it again.

    Args:
        pairs: photos with their masks, as from `retouch.files.pairs.pair`.
        out: folder of the results; made if only its last part is missing.
        model, device, harmonise, seed, avoid: as for `retouch.load` and `retouch.fill`.
        jobs: processes; each loads the model once. 0: no process, everything happens in this one. With processes, a
            script that calls this must be importable (`if __name__ == "__main__":`).
        samples: results for each photo, with the seeds seed, seed + 1, ...
        marks: sources of holes besides the masks, and changes to them.
        max_pixels: larger photos and masks fail.
        format: suffix of the results ("png"); None: each photo's own.
        quality: of lossy formats, 1 to 100; None: as the photo was.
        overwrite: make existing results anew.
        shard: (i, n), i from 1: only the i-th of n shares.
        progress: called with a BatchProgress after every item.
        cancel: asked between items; True raises Cancelled, results so far stay.
        options: the fields of `retouch.settings.Settings` and the model's own options.

    Returns:
        The outcome of every item of the share.

    Raises:
        ValueError, ImportError: an argument is wrong, an extra missing.
        OSError: the folder cannot be made or written to.
        Cancelled: `cancel` said so.
    """
    started, began = time.perf_counter(), time.time()
    if jobs < 0:
        raise ValueError(f"jobs: is {jobs}; accepted: 1 or more processes, or 0 for none")
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality: is {quality}; accepted: 1 to 100")
    job = make_job(
        model=model,
        device=device,
        harmonise=harmonise,
        seed=seed,
        marks=marks,
        avoid=avoid,
        max_pixels=max_pixels,
        **options,
    )
    plan = plan_batch(pairs, out, seed=seed, samples=samples, format=format, overwrite=overwrite, shard=shard)
    make_folder(Path(out))
    for folder in {item.output.parent for item in plan.todo}:
        folder.mkdir(parents=True, exist_ok=True)
    setup = partial(_make_handler, job, quality, overwrite)
    outcomes = {item: Outcome(item, "skipped") for item in plan.existing}
    todo = plan.todo
    if todo:
        with closing(work(todo, setup, jobs=min(jobs, len(todo)), lost=_lost, cancel=cancel)) as answers:
            for done, outcome in enumerate(answers, start=1):
                outcomes[outcome.item] = outcome
                if progress is not None:
                    progress(BatchProgress(done, len(todo), outcome))
    remove_leftovers((item.output for item in plan.items), before=began)
    return BatchReport(tuple(outcomes[item] for item in plan.items), job.model, time.perf_counter() - started)


def _make_handler(job: Job, quality: int | None, overwrite: bool) -> Callable[[Item], Outcome]:
    """Load the model and return what fills one item; runs in each worker."""
    from retouch.filler import load

    filler = load(job.model, job.device, job.harmonise)
    return partial(_fill, filler, job, quality, overwrite)


def _fill(filler: Filler, job: Job, quality: int | None, overwrite: bool, item: Item) -> Outcome:
    started = time.perf_counter()
    try:
        opened = open_photo(job, item.photo, [] if item.mask is None else [item.mask])
        result = run(filler, job, opened, seed=item.seed)
        notes = result.photo.save(item.output, overwrite=overwrite, quality=quality)
        notes += quality_notes(result.photo, item.output.name, None, quality)
    except FileExistsError:
        # Another run, or what was left of one that was killed, has made it meanwhile.
        return Outcome(item, "skipped", seconds=time.perf_counter() - started)
    except Exception as error:
        return Outcome(item, "failed", one_line(error), seconds=time.perf_counter() - started)
    seconds = time.perf_counter() - started
    return Outcome(item, "filled", None, all_notes(result, notes), seconds, result.photo.size)


def _lost(item: Item, reason: str) -> Outcome:
    return Outcome(item, "failed", reason)
