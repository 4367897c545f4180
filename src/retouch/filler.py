"""The main job: a photo and a mask go in, the same photo without the hole comes out.

photo.wrap ─▶ Photo ┐
                    ├▶ plan windows ─▶ method, window by window ─▶ paste ─▶ Result
Mask.from_any ──────┘
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import index
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retouch import photo as photos
from retouch.catalogue import DEFAULT_MODEL, Card, find, find_harmoniser, load_method
from retouch.mask import Mask, dilate
from retouch.mask.marks import read_mask
from retouch.methods.base import Progress, check_cancel
from retouch.settings import Settings, split
from retouch.window.harmonise import harmonise_canvas
from retouch.window.plan import Window, plan
from retouch.window.render import Canvas, batches, fill_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retouch.methods.base import CancelCallback, Harmoniser, Masks, Method, Options, ProgressCallback
    from retouch.photo import Photo

MAX_SAMPLES = 64
_NO_NOTES: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What one fill gives.

    Attributes:
        image: the filled photo, of the kind that was given (a path gives a Photo).
        photo: the filled Photo, with everything of its file; `photo.save(path)` writes it.
        hole: [H, W] bool, what was filled, without the ring.
        changed: [H, W] bool, pixels that may differ from the input: hole and ring.
        windows: the crops the method saw.
        uncertainty: [H, W] float32 in [0, 1], 1 = knows nothing; None where the method has none.
        notes: what the user should know, one sentence each.
        seconds: time of each stage.
        card: the model that did it.
        seed: the seed it was done with.
    """

    image: Any
    photo: Photo
    hole: Masks
    changed: Masks
    windows: tuple[Window, ...]
    uncertainty: NDArray[np.float32] | None
    notes: tuple[str, ...]
    seconds: dict[str, float]
    card: Card
    seed: int

    def __repr__(self) -> str:
        return f"Result({self.photo!r}, {len(self.windows)} windows, {self.card.name}, seed {self.seed})"


class Filler:
    """A loaded model, reusable and thread-safe: `filler(photo, mask)` fills, `filler.run(...)` tells all about it.

    With a harmoniser, what the model has filled is adapted to the known pixels around it.
    """

    def __init__(self, card: Card, method: Method, harmoniser: Harmoniser | None = None) -> None:
        self.card = card
        self.method = method
        self.harmoniser = harmoniser

    def __repr__(self) -> str:
        return f"Filler({self.card.name!r})"

    def __call__(self, photo: Any, mask: Any = None, *, samples: int = 1, seed: int = 0, **options: Any) -> Any:
        """Fill `photo` where `mask` is; the same kind comes back, a list of them for `samples` > 1.

        Sample k is what seed + k gives. Arguments, options and errors are those of `run`.
        """
        count = _integer("samples", samples)
        if not 1 <= count <= MAX_SAMPLES:
            raise ValueError(f"samples must be an integer from 1 to {MAX_SAMPLES}, got {samples!r}")
        if count == 1:
            return self.run(photo, mask, seed=seed, **options).image
        first = _integer("seed", seed)
        return [self.run(photo, mask, seed=first + k, **options).image for k in range(count)]

    def run(
        self,
        photo: Any,
        mask: Any = None,
        *,
        seed: int = 0,
        avoid: Any = None,
        max_pixels: int | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelCallback | None = None,
        **options: Any,
    ) -> Result:
        """Fill `photo` where `mask` is and report everything about it.

        Args:
            photo: path, bytes, Photo, PIL image, NumPy array [H, W] or [H, W, C] (uint8, uint16, float in
                [0, 1]) or torch tensor [C, H, W] in [0, 1].
            mask: path, PIL image, array, tensor or Mask of the photo's size, white / True / 1 = hole. None: only
                with `expand`.
            seed: of everything random; the same seed gives the same result.
            avoid: mask of regions that must not be copied from.
            max_pixels: files with more pixels are refused before they are decoded; None: about 250 million.
            progress: called with a Progress after every step.
            cancel: asked between steps; True raises Cancelled and changes nothing.
            options: the fields of `retouch.settings.Settings` and the model's own options.

        Raises:
            ValueError, FileNotFoundError, OSError: an argument is wrong; the message names it.
            Cancelled: `cancel` said so.
        """
        seed = _integer("seed", seed)
        settings, own = split(options, self.method.needs.options, self.card.name)
        clock = Clock()
        with clock("read"):
            opened, unwrap = photos.wrap(photo, max_pixels=max_pixels)
            limit = photos.DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels
            settings.check_expanded(opened.size, limit)
            if mask is None:
                marked = Mask(_no_hole(opened.size, settings))
            else:
                marked = read_mask(mask, settings, opened.size, limit)
            avoided = None if avoid is None else read_mask(avoid, settings, opened.size, limit, "avoid")
        notes = (*opened.notes, *marked.notes, *(() if avoided is None else avoided.notes))
        with clock("plan"):
            canvas, more = prepare(opened, marked.hole, None if avoided is None else avoided.hole, settings)
            windows = plan(canvas.todo, native=self.method.needs.native, unknown=canvas.unknown)
        changed = canvas.todo.copy()
        before = photos.edit(canvas.photo) if self.harmoniser is not None and windows else None
        with clock("fill"):
            self._fill(canvas, windows, own, settings, seed, progress, cancel)
        if self.harmoniser is not None and before is not None:
            with clock("harmonise"):
                again = replace(canvas, photo=before, todo=changed.copy())
                harmonise_canvas(again, canvas.photo, self.harmoniser, settings, progress=progress, cancel=cancel)
                canvas = again
        notes = (*notes, *more, *_precision_note(canvas.photo, self.method.needs.bits, windows))
        filled = replace(canvas.photo, notes=notes, own_rgb=False)
        return Result(
            image=unwrap(filled),
            photo=filled,
            hole=canvas.hole,
            changed=changed,
            windows=windows,
            uncertainty=canvas.uncertainty,
            notes=notes,
            seconds=clock.seconds,
            card=self.card,
            seed=seed,
        )

    def _fill(
        self,
        canvas: Canvas,
        windows: tuple[Window, ...],
        options: Options,
        settings: Settings,
        seed: int,
        progress: ProgressCallback | None,
        cancel: CancelCallback | None,
    ) -> None:
        done = 0
        # Steps inside one window are worth telling only of methods that iterate.
        inner = progress if self.method.needs.steps is not None else None
        for batch in batches(windows, self.method.needs):
            check_cancel(cancel)
            fill_batch(canvas, batch, self.method, options, settings, seed, progress=inner, cancel=cancel)
            done += len(batch)
            if progress is not None:
                progress(Progress("window", done, len(windows)))


