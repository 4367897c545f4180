"""How a training run is followed: a bar on a terminal, a line for every row of the log elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from retouch.cli.speak import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from retouch.train.config import TrainConfig
    from retouch.train.events import Event, TrainProgress

RECENT = 50  # steps that the speed is taken from


class Speed:
    """Images a second: of the median step among the recent ones, so that sheets and validation do not count."""

    def __init__(self, batch: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.batch, self.clock = batch, clock
        self.last: float | None = None
        self.seconds: deque[float] = deque(maxlen=RECENT)

    def step(self) -> None:
        """A step has ended; the first call only starts the clock."""
        now = self.clock()
        if self.last is not None:
            self.seconds.append(now - self.last)
        self.last = now

    def text(self, steps: int) -> str:
        """The speed, and the time that so many more steps take; empty before two steps."""
        if not self.seconds:
            return ""
        step = max(median(self.seconds), 1e-9)
        return f"{_three(self.batch / step)} images/s, {duration(steps * step)} left"


class Lines:
    """Says a line for every logged row, validation and new start."""

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.speed = config, Speed(config.batch)

    def step(self, progress: TrainProgress) -> None:
        """Count a step."""
        del progress
        self.speed.step()

    def event(self, event: Event) -> None:
        """Say what happened."""
        steps = self.config.steps
        if event.kind == "start":
            self.speed.step()
            if 0 < event.step < steps:
                say(f"retouch: goes on after step {event.step} of {steps}")
        elif event.kind == "log":
            parts = (f"step {event.step} of {steps}", self.speed.text(steps - event.step), values(event.values))
            say("retouch: " + "; ".join(part for part in parts if part))
        elif event.kind == "validation" and event.values:
            say(f"retouch: validation after step {event.step}: {values(event.values)}")


class Bar(Lines):
    """The same with a bar in place of the lines of the log."""

    def __init__(self, config: TrainConfig) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        super().__init__(config)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}"),
        )
        self.bar = Progress(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task("step", total=config.steps, now="")

    def step(self, progress: TrainProgress) -> None:
        """Move the bar."""
        super().step(progress)
        losses = {name: value for name, value in progress.values.items() if name.startswith("loss/")}
        parts = (self.speed.text(self.config.steps - progress.step), values(losses))
        now = "; ".join(part for part in parts if part)
        self.bar.update(self.task, completed=progress.step, now=now)

    def event(self, event: Event) -> None:
        """Say what happened, but for the log."""
        if event.kind == "start":
            self.bar.update(self.task, completed=event.step)
        if event.kind != "log":
            super().event(event)


@contextmanager
def showing(config: TrainConfig, main: bool) -> Iterator[Lines]:
    """What follows the run; only the main process is asked to."""
    if not main or not sys.stderr.isatty():
        yield Lines(config)
        return
    bar = Bar(config)
    with bar.bar:
        yield bar


def values(named: Mapping[str, float]) -> str:
    """Values in a line; learning rates and norms of gradients are for log.csv."""
    return ", ".join(f"{name} {value:.4g}" for name, value in named.items() if not name.startswith(("rate/", "norm/")))


def duration(seconds: float) -> str:
    """About how long: "40 s", "12 min", "3 h 20 min", "2 d 3 h"."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 90:
        return f"{round(seconds)} s"
    if minutes < 90:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
