"""Measuring all cases, each in a fresh process, so that none inherits another's memory, caches or crash."""

from __future__ import annotations

import os
import platform
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from retouch.batch.workers import work
from retouch.bench.speed.results import Speed, Speeds
from retouch.bench.speed.timing import measure
from retouch.job import one_line
from retouch.methods.base import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retouch.bench.speed.case import Case
    from retouch.bench.speed.results import Timing
    from retouch.methods.base import CancelCallback, ProgressCallback

_PACKAGES = ("numpy", "pypatchmatch", "opencv-python-headless", "scikit-image", "torch", "diffusers", "transformers")


def run(
    cases: Sequence[Case], *, progress: ProgressCallback | None = None, cancel: CancelCallback | None = None
) -> Speeds:
    """Measure the cases one after another; one that fails or dies (out of memory) has its reason and ends no other.

    Scripts that call this must be importable (`if __name__ == "__main__":`), because processes are started fresh.

    Args:
        cases: as `retouch.bench.speed.cases` makes them.
        progress: called with a Progress after every case.
        cancel: asked while waiting; True raises Cancelled.

    Raises:
        OSError: processes do not start.
        Cancelled: `cancel` said so.
    """
    setup = partial(_setup, measure)
    speeds: list[Speed] = []
    for k, case in enumerate(cases, start=1):
        with closing(work([case], setup, jobs=1, lost=_lost, cancel=cancel)) as answers:
            speeds.extend(answers)
        if progress is not None:
            progress(Progress("measure", k, len(cases)))
    return Speeds(
        machine=machine(),
        versions=_versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        speeds=tuple(speeds),
    )


def _setup(how: Callable[[Case], Timing]) -> Callable[[Case], Speed]:
    return partial(_answer, how)


def _answer(how: Callable[[Case], Timing], case: Case) -> Speed:
    """What the process does."""
    try:
        return Speed(case=case, timing=how(case))
    except Exception as error:
        return Speed(case=case, reason=one_line(error))


def _lost(case: Case, reason: str) -> Speed:
    return Speed(case=case, reason=reason)


def machine() -> str:
    """The processor and the number of cores this process may use, in words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = names[0] if names else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{name}, {cores} {'core' if cores == 1 else 'cores'}, {platform.system()}"


def _versions() -> dict[str, str]:
    from retouch import __version__

    found = {"python": platform.python_version(), "retouch": __version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
