"""Writing a photo: the same format, mode, depth and metadata as its file, unless another format is asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from retouch.atomic import atomic
from retouch.photo.encoded import Encoded, Settings
from retouch.photo.metadata import untouched
from retouch.photo.sniff import SUFFIXES, from_suffix

if TYPE_CHECKING:
    from retouch.photo.photo import Photo

_NAMES = {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF", "MPO": "JPEG"}


def write(
    photo: Photo,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    overwrite: bool = False,
    format: str | None = None,
    quality: int | None = None,
    lossless: bool | None = None,
) -> tuple[str, ...]:
    """Write a photo; a failed or interrupted write leaves nothing behind.

    Args:
        photo: the photo.
        target: path (its suffix names the format), or a binary file open for writing.
        overwrite: replace a file that exists.
        format: JPEG, PNG, WEBP, TIFF, BMP, GIF, AVIF or HEIF (extra `heif`); None: by the suffix, else as the source.
        quality: 1 to 100 for formats that lose something; None: as the source's file, or 95.
        lossless: encode WebP and AVIF without loss; None: as the source's file.

    Returns:
        Notes on what could not be kept. A photo none of whose pixels changed loses nothing in its own format.

    Raises:
        ValueError: format, quality or suffix are unknown, or the format cannot hold the photo.
        FileExistsError: the file exists and `overwrite` is False.
        OSError: the folder is missing or unwritable, or the disk is full.
    """
    settings = Settings(_format(photo, target, format), _quality(quality), lossless)
    if not isinstance(target, (str, os.PathLike)):
        done = encode(photo, settings)
        for piece in done.pieces:
            target.write(piece)
        return tuple(done.notes)
    with atomic(Path(target), overwrite=overwrite) as file:
        done = encode(photo, settings)
        file.writelines(done.pieces)
    return tuple(done.notes)


def encode(photo: Photo, settings: Settings) -> Encoded:
    """The photo as a file in memory.

    Raises:
        ValueError: the format cannot hold the photo.
    """
    form = settings.format
    as_read = settings.quality is None and settings.lossless in (None, photo.source.lossless)
    if form == photo.source.format and photo.source.content is not None and as_read and untouched(photo):
        return Encoded([photo.source.content])
    if form == "JPEG":
        from retouch.photo.write_jpeg import write_jpeg

        return write_jpeg(photo, settings)
    if form == "PNG":
        from retouch.photo.write_png import write_png

        return write_png(photo)
    if form == "TIFF":
        from retouch.photo.write_tiff import write_tiff

        return write_tiff(photo)
    if form == "WEBP":
        from retouch.photo.write_webp import write_webp

        return write_webp(photo, settings)
    if form in ("AVIF", "HEIF"):
        from retouch.photo.write_heif import write_heif

        return write_heif(photo, settings)
    from retouch.photo.write_plain import write_plain

    return write_plain(photo, settings)


def _format(photo: Photo, target: object, wanted: str | None) -> str:
    if wanted is not None:
        name = _NAMES.get(wanted.upper(), wanted.upper())
        if name not in SUFFIXES:
            raise ValueError(f"format: is {wanted!r}; accepted: {', '.join(SUFFIXES)}")
        return name
    own = _NAMES.get(photo.source.format, photo.source.format)
    if isinstance(target, (str, os.PathLike)):
        path = Path(target)
        found = from_suffix(path.name)
        if found is None and path.suffix:
            ends = ", ".join(end for each in SUFFIXES.values() for end in each)
            raise ValueError(f"target: {str(path)!r} has the unknown suffix {path.suffix!r}; accepted: {ends}")
        return found or (own if own in SUFFIXES else "PNG")
    return own if own in SUFFIXES else "PNG"


def _quality(quality: int | None) -> int | None:
    if quality is not None and not (isinstance(quality, int) and 1 <= quality <= 100):
        raise ValueError(f"quality: is {quality!r}; accepted: 1 to 100")
    return quality
