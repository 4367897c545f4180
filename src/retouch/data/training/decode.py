"""From a file to the pixels of a crop, decoding no more than the crop needs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from retouch.data.items import Member
from retouch.photo.limits import Origin, Plain, decoding, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.data.items import Item
    from retouch.data.training.crops import Crop

# Pillow alone reads these as the careful reader does, in the modes of `_fast`, and much faster.
_FORMATS = ("JPEG", "WEBP", "PNG", "BMP")
_ORIENTATION = 0x0112  # the EXIF tag


def cut(item: Item, crop: Crop, size: int, smallest: int = 1, draft: bool = True) -> NDArray[np.uint8]:
    """Cut a crop out of a photo in displayed orientation and scale it, bicubic with antialiasing.

    Args:
        item: the photo.
        crop: which part of it.
        size: side of the result in pixels.
        smallest: shorter side that the photo needs, in pixels.
        draft: decode a JPEG at 1/2, 1/4 or 1/8 of its size where the crop keeps at least `size` pixels.

    Returns:
        [S, S, 3] uint8, colours as stored.

    Raises:
        OSError: the photo is missing, empty or damaged; the message names it.
        ValueError: it is no photo, or too small.
    """
    origin = Origin(f"photo {item.name!r}")
    with quiet(), decoding(origin):
        image = _fast(item)
        if image is not None:
            with image:
                return _cut(image, crop, size, smallest, draft)
    image = item.image()
    with decoding(origin):
        return _cut(image, crop, size, smallest, draft)


def upright(item: Item) -> Image.Image:
    """The whole photo as 8-bit RGB image in displayed orientation: what `cut` cuts from.

    Raises:
        OSError: it is missing, empty or damaged; the message names it.
        ValueError: it is no photo.
    """
    with quiet(), decoding(Origin(f"photo {item.name!r}")):
        image = _fast(item)
        if image is not None:
            with image:
                return _turned(image).convert("RGB")
    return item.image()


def header_size(item: Item) -> tuple[int, int]:
    """(width, height) in displayed orientation, read from the header where the format allows it.

    Raises:
        OSError: the photo is missing, empty or damaged; the message names it.
        ValueError: it is no photo.
    """
    with quiet(), decoding(Origin(f"photo {item.name!r}")):
        image = _fast(item)
        if image is not None:
            with image:
                return _shown_size(image)
    return item.image().size


def _shown_size(image: Image.Image) -> tuple[int, int]:
    return (image.height, image.width) if _orientation(image) in (5, 6, 7, 8) else image.size


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def _turned(image: Image.Image) -> Image.Image:
    """The image in displayed orientation; itself where nothing is to be done, as a copy takes time."""
    return image if _orientation(image) == 1 else ImageOps.exif_transpose(image)


def _fast(item: Item) -> Image.Image | None:
    """The photo opened and not decoded yet; None: it needs the careful reader (16 bits, CMYK, alpha, other formats)."""
    source = io.BytesIO(item.photo.content()) if isinstance(item.photo, Member) else item.photo
    try:
        image = Image.open(source, formats=_FORMATS)
    except (UnidentifiedImageError, FileNotFoundError):
        return None  # the careful reader says what is wrong
    single = getattr(image, "n_frames", 1) == 1 or image.format == "MPO"  # of which both readers take the first
    if single and image.mode in ("RGB", "L") and "transparency" not in image.info:
        return image
    image.close()
    return None


def _cut(image: Image.Image, crop: Crop, size: int, smallest: int, draft: bool) -> NDArray[np.uint8]:
    width, height = _shown_size(image)
    if min(width, height) < smallest:
        raise Plain(f"is {width}x{height} pixels; accepted: a shorter side of at least {smallest}")
    x0, y0, x1, y1 = crop.box(width, height)
    shrink = min(x1 - x0, y1 - y0) // size
    if draft and shrink > 1:
        image.draft("RGB", (image.width // shrink, image.height // shrink))  # does nothing but for JPEG
    whole = _turned(image)
    zoom_x, zoom_y = whole.width / width, whole.height / height  # below 1 where a draft was decoded
    box = (x0 * zoom_x, y0 * zoom_y, x1 * zoom_x, y1 * zoom_y)
    part = whole.resize((size, size), Image.Resampling.BICUBIC, box=box).convert("RGB")
    pixels = np.asarray(part)  # [S, S, 3]
    return np.ascontiguousarray(pixels[:, ::-1]) if crop.mirrored else pixels
