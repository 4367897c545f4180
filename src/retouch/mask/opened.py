"""From a file to a decoded picture in displayed orientation, or one clear line why not."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")
_ACCEPTED = ", ".join(FORMATS) + " or HEIC"
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def opened(source: Source, max_pixels: int) -> Image.Image:
    """Decode `source`: a path, the bytes of a file or a binary file, read from where it stands.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the file is unreadable, empty, damaged or no image.
        ValueError: a text file, an animation, several pages, or more than `max_pixels`.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _decoded(io.BytesIO(source), "mask", max_pixels)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            with path.open("rb") as file:
                return _decoded(file, f"mask {path.name!r}", max_pixels)
        except FileNotFoundError:
            raise FileNotFoundError(f"mask: there is no file {str(path)!r}") from None
        except IsADirectoryError:
            raise IsADirectoryError(f"mask: {str(path)!r} is a folder, not a file") from None
        except PermissionError:
            raise PermissionError(f"mask: {str(path)!r} may not be read") from None
    content = source.read()
    if not isinstance(content, bytes):
        raise ValueError("mask: is a file opened as text; open it in binary mode")
    return _decoded(io.BytesIO(content), "mask", max_pixels)


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; damaged EXIF says nothing about it."""
    try:
        turned = image.getexif().get(0x0112, 1) in range(2, 9)
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:
        return image


class _Told(Exception):
    """Carries an error of ours past the handler of what decoders raise."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _decoded(file: IO[bytes], name: str, max_pixels: int) -> Image.Image:
    try:
        return _load(file, name, max_pixels)
    except _Told as told:
        raise told.error from None
    except Exception as error:
        # Decoders meet damaged data with exceptions of every kind.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OSError(f"{name}: the image is damaged or truncated ({reason})") from error


def _load(file: IO[bytes], name: str, max_pixels: int) -> Image.Image:
    prefix = file.read(16)
    if not prefix:
        raise _Told(OSError(f"{name}: the file is empty"))
    file.seek(0)
    image = _identified(file, prefix, name)
    width, height = image.size
    if width * height > max_pixels:
        raise _Told(ValueError(f"{name}: {width}x{height} pixels are more than max_pixels={max_pixels}"))
    # The further pictures of an MPO are previews or other views of the first one.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        problem = "is an animation or has several pages; accepted: a single picture"
        raise _Told(ValueError(f"{name}: {problem}"))
    image.load()
    return _upright(image)


def _identified(file: IO[bytes], prefix: bytes, name: str) -> Image.Image:
    """Read the header only.

    Pillow's own `open` enforces a limit of pixels that is global to the process; its format classes do not.
    """
    if not all(known in Image.OPEN for known in FORMATS):
        Image.init()
    for known in FORMATS:
        factory, accept = Image.OPEN.get(known, (None, None))
        # Where Pillow was built without a format, a sentence comes instead of True.
        if factory is not None and accept is not None and accept(prefix) is True:
            return factory(file, "")
    if prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS:
        return _heif(file, name)
    raise _Told(OSError(f"{name}: is no image that can be read; accepted: {_ACCEPTED}"))


def _heif(file: IO[bytes], name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise _Told(ValueError(f"{name}: HEIC needs an extra: pip install 'retouch[heif]'")) from None
    factory: Callable[..., Image.Image] = HeifImageFile
    return factory(file, "")
