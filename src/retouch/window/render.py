"""One batch of windows: cut out and blank, scale, fill, scale back, match, paste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retouch import photo as photos
from retouch.window.detail import add_detail
from retouch.window.paste import blend, colour_offset, weights
from retouch.window.plan import Box, Window, crop, sides
from retouch.window.resample import enlarge, shrink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from retouch.methods.base import CancelCallback, Images, Masks, Method, Needs, Options, ProgressCallback
    from retouch.photo import Photo
    from retouch.settings import Settings

BATCH_PIXELS = 2**21  # what one call of a method may hold, all its windows together
DETAIL_FROM = 1.2  # windows scaled down by less look the same with and without detail


@dataclass(eq=False)
class Canvas:
    """The photo being filled, changed in place window by window.

    Attributes:
        photo: an editable copy.
        hole: [H, W] bool, what the user marked.
        todo: [H, W] bool, hole and ring still to be filled.
        unknown: [H, W] bool, known pixels that must not be copied from, or None.
        dilate, feather: the ring, in pixels.
        uncertainty: [H, W] float32, or None until a method has one.
    """

    photo: Photo
    hole: Masks
    todo: Masks
    unknown: Masks | None
    dilate: int
    feather: int
    uncertainty: NDArray[np.float32] | None = None

    def blocked(self, window: Window) -> Masks:
        """[h, w] bool: what the method must not see of the window."""
        todo = crop(self.todo, window.box)
        return todo.copy() if self.unknown is None else todo | crop(self.unknown, window.box)


@dataclass(eq=False)
class Cut:
    """A window on its way: full size, and as the method sees it."""

    window: Window
    seed: int
    rgb: Images  # [h, w, 3], nothing hidden
    blocked: Masks  # [h, w]
    low: Images  # [a, b, 3], blanked unless the method sees the hole, at window.size
    low_blocked: Masks  # [a, b]


def window_seed(seed: int, window: Window) -> int:
    """A window's own seed, from the user's seed and the window's box; 32 bits."""
    return int(np.random.SeedSequence([seed % 2**64, *window.box]).generate_state(1)[0])


