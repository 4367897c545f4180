"""One fill from a file to a result: everything that stays the same over many photos, and the steps for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retouch.catalogue import DEFAULT_MODEL, find, find_harmoniser
from retouch.mask import Mask
from retouch.mask.marks import Marks, mark, read_mask
from retouch.methods.base import Cancelled
from retouch.settings import Settings, split

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from retouch.filler import Filler, Result
    from retouch.methods.base import CancelCallback, Options, ProgressCallback
    from retouch.photo import Photo


@dataclass(frozen=True)
class Job:
    """How photos are filled, apart from which; `make_job` checks and makes one. It can be sent to other processes.

    Attributes:
        model, device, harmonise: what to load.
        seed: of everything random.
        settings: of the fill, whatever the model.
        own: the model's own options.
        marks: sources of the hole besides mask files.
        avoid: mask file of regions that must not be copied from.
        max_pixels: larger photos and masks are refused.
    """

    model: str
    device: str
    seed: int
    settings: Settings
    own: Options
    marks: Marks
    avoid: str | os.PathLike[str] | None
    max_pixels: int
    harmonise: str | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """A photo with its hole, ready to be filled (more than once, with several seeds)."""

    photo: Photo
    mask: Mask | None
    avoid: Mask | None


def make_job(
    *,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
    harmonise: str | None = None,
    seed: int = 0,
    marks: Marks | None = None,
    avoid: str | os.PathLike[str] | None = None,
    max_pixels: int | None = None,
    **options: Any,
) -> Job:
    """Check everything that can be checked before a photo is read or a model loaded.

    Args:
        options: the fields of `retouch.settings.Settings` and the model's own options.

    Raises:
        ValueError: the model or an option is unknown, or out of its range.
    """
    from retouch.photo import DEFAULT_MAX_PIXELS

    card = find(model)
    marks = Marks() if marks is None else marks
    if marks.from_alpha:
        options.setdefault("opaque", True)
    settings, own = split(options, card.needs.options, card.name)
    limit = DEFAULT_MAX_PIXELS if max_pixels is None else max_pixels
    if limit < 1:
        raise ValueError(f"max_pixels: is {limit}; accepted: 1 or more")
    harmoniser = None if harmonise is None else find_harmoniser(harmonise).name
    return Job(card.name, device, seed, settings, own, marks, avoid, limit, harmoniser)


def open_photo(job: Job, photo: Any, masks: Sequence[Any]) -> Opened:
    """Read a photo and its masks (paths, bytes or binary files) and make the hole.

    Raises:
        ValueError, FileNotFoundError, OSError: a file cannot be read or does not fit; the message names it.
    """
    from retouch import photo as photos

    opened = photos.read(photo, max_pixels=job.max_pixels)
    job.settings.check_expanded(opened.size, job.max_pixels)
    read = [read_mask(one, job.settings, opened.size, job.max_pixels) for one in masks]
    hole = mark(read, job.marks, size=opened.size, photo=opened)
    avoid = None
    if job.avoid is not None:
        avoid = read_mask(job.avoid, job.settings, opened.size, job.max_pixels, "avoid")
    return Opened(opened, hole, avoid)


def run(
    filler: Filler,
    job: Job,
    opened: Opened,
    *,
    seed: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelCallback | None = None,
) -> Result:
    """Fill one opened photo; `seed` instead of the job's own. Errors are those of `Filler.run`."""
    return filler.run(
        opened.photo,
        opened.mask,
        seed=job.seed if seed is None else seed,
        avoid=opened.avoid,
        max_pixels=job.max_pixels,
        progress=progress,
        cancel=cancel,
        **job.settings.model_dump(exclude_unset=True),
        **job.own.model_dump(exclude_unset=True),
    )


def all_notes(result: Result, notes: Sequence[str]) -> tuple[str, ...]:
    """The notes of a result and of writing it, each once."""
    return tuple(dict.fromkeys((*result.notes, *notes)))


def quality_notes(photo: Photo, name: str, format: str | None, quality: int | None) -> tuple[str, ...]:
    """A note where `quality` means nothing, because the file's format loses nothing or takes no quality.

    Args:
        photo: what is written; its own format counts where neither of the others names one.
        name: of the file; "" for a stream.
        format: name or suffix ("png", ".png").
        quality: what was asked for; None: nothing.
    """
    from retouch.photo.sniff import from_suffix

    form = from_suffix("" if format is None else "." + format.lstrip(".")) or from_suffix(name) or photo.source.format
    if quality is None or form not in ("PNG", "TIFF", "BMP", "GIF"):
        return ()
    return (f"quality: a {form} is written without it",)


def one_line(error: BaseException) -> str:
    """An error as one line for people: the file and the reason, or the message."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}"
    elif isinstance(error, MemoryError):
        text = f"there is not enough memory ({text})" if text else "there is not enough memory"
    elif not isinstance(error, (ValueError, OSError, ImportError, Cancelled)):
        text = f"unexpected {type(error).__name__}: {text}" if text else f"unexpected {type(error).__name__}"
    return " ".join(text.split()) or type(error).__name__
