"""What a run writes into its folder besides log.csv and checkpoints, as a listener to the loop's events.

config.json           the effective settings
sheets/000100.png     samples: masked, filled, truth
validation.csv        measures on held-out photos
curve.svg             losses and validation over the steps
tensorboard/          where asked for
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from retouch.atomic import atomic
from retouch.train.curve import curve
from retouch.train.events import Event
from retouch.train.fixed import fill_samples
from retouch.train.log import Log
from retouch.train.sheet import sheet
from retouch.train.validate import find_lpips, validate

if TYPE_CHECKING:
    from retouch.features.lpips import Lpips
    from retouch.train.session import Session

CONFIG, CURVE, SHEETS, LOG, VALIDATION = "config.json", "curve.svg", "sheets", "log.csv", "validation.csv"


class Recorder:
    """A listener for `train(on_event=...)`, on the main process."""

    def __init__(self, session: Session, tell: Callable[[Event], None] | None = None, device: str = "cpu") -> None:
        """Write for `session`; `tell` hears of every event afterwards, validations with their values.

        LPIPS runs on `device`.

        Raises:
            ImportError: TensorBoard is asked for and missing; the message says which extra to install.
            ValueError: the weights of LPIPS have another content.
        """
        self.session, self.tell = session, tell
        self.out = session.settings.train.out
        self.shown = session.shown() if session.settings.train.every.sheet else ()
        self.lpips: Lpips | None = find_lpips(session.settings.weights, device) if session.held_out else None
        self.board: Callable[[Event], None] | None = None
        if session.settings.tensorboard:
            if importlib.util.find_spec("tensorboard") is None:
                raise ImportError("tensorboard: needs the extra 'train': pip install 'retouch[train]'")
            from retouch.train.tensorboard import tensorboard

            self.board = tensorboard(self.out / "tensorboard")

    def __call__(self, event: Event) -> None:
        """Write what belongs to the event."""
        if event.kind == "start":
            self._start(event.step)
        elif event.kind == "sheet":
            self._sheet(event)
        elif event.kind == "validation" and self.session.held_out:
            event = self._validation(event)
        elif event.kind == "checkpoint":
            self._curve()
        if self.board is not None:
            self.board(event)
        if self.tell is not None:
            self.tell(event)

    def _start(self, step: int) -> None:
        for left in [*self.out.glob(".*.part"), *(self.out / SHEETS).glob(".*.part")]:
            if left.is_file():  # of a run that was killed while it wrote
                left.unlink()
        with atomic(self.out / CONFIG, "w", overwrite=True) as file:
            file.write(self.session.settings.model_dump_json(indent=1) + "\n")
        if self.session.held_out:
            self.measured = Log(self.out / VALIDATION, step)

    def _sheet(self, event: Event) -> None:
        filled = fill_samples(self.session.recipe, event.networks, self.shown)
        kind = "held-out" if self.session.held_out else "training"
        title = f"{self.session.settings.name}/{self.session.settings.variant}, step {event.step}, {kind} samples"
        (self.out / SHEETS).mkdir(exist_ok=True)
        with atomic(self.out / SHEETS / f"{event.step:06d}.png", overwrite=True) as file:
            sheet(self.shown, filled, title).save(file, "PNG")

    def _validation(self, event: Event) -> Event:
        settings = self.session.settings.validation
        values = validate(self.session.recipe, event.networks, self.session.held_out, self.lpips, settings.batch)
        self.measured.append(event.step, event.images, values)
        self._curve()
        return dataclasses.replace(event, values=values)

    def _curve(self) -> None:
        with atomic(self.out / CURVE, "w", overwrite=True) as file:
            file.write(curve(self.out / LOG, self.out / VALIDATION) + "\n")