class Clock:
    """Adds up the seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block as `stage`."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _no_hole(size: tuple[int, int], settings: Settings) -> Masks:
    if settings.expand is None:
        raise ValueError("mask is missing: give a mask, or expand= to fill around the photo")
    return np.zeros((size[1], size[0]), bool)


def _integer(name: str, value: Any) -> int:
    """An int, or a NumPy integer as one; no bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} must be an integer, got {value!r}")
    return index(value)


def prepare(opened: Photo, marked: Masks, avoided: Masks | None, settings: Settings) -> tuple[Canvas, tuple[str, ...]]:
    """Enlarge for outpainting, dilate, and check that there is something to fill from."""
    opened = photos.choose_colours(opened, marked)
    left, top, right, bottom = settings.borders(opened.size)
    larger = any((left, top, right, bottom))
    if larger:
        opened = photos.enlarge(opened, left, top, right, bottom)  # a copy already
        border = ((top, bottom), (left, right))
        marked = np.pad(marked, border, constant_values=True)
        avoided = None if avoided is None else np.pad(avoided, border)
    ring, feather = settings.ring(opened.size)
    if not marked.any():
        unchanged = Canvas(opened, marked, marked, None, 0, 0)
        return unchanged, ("the mask is empty: the photo is returned unchanged",)
    unknown = _unknown(opened, marked, avoided)
    todo, notes = dilate(marked, ring), _NO_NOTES
    if not _anything_known(todo, unknown) and ring:
        todo, ring, feather = marked, 0, 0
        notes = ("the hole leaves so little of the photo that it was not dilated",)
    if not _anything_known(todo, unknown):
        what = "mask" if avoided is None or marked.all() else "mask and avoid together"
        raise ValueError(f"{what}: the hole covers the whole photo, so there is nothing to fill it from")
    editable = opened if larger else photos.edit(opened)
    return Canvas(editable, marked, todo.copy(), unknown, ring, feather), notes


def _unknown(opened: Photo, marked: Masks, avoided: Masks | None) -> Masks | None:
    """Pixels that must not be copied from: what `avoid` says, and what is fully transparent (its colour is junk)."""
    if opened.alpha is None:
        return avoided
    clear: Masks = opened.alpha == 0
    if not clear.any() or (clear | marked).all():
        return avoided
    return clear if avoided is None else clear | avoided


def _anything_known(todo: Masks, unknown: Masks | None) -> bool:
    return not todo.all() if unknown is None else not (todo | unknown).all()


def _precision_note(filled: Photo, bits: int | None, windows: tuple[Window, ...]) -> tuple[str, ...]:
    if not windows or bits is None or filled.pixels.dtype.itemsize * 8 <= bits:
        return ()
    return (f"known pixels keep 16 bit; the fill was computed with {bits} bit a channel",)


def load(model: str = DEFAULT_MODEL, device: str = "auto", harmonise: str | None = None) -> Filler:
    """Load a model by name into a reusable, thread-safe Filler.

    Args:
        model: name of a model, or the path of an export.
        device: "auto", or one by name.
        harmonise: name or path of a harmoniser that adapts what the model fills; None: none.

    Raises:
        ValueError: an unknown model, harmoniser or device.
        FileNotFoundError: there is no such export.
        ImportError: the extra the model needs is not installed.
    """
    card, other = find(model), None if harmonise is None else find_harmoniser(harmonise)
    method = load_method(card, device)
    return Filler(card, method, None if other is None else cast("Harmoniser", load_method(other, device)))


def fill(
    photo: Any,
    mask: Any = None,
    *,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
    harmonise: str | None = None,
    seed: int = 0,
    **options: Any,
) -> Any:
    """Fill `photo` where `mask` is and return the same kind, size and mode: `load(model)(photo, mask, ...)`.

    >>> import retouch
    >>> retouch.fill("photo.jpg", "mask.png").save("out.jpg")  # doctest: +SKIP

    Arguments, options and errors are those of `load` and `Filler.run`; `samples=n` gives a list of n results.
    """
    return load(model, device, harmonise)(photo, mask, seed=seed, **options)
