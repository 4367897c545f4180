"""What `retouch train` does: words to settings, the run, the list and the plan as text."""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.cli.speak import note, say
from retouch.train.catalogue import CARD, TRAINABLE, check_installed, find_trainable
from retouch.train.reading import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retouch.train.events import Trained
    from retouch.train.session import Session
    from retouch.train.settings import RunSettings


@dataclass(frozen=True)
class Words:
    """The options that say what is trained; each stands for the setting of its name."""

    method: str
    config: Path | None
    changes: tuple[str, ...]
    data: tuple[Path, ...]
    val: tuple[Path, ...]
    out: Path | None
    steps: int | None
    batch: int | None
    start: str | None
    weights: Path | None
    tensorboard: bool

    def settings(self) -> RunSettings[Any]:
        """All settings; errors as `read_settings`, or ImportError that names the extra."""
        method = find_trainable(self.method)
        check_installed(method)
        if self.start is not None and method.start == CARD and Path(self.start).suffix != ".json":
            raise ValueError(f"--from: is {self.start!r}; accepted: for {method.name}, the .json card of an export")
        options = {
            "data.photos": self.data,
            "validation.photos": self.val,
            "train.out": self.out,
            "train.steps": self.steps,
            "train.batch": self.batch,
            method.start: self.start,
            "weights": self.weights,
            "tensorboard": self.tensorboard or None,
        }
        given = {key: value for key, value in options.items() if value is not None and value != ()}
        return read_settings(method, self.config, self.changes, given)


def listing() -> str:
    """What can be trained, as a table."""
    rows = [("method", "variants", "")]
    rows += [(each.name, ", ".join(each.configs()), each.summary) for each in TRAINABLE]
    widths = [max(len(row[k]) for row in rows) for k in range(2)]
    return "\n".join(f"{name:{widths[0]}}  {variants:{widths[1]}}  {text}".rstrip() for name, variants, text in rows)


def dry(words: Words) -> str:
    """What the run would need and do, as text."""
    settings = words.settings()  # before what needs PyTorch: it says which extra is missing

    from retouch.cli.train_plan import plan
    from retouch.train.session import open_session

    return plan(open_session(settings))


def run(words: Words, export: Path | None, licence: str | None) -> int:
    """Train; returns the exit code: 0 done, 130 or 143 stopped by a signal, with a checkpoint."""
    settings = words.settings()  # before what needs PyTorch: it says which extra is missing
    _check_export(export, licence)

    from retouch.cli.train_show import showing
    from retouch.train.loop import train
    from retouch.train.processes import find_processes
    from retouch.train.record import Recorder
    from retouch.train.session import open_session

    processes = find_processes(settings.train.device)
    session = open_session(settings)
    with stoppable() as stop, showing(settings.train, processes.is_main) as show:
        recorder = Recorder(session, show.event, str(processes.device)) if processes.is_main else None
        if recorder is not None:
            _say_before(session, lpips=recorder.lpips is not None)
        trained = train(
            session.recipe, session.data, settings.train, progress=show.step, cancel=stop, on_event=recorder
        )
    if processes.is_main:
        _say_after(session, trained)
        if export is not None and licence is not None and trained.finished:
            _export(session, trained, export, licence)
    # The signal may have come to another process only.
    return 0 if trained.finished else 128 + (stop.signal or signal.SIGINT)


class Stop:
    """Asked by the loop before every step: has a signal come?"""

    signal = 0

    def __call__(self) -> bool:
        """True from the first signal on."""
        return bool(self.signal)


@contextlib.contextmanager
def stoppable() -> Iterator[Stop]:
    """The first Ctrl-C, or a request to terminate, lets the step end and is told to the loop; the next one kills."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, _frame: object) -> None:
        stop.signal = number
        signal.signal(number, before[number])

    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_before(session: Session, *, lpips: bool) -> None:
    from retouch.data.training.loader import Loader
    from retouch.data.training.unusable import told

    absent = session.data.photos.absent if isinstance(session.data, Loader) else 0
    if absent:
        note(f"{absent} rows of the list name no photo")
    if session.unusable:
        note(f"validation: {told(session.unusable)}")
    if session.held_out and not lpips:
        note("validation goes without LPIPS: its weights are not here; see --weights")
    if not session.held_out:
        note("no held-out photos: no validation; --val names some")
    out = session.settings.train.out
    say(f"retouch: training {session.settings.name}/{session.settings.variant} on {session.data.description}, in {out}")


def _say_after(session: Session, trained: Trained) -> None:
    from retouch.data.training.unusable import told

    if session.data.unusable:
        note(told(session.data.unusable.values()))
    steps = session.settings.train.steps
    if trained.finished:
        say(f"retouch: {trained.step} steps done; {trained.checkpoint}")
    else:
        say(
            f"retouch: stopped after step {trained.step} of {steps}, saved in {trained.checkpoint}; the same command "
            "goes on from there"
        )


def _check_export(export: Path | None, licence: str | None) -> None:
    if export is not None and not licence:
        raise ValueError(
            "--licence: is needed with --export; accepted: the licence of the weights, such as 'CC BY 4.0'"
        )
    if export is not None and export.suffix != ".json":
        raise ValueError(f"--export: is {export.name!r}; accepted: a name that ends in .json")
    if export is None:
        if licence is not None:
            raise ValueError("--licence: is of an export; accepted: with --export")
        return
    if not export.parent.is_dir():
        raise FileNotFoundError(f"--export: the folder {export.parent} does not exist; accepted: a name in a folder")
    for file in (export, export.with_suffix(".safetensors")):
        if file.exists():
            raise FileExistsError(f"--export: {file} exists already; accepted: another name")


def _export(session: Session, trained: Trained, card: Path, licence: str) -> None:
    from retouch.train.export import export

    written = export(trained, session.recipe, card, data=session.data.description, licence=licence)
    size = sum(shard.bytes for shard in written.shards) / 1e6
    say(f"retouch: wrote {card} ({size:.1f} MB of weights)")
