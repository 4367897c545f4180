"""TensorBoard, for those who have it: a listener to `train`'s events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retouch.train.events import Event


def tensorboard(folder: Path) -> Callable[[Event], None]:
    """A listener for `train(on_event=...)` that writes logged values as scalars into `folder`.

    Raises:
        ModuleNotFoundError: tensorboard is missing; `pip install 'retouch[train]'`.
    """
    from torch.utils.tensorboard import SummaryWriter

    writer: SummaryWriter | None = None

    def listen(event: Event) -> None:
        nonlocal writer
        if writer is None:
            # What a killed run wrote beyond its last checkpoint is hidden.
            writer = SummaryWriter(str(folder), purge_step=event.step + 1)
        for name, value in event.values.items():
            writer.add_scalar(name, value, event.step)
        if event.kind in ("log", "checkpoint", "validation"):
            writer.flush()

    return listen
