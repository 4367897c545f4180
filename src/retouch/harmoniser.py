"""Harmonising a fill, whoever made it: its colours are adapted to the known pixels around the hole.

photo ──┐
filled ─┼▶ plan windows ─▶ harmoniser, window by window ─▶ paste ─▶ the photo, filled and harmonised
mask ───┘
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from retouch import photo as photos
from retouch.catalogue import find_harmoniser, load_method
from retouch.filler import prepare
from retouch.mask.marks import read_mask
from retouch.methods.base import NoOptions
from retouch.settings import split
from retouch.window.harmonise import harmonise_canvas

if TYPE_CHECKING:
    from retouch.methods.base import CancelCallback, Harmoniser, ProgressCallback
    from retouch.photo import Photo
    from retouch.settings import Settings


def load_harmoniser(model: str, device: str = "auto") -> Harmoniser:
    """Load a harmoniser by name or by the path of its export.

    Raises:
        ValueError: an unknown name or device; a model that fills.
        FileNotFoundError: there is no such export.
        ImportError: the extra it needs is not installed; the message says which.
    """
    return cast("Harmoniser", load_method(find_harmoniser(model), device))


def harmonise(
    photo: Any,
    filled: Any,
    mask: Any,
    *,
    model: str | Harmoniser,
    device: str = "auto",
    max_pixels: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
    **options: Any,
) -> Any:
    """Adapt what `filled` has in the hole to the known pixels of `photo`; the same kind as `photo` comes back.

    >>> import retouch
    >>> retouch.harmonise("photo.jpg", "filled.png", "mask.png", model="asuka.json").save("out.jpg")  # doctest: +SKIP

    Only pixels of the hole, and of a narrow ring around it, change.

    Args:
        photo: as for `retouch.fill`; what lies under the hole is not looked at.
        filled: the photo as any method or program has filled it, of the same size; only what lies in the hole and the
            ring is looked at.
        mask: the hole, as for `retouch.fill`.
        model: a harmoniser's name, the path of its export, or what `retouch.load_harmoniser` gave.
        device: as for `retouch.load`.
        max_pixels: files with more pixels are refused before they are decoded; None: about 250 million.
        progress: called with a Progress after every window.
        cancel: asked between windows; True raises Cancelled and changes nothing.
        options: fields of `retouch.settings.Settings`, all but `expand` and `detail`.

    Raises:
        ValueError, FileNotFoundError, OSError: an argument is wrong; the message names it.
        Cancelled: `cancel` said so.
    """
    settings = _settings(options)
    harmoniser = load_harmoniser(model, device) if isinstance(model, str) else model
    opened, unwrap = photos.wrap(photo, max_pixels=max_pixels)
    other = _filled(filled, opened, max_pixels)
    limit = photos.DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels
    marked = read_mask(mask, settings, opened.size, limit)
    canvas, notes = prepare(opened, marked.hole, None, settings)
    # Numbers of one colour space only can be compared as they are.
    same_space = other.source.icc == opened.source.icc
    canvas.photo = replace(canvas.photo, own_rgb=canvas.photo.own_rgb and same_space)
    other = replace(other, own_rgb=canvas.photo.own_rgb)
    harmonise_canvas(canvas, other, harmoniser, settings, progress=progress, cancel=cancel)
    told = (*opened.notes, *other.notes, *marked.notes, *notes)
    return unwrap(replace(canvas.photo, notes=told, own_rgb=False))


def _settings(options: dict[str, Any]) -> Settings:
    for name in ("expand", "detail"):
        if name in options:
            raise ValueError(f"{name}: is of filling; accepted here: the other settings of retouch.fill")
    return split(options, NoOptions, "harmonise")[0]


def _filled(filled: Any, photo: Photo, max_pixels: int | None) -> Photo:
    try:
        other, _ = photos.wrap(filled, max_pixels=max_pixels)
    except ValueError as error:  # it speaks of the argument "photo"
        raise ValueError(f"filled: {str(error).removeprefix('photo: ')}") from error
    if other.size != photo.size:
        sizes = f"{other.size[0]} x {other.size[1]} pixels; accepted: the photo's {photo.size[0]} x {photo.size[1]}"
        raise ValueError(f"filled: is {sizes}")
    return other
