"""The run: make the chunks that are missing, and when all are there, the results."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.batch.leftovers import remove_leftovers
from retouch.batch.workers import work
from retouch.bench.entrants import entrants
from retouch.bench.results import FILE as RESULTS
from retouch.bench.results import Missing
from retouch.bench.run import record as records
from retouch.bench.run.chunks import Chunk, Content, chunks, read, write
from retouch.bench.run.finish import finish
from retouch.bench.run.worker import Done, make_worker
from retouch.files.targets import make_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from retouch.bench.results import Results
    from retouch.bench.run.plan import Plan
    from retouch.methods.base import CancelCallback

PICTURES = 12


def run(
    plan: Plan,
    out: str | os.PathLike[str],
    *,
    jobs: int = 1,
    shard: tuple[int, int] = (1, 1),
    overwrite: bool = False,
    pictures: int = PICTURES,
    progress: Callable[[int, int], object] | None = None,
    cancel: CancelCallback | None = None,
) -> Results | None:
    """Fill and measure everything of a plan into the folder `out`; what is there from before is kept.

    Nothing of the results but the times depends on `jobs`, `shard`, order, or on how often a run was stopped. Photos
    that cannot be read and fills that fail are named in the results, do not end the run, and are not tried again.

    Args:
        plan: what to do.
        out: folder; made if only its last part is missing. Models that an earlier run of the same plan has there stay
            among the results.
        jobs: processes. 0: everything happens in this one; with processes, a script that calls this must be
            importable (`if __name__ == "__main__":`).
        shard: (i, n), i from 1: make only every n-th chunk, from the i-th.
        overwrite: a run of another plan in `out` is deleted.
        pictures: how many samples of each set of holes are shown in files.
        progress: called with the number of chunks done and in all.
        cancel: asked between chunks; True raises Cancelled, chunks so far stay.

    Returns:
        The results, also written to results.json; None where a shard has left chunks to others.

    Raises:
        ValueError: an argument is wrong, or `out` holds another run or other files.
        OSError: `out` cannot be made or written to.
        Cancelled: `cancel` said so.
    """
    if jobs < 0:
        raise ValueError(f"jobs: is {jobs}; accepted: 1 or more processes, or 0 for none")
    if pictures < 0:
        raise ValueError(f"pictures: is {pictures}; accepted: 0 or more")
    number, shards = shard
    if not 1 <= number <= shards:
        raise ValueError(f"shard: is {number}/{shards}; accepted: i/n with i from 1 to n, such as 2/8")
    folder, began = Path(out), time.time()
    plan = _joined(plan, folder, overwrite)
    _prepare(plan, folder, overwrite)
    features = plan.choice.extractor is not None
    everything = chunks(plan.models, plan.holes, plan.count, features=features)
    mine = everything[number - 1 :: shards]
    todo = [chunk for chunk in mine if read(chunk, folder, features=features) is None]
    _make(plan, folder, todo, jobs, partial(_tell, progress, len(mine)), cancel)
    files = [chunk.file(folder) for chunk in mine]
    remove_leftovers([*files, *(file.with_suffix(".safetensors") for file in files)], before=began)
    if any(read(chunk, folder, features=features) is None for chunk in everything):
        return None
    return finish(records.record(plan), folder, plan=plan, pictures=pictures)


def _joined(plan: Plan, out: Path, overwrite: bool) -> Plan:
    """The plan with the models that `out` has already; ValueError where `out` cannot take it."""
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"out: {str(out)!r} is a file; accepted: a folder")
    there = records.read_record(out)
    if there is None:
        if out.is_dir() and any(out.iterdir()):
            raise ValueError(f"out: {str(out)!r} holds other files; accepted: a new or empty folder, or that of a run")
        return plan
    if overwrite:
        return plan
    if different := records.differences(there, records.record(plan)):
        raise ValueError(f"out: {str(out)!r} holds another run; {'; '.join(different)}; delete it with overwrite=True")
    more = [name for name in plan.models if name not in there.models]
    return replace(plan, models=entrants([*there.models, *more], plan.device, direct=plan.direct))


def _prepare(plan: Plan, out: Path, overwrite: bool) -> None:
    make_folder(out)
    if overwrite:
        for name in ("chunks", "pictures"):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / RESULTS).unlink(missing_ok=True)
    records.write_record(out, records.record(plan))


def _make(
    plan: Plan, out: Path, todo: list[Chunk], jobs: int, tell: Callable[[int], object], cancel: CancelCallback | None
) -> None:
    """Make the chunks of `todo`; `tell` is called with how many are left."""
    left = len(todo)

    def made(some: list[Chunk], processes: int) -> list[Done]:
        """Make some of them and return those whose process died."""
        nonlocal left
        died: list[Done] = []
        # No more processes than chunks; without chunks nothing need be loaded.
        setup, most = partial(make_worker, plan, out), min(processes, len(some))
        with closing(work(some, setup, jobs=most, lost=_lost, cancel=cancel)) as answers:
            for answer in answers if some else ():
                if answer.died:
                    died.append(answer)
                    continue
                if answer.error is not None:
                    raise OSError(answer.error)
                left -= 1
                tell(left)
        return died

    tell(left)
    # A process may have died of its neighbours' hunger for memory: each gets a second try alone.
    for twice in made([each.chunk for each in made(todo, jobs)], 1):
        write(twice.chunk, out, _missing(plan, twice), {})
        left -= 1
        tell(left)


def _tell(progress: Callable[[int, int], object] | None, total: int, left: int) -> None:
    if progress is not None:
        progress(total - left, total)


def _missing(plan: Plan, dead: Done) -> Content:
    """A chunk without results: its process died twice."""
    span = range(dead.chunk.start, dead.chunk.stop)
    return Content(failed=tuple(Missing(k=k, name=plan.name(k), reason=dead.error or "the process died") for k in span))


def _lost(chunk: Chunk, reason: str) -> Done:
    return Done(chunk, reason, died=True)