def batches(windows: Sequence[Window], needs: Needs) -> Iterator[list[Window]]:
    """Windows of one wave, size and output scale together, as many as BATCH_PIXELS allows."""
    groups: dict[tuple[int, tuple[int, int], int], list[Window]] = {}
    for window in windows:
        key = (window.wave, padded_size(window.size, needs), _render_scale(window.scale, needs))
        groups.setdefault(key, []).append(window)
    for (_, (width, height), _), alike in sorted(groups.items(), key=lambda item: item[0][0]):
        most = max(1, BATCH_PIXELS // (width * height))
        for start in range(0, len(alike), most):
            yield alike[start : start + most]


def padded_size(size: tuple[int, int], needs: Needs) -> tuple[int, int]:
    """(width, height) raised to the method's smallest side and multiple."""
    width, height = (-(-max(side, needs.smallest) // needs.multiple) * needs.multiple for side in size)
    return width, height


def pad(array: Images | Masks, size: tuple[int, int]) -> NDArray[np.float32]:
    """Pad [h, w, ...] by reflection on the right and below, to (width, height)."""
    missing = [(0, size[1] - array.shape[0]), (0, size[0] - array.shape[1])]
    return np.pad(array, missing + [(0, 0)] * (array.ndim - 2), mode="symmetric")


def fill_batch(
    canvas: Canvas,
    batch: Sequence[Window],
    method: Method,
    options: Options,
    settings: Settings,
    seed: int,
    *,
    progress: ProgressCallback | None,
    cancel: CancelCallback | None,
) -> None:
    """Fill windows that do not overlap, in one call of the method, and paste them into the canvas."""
    cuts = [_cut(canvas, window, window_seed(seed, window), options.sees_hole) for window in batch]
    size = padded_size(batch[0].size, method.needs)
    scale = _render_scale(batch[0].scale, method.needs)
    filled = method(
        np.stack([pad(cut.low, size) for cut in cuts]),
        np.stack([pad(cut.low_blocked, size) for cut in cuts]).astype(bool),
        options,
        seeds=[cut.seed for cut in cuts],
        scale=scale,
        progress=progress,
        cancel=cancel,
    )
    for k, cut in enumerate(cuts):
        width, height = cut.window.size
        image = filled.images[k, : height * scale, : width * scale]
        paste(canvas, cut, _full_size(cut, image, settings), settings)
        if filled.uncertainty is not None:
            _note_uncertainty(canvas, cut, filled.uncertainty[k, :height, :width])


def _cut(canvas: Canvas, window: Window, seed: int, shown: bool) -> Cut:
    rgb = photos.window_rgb(canvas.photo, window.box)  # [h, w, 3]
    blocked = canvas.blocked(window)
    blank = np.where(blocked[..., None], np.float32(0), rgb)
    low, low_blocked = (blank, blocked) if window.size == sides(window.box) else shrink(blank, blocked, window.size)
    low[low_blocked] = 0.0
    if shown:
        low = rgb if window.size == sides(window.box) else shrink(rgb, np.zeros_like(blocked), window.size)[0]
    return Cut(window, seed, rgb, blocked, low, low_blocked)


def _render_scale(scale: float, needs: Needs) -> int:
    """The smallest output scale that gives full resolution, or the largest there is."""
    enough = [s for s in needs.scales if s * scale >= 1]
    return min(enough) if enough else max(needs.scales)


def _full_size(cut: Cut, image: Images, settings: Settings) -> Images:
    """The fill at the window's full size: as it is, enlarged, or enlarged and given detail."""
    size = sides(cut.window.box)
    if image.shape[:2] == (size[1], size[0]):
        return image
    if image.shape[:2] != cut.low_blocked.shape:  # the method rendered it larger
        return enlarge(image, size)
    wanted = cut.window.scale * DETAIL_FROM <= 1 if settings.detail is None else settings.detail
    if not wanted:
        return enlarge(image, size)
    blank = np.where(cut.blocked[..., None], np.float32(0), cut.rgb)
    return add_detail(blank, cut.blocked, image, cut.seed)


def paste(canvas: Canvas, cut: Cut, image: Images, settings: Settings) -> None:
    """Paste `image` [h, w, 3] into the core of the cut's window, matched and feathered, and tick the core off."""
    box, core = cut.window.box, cut.window.core
    # The ring belongs to the core it surrounds; what another window has filled already stays.
    todo = crop(canvas.todo, core)
    weight = np.where(todo, _weights(canvas, core), np.float32(0))
    rgb, fill = crop(cut.rgb, _inside(core, box)), crop(image, _inside(core, box))
    if settings.match:
        fill = np.clip(fill + colour_offset(rgb, fill, todo & ~crop(canvas.hole, core)), 0.0, 1.0)
    photos.put_rgb(canvas.photo, core, blend(rgb, fill, weight), weight > 0, opaque=settings.opaque)
    todo[...] = False


def _inside(core: Box, origin: Box | tuple[int, int]) -> Box:
    """`core` in the coordinates of a crop whose top left corner is `origin`'s."""
    x, y = origin[0], origin[1]
    return core[0] - x, core[1] - y, core[2] - x, core[3] - y


def _weights(canvas: Canvas, core: Box) -> Images:
    """Weights of the core's pixels, with the holes just outside the core seen too."""
    height, width = canvas.hole.shape
    margin = canvas.dilate
    x0, y0 = max(core[0] - margin, 0), max(core[1] - margin, 0)
    around = crop(canvas.hole, (x0, y0, min(core[2] + margin, width), min(core[3] + margin, height)))
    weight = weights(around, canvas.dilate, canvas.feather)
    return crop(weight, _inside(core, (x0, y0)))


def _note_uncertainty(canvas: Canvas, cut: Cut, uncertainty: NDArray[np.float32]) -> None:
    if canvas.uncertainty is None:
        canvas.uncertainty = np.zeros(canvas.hole.shape, np.float32)
    box, core = cut.window.box, cut.window.core
    full = enlarge(uncertainty, sides(box))  # [h, w]
    part = crop(full, _inside(core, box))
    np.copyto(crop(canvas.uncertainty, core), part, where=crop(canvas.hole, core))
