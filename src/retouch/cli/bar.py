"""Progress on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bar

    from retouch.batch import BatchProgress
    from retouch.methods.base import Progress

PATIENCE = 1.0  # seconds before a bar appears


@contextmanager
def waiting(label: str) -> Iterator[Callable[[Progress], None] | None]:
    """A bar for one fill, shown only on a terminal and only if the fill takes longer than PATIENCE."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task(label, total=None)
    shown = threading.Timer(PATIENCE, bar.start)
    shown.daemon = True
    shown.start()
    try:
        yield lambda step: bar.update(task, total=step.steps, completed=step.step)
    finally:
        shown.cancel()
        # The timer may just have fired; the bar must have started before it can be stopped.
        shown.join()
        bar.stop()


@contextmanager
def counting(total: int) -> Iterator[Callable[[BatchProgress], None] | None]:
    """A bar for a batch run with its rate and the remaining time, on a terminal."""
    if not sys.stderr.isatty() or not total:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("filling", total=total, rate="")
        failed = 0

        def show(step: BatchProgress) -> None:
            nonlocal failed
            failed += step.outcome.status == "failed"
            label = f"filling ({failed} failed)" if failed else "filling"
            bar.update(task, completed=step.done, description=label, rate=_rate(bar, step.done))

        yield show


def _rate(bar: Bar, done: int) -> str:
    elapsed = bar.tasks[0].elapsed or 0.0
    if not elapsed:
        return ""
    speed = done / elapsed
    return f"{speed:.1f} photos/s" if speed >= 1 else f"{1 / speed:.1f} s/photo"
