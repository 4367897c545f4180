"""Windows of a filled photo harmonised: what was filled is adapted to the known pixels around it.

    photo (known pixels) ┐
    filled photo         ├▶ windows as for filling ─▶ harmoniser ─▶ filled + enlarged (harmonised - filled) ─▶ paste
    hole                 ┘

The harmoniser's *change* is what is scaled back and added, so a window that it sees scaled down keeps its details.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch import photo as photos
from retouch.methods.base import Progress, check_cancel
from retouch.window.plan import plan, sides
from retouch.window.render import Cut, batches, pad, padded_size, paste
from retouch.window.resample import enlarge, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.methods.base import CancelCallback, Harmoniser, Images, ProgressCallback
    from retouch.photo import Photo
    from retouch.settings import Settings
    from retouch.window.plan import Window
    from retouch.window.render import Canvas


@dataclass(eq=False)
class Pair:
    """A window on its way: cut out of the photo, and of the filled photo."""

    cut: Cut
    fill: Images  # [h, w, 3], full size
    low_fill: Images  # [a, b, 3], at window.size


def harmonise_canvas(
    canvas: Canvas,
    filled: Photo,
    harmoniser: Harmoniser,
    settings: Settings,
    *,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
) -> tuple[Window, ...]:
    """Paste what `filled` has in the canvas's hole and ring into it, harmonised.

    Args:
        canvas: the photo as it was before it was filled, with everything to do.
        filled: of its size and colours.
        harmoniser: does it.
        settings: of pasting.
        progress: called with a Progress after every window.
        cancel: asked between windows.

    Returns:
        The windows.

    Raises:
        Cancelled: `cancel` said so.
    """
    windows = plan(canvas.todo, native=harmoniser.needs.native, unknown=canvas.unknown)
    done = 0
    for batch in batches(windows, harmoniser.needs):
        check_cancel(cancel)
        _harmonise(canvas, filled, batch, harmoniser, settings, cancel)
        done += len(batch)
        if progress is not None:
            progress(Progress("harmonise", done, len(windows)))
    return windows


def _harmonise(
    canvas: Canvas,
    filled: Photo,
    batch: Sequence[Window],
    harmoniser: Harmoniser,
    settings: Settings,
    cancel: CancelCallback | None,
) -> None:
    pairs = [_pair(canvas, filled, window) for window in batch]
    size = padded_size(batch[0].size, harmoniser.needs)
    harmonised = harmoniser(
        np.stack([pad(pair.cut.low, size) for pair in pairs]),
        np.stack([pad(pair.low_fill, size) for pair in pairs]),
        np.stack([pad(pair.cut.low_blocked, size) for pair in pairs]).astype(bool),
        cancel=cancel,
    )  # [N, H, W, 3]
    for pair, image in zip(pairs, harmonised, strict=True):
        width, height = pair.cut.window.size
        change = image[:height, :width] - pair.low_fill  # [a, b, 3]
        if change.shape != pair.fill.shape:
            change = enlarge(change, sides(pair.cut.window.box))  # [h, w, 3]
        paste(canvas, pair.cut, np.clip(pair.fill + change, 0.0, 1.0), settings)


def _pair(canvas: Canvas, filled: Photo, window: Window) -> Pair:
    rgb, fill = (photos.window_rgb(photo, window.box) for photo in (canvas.photo, filled))  # [h, w, 3]
    blocked = canvas.blocked(window)  # [h, w]
    blank = np.where(blocked[..., None], np.float32(0), rgb)  # [h, w, 3]
    fill = np.where(blocked[..., None], fill, rgb)  # [h, w, 3]
    if window.size == sides(window.box):
        return Pair(Cut(window, 0, rgb, blocked, blank, blocked), fill, fill)
    low, low_blocked = shrink(blank, blocked, window.size)
    low[low_blocked] = 0.0
    low_fill, _ = shrink(fill, np.zeros_like(blocked), window.size)
    return Pair(Cut(window, 0, rgb, blocked, low, low_blocked), fill, low_fill)
