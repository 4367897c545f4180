"""Reading a photo: decode once, keep everything that must survive."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from retouch.photo.limits import DEFAULT_MAX_PIXELS, Origin
from retouch.photo.sniff import FORMATS, SUFFIXES, from_suffix, sniff

if TYPE_CHECKING:
    from retouch.photo.photo import Photo

__all__ = ["DEFAULT_MAX_PIXELS", "read"]


def read(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    argument: str = "photo",
) -> Photo:
    """Read a photo in displayed orientation.

    Args:
        source: path, content of a file, or binary file. JPEG, MPO (the first picture), PNG, WebP, TIFF, BMP, GIF, AVIF,
            and HEIC with the extra `heif`; 16 bits per channel in colour with the extra `deep`.
        max_pixels: larger photos are refused before they are decoded.
        argument: what messages call the photo.

    Returns:
        The photo; its notes say what could not be kept.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file is empty, cut, damaged or cannot be read.
        ValueError: it is no photo, an animation, of several pages, of an unknown mode, or too large.
    """
    content, name = _content(source, max_pixels, argument)
    origin = Origin(argument, name, max_pixels)
    if not content:
        raise OSError(f"{origin}: is empty; accepted: {', '.join(FORMATS)}")
    form = sniff(content)
    if form is None:
        raise ValueError(f"{origin}: is not a photo that can be read; accepted: {', '.join(FORMATS)}")
    photo = _decoded(form, content, origin)
    if name and from_suffix(name) not in (None, form):
        return _noted(
            photo, f"the file is named like another format but holds {form}: {SUFFIXES[form][0]} is its suffix"
        )
    return photo


def _decoded(form: str, content: bytes, origin: Origin) -> Photo:
    if form == "JPEG":
        from retouch.photo.read_jpeg import read_jpeg

        return read_jpeg(content, origin)
    if form == "PNG":
        from retouch.photo.read_png import read_png

        return read_png(content, origin)
    if form == "TIFF":
        from retouch.photo.read_tiff import read_tiff

        return read_tiff(content, origin)
    if form == "WEBP":
        from retouch.photo.read_webp import read_webp

        return read_webp(content, origin)
    if form in ("AVIF", "HEIF"):
        from retouch.photo.read_heif import read_heif

        return read_heif(content, form, origin)
    from retouch.photo.read_plain import read_plain

    return read_plain(content, form, origin)


def _content(source: object, max_pixels: int, argument: str) -> tuple[bytes, str]:
    # No accepted encoding of that many pixels is longer: 16 bits, four channels, and room for metadata.
    most = 8 * max_pixels + (64 << 20)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), ""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name = str(path)
        try:
            with path.open("rb") as file:
                if stat.S_ISDIR(os.fstat(file.fileno()).st_mode):  # pragma: no cover - open refuses folders first
                    raise IsADirectoryError
                content = file.read(most + 1)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{argument}: there is no file {name!r}") from error
        except IsADirectoryError as error:
            raise IsADirectoryError(f"{argument}: {name!r} is a folder; accepted: a photo") from error
        except ValueError as error:  # a NUL in the name
            raise ValueError(f"{argument}: {name!r} is not a usable path") from error
        except OSError as error:
            raise type(error)(f"{argument}: {name!r} cannot be read: {error.strerror or error}") from error
    elif hasattr(source, "read"):
        content, name = source.read(most + 1), str(getattr(source, "name", ""))
        if not isinstance(content, bytes):
            raise ValueError(f"{argument}: is a text file; accepted: a path, bytes or a binary file")
    else:
        raise ValueError(f"{argument}: is a {type(source).__name__}; accepted: a path, bytes or a binary file")
    if len(content) > most:
        raise ValueError(f"{argument}: {name!r} is longer than a photo of {max_pixels} pixels can be; raise max_pixels")
    return content, name


def _noted(photo: Photo, note: str) -> Photo:
    from dataclasses import replace

    return replace(photo, notes=(*photo.notes, note))
