"""An animation of a fill: what a method that iterates shows of each step, of the fill's first window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from retouch.atomic import atomic
from retouch.files.sidefiles import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from retouch.methods.base import Images, Progress, ProgressCallback

EACH, LAST = 600, 2400  # milliseconds that a step, and the last one, are shown


class Recorder:
    """Progress callback that keeps the pictures of every step, and tells `also` of it.

    Attributes:
        frames: of each step its pictures [h, w, 3] uint8 of the first window, with what was padded to it.
    """

    def __init__(self, also: ProgressCallback | None = None) -> None:
        self.frames: list[tuple[NDArray[np.uint8], ...]] = []
        self._also = also
        self._over = False

    def __call__(self, step: Progress) -> None:
        """Keep the step's `panels()`, or where a method has none, its `preview()`."""
        # The first window is the first one of the first batch, after which the fill tells of stage "window".
        self._over = self._over or step.stage == "window"
        if not self._over:
            self.frames.append(tuple(_bytes(images[0]) for images in _pictures(step)))
        if self._also is not None:
            self._also(step)


def _pictures(step: Progress) -> tuple[Images, ...]:
    if step.panels is not None:
        return step.panels()
    return () if step.preview is None else (step.preview(),)


def _bytes(image: Images) -> NDArray[np.uint8]:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def save_animation(
    frames: Sequence[Sequence[NDArray[np.uint8]]], size: tuple[int, int], path: Path, overwrite: bool = False
) -> None:
    """Write frames as an animated WebP that repeats, the pictures of each side by side.

    Args:
        frames: of each step its pictures [h, w, 3].
        size: (width, height) to which pictures are cropped on the right and below.
        path: of the file.
        overwrite: an existing file may be replaced.

    Raises:
        ValueError: there are no pictures.
    """
    width, height = size
    rows = [Image.fromarray(side_by_side([one[:height, :width] for one in frame])) for frame in frames if frame]
    if not rows:
        raise ValueError("animation: the model shows nothing of its steps")
    durations = [EACH] * (len(rows) - 1) + [LAST]
    with atomic(path, overwrite=overwrite) as file:
        rows[0].save(file, "WEBP", save_all=True, append_images=rows[1:], duration=durations, loop=0, quality=90)
