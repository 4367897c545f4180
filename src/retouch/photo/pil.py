"""Between a photo and a PIL image of the same mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from retouch.photo import exif
from retouch.photo.limits import Origin, Plain, decoding
from retouch.photo.palette import repaletted
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import MODES, planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ACCEPTED = ", ".join(MODES)


def from_pil(image: Image.Image) -> Photo:
    """A photo of a PIL image, as it stands: an EXIF orientation in its info is kept, not applied.

    Raises:
        ValueError: the mode is not one of 1, L, LA, P, RGB, RGBA, CMYK, I;16, or the image has no pixels.
        OSError: the image comes from a file that cannot be decoded.
    """
    if image.mode not in MODES and not image.mode.startswith("I;16"):
        raise ValueError(f"photo: is a PIL image of the mode {image.mode}; accepted: {_ACCEPTED}")
    if 0 in image.size:
        raise ValueError(f"photo: has the size {image.width} x {image.height}; accepted: at least 1 x 1")
    with decoding(Origin()):
        if getattr(image, "is_animated", False):
            raise Plain("is an animation; accepted: still pictures (one frame of it: frame.copy())")
        image.load()
        found = planes(image)
    info = {str(key): value for key, value in image.info.items()}
    block = info.get("exif")
    xmp = info.get("xmp")
    source = Source(
        format=image.format or "PNG",
        mode=found.mode,
        icc=info.get("icc_profile") or None,
        info=info,
        size=image.size,
        exif=_bare(block) if isinstance(block, bytes) else None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp,
        dpi=_dpi(info.get("dpi")),
        orientation=1,
        palette=found.palette,
        indices=found.indices,
        key=found.key,
        bits=16 if found.mode == "I;16" else 8,
    )
    return Photo(found.pixels, found.alpha, source)


def to_pil(photo: Photo) -> Image.Image:
    """A PIL image of the photo's mode, with its EXIF data, profile and other info.

    Photos of 16 bits in colour have no PIL mode and come as 8 bits.
    """
    image, _ = image_of(photo)
    if getattr(image, "readonly", 0):  # it still shares the photo's memory
        image = image.copy()
    source = photo.source
    info: dict[Any, Any] = dict(source.info)
    if source.icc:
        info["icc_profile"] = source.icc
    if source.exif and "exif" not in info:
        info["exif"] = b"Exif\0\0" + source.exif
    if source.exif and source.orientation != 1:
        upright = exif.edited(source.exif, size=photo.size, thumbnail=_nothing, turn_up=True)[0]
        info["exif"] = b"Exif\0\0" + upright
    if source.xmp:
        info.setdefault("xmp", source.xmp)
    if source.dpi:
        info.setdefault("dpi", source.dpi)
    transparency = image.info.get("transparency")
    info.pop("transparency", None)
    if transparency is not None:
        info["transparency"] = transparency
    image.info = info
    return image


def image_of(photo: Photo, mode: str | None = None) -> tuple[Image.Image, list[str]]:
    """The pixels as a PIL image, with a `transparency` for palettes and colour keys, and notes.

    Args:
        photo: the photo.
        mode: Pillow's mode that is wanted; None: that of the photo's source.
    """
    mode = mode or natural_mode(photo)
    mode = mode if mode == "I;16" else mode.removesuffix(";16")
    if mode == "P":
        fitted = repaletted(photo)
        image = Image.fromarray(fitted.indices)
        image.putpalette(fitted.palette[:, :3].tobytes())
        if fitted.transparency is not None:
            image.info["transparency"] = fitted.transparency
        return image, list(fitted.notes)
    if mode == "1":
        return _one_bit(photo)
    notes: list[str] = []
    pixels = photo.pixels if mode == "I;16" else eight_bits(photo.pixels)
    if pixels.shape[2] == 1 and mode in ("RGB", "RGBA"):
        pixels = np.repeat(pixels, 3, axis=2)  # [H, W, 3]
    if mode in ("LA", "RGBA"):
        alpha = photo.alpha
        opaque = np.full(pixels.shape[:2], 255, np.uint8) if alpha is None else eight_bits(alpha)
        pixels = np.concatenate([pixels, opaque[..., None]], axis=2)  # [H, W, C + 1]
    has_key = photo.source.key is not None and photo.alpha is not None and mode == photo.source.mode
    if has_key:
        pixels = keyed(photo)
    image = _raw(pixels, mode)
    if has_key and photo.source.key is not None:
        image.info["transparency"] = photo.source.key if len(photo.source.key) > 1 else photo.source.key[0]
    return image, notes


def natural_mode(photo: Photo) -> str:
    """The mode of the source where the pixels still fit it, or the one that fits them."""
    mode = photo.source.mode
    channels = photo.pixels.shape[2]
    deep = photo.pixels.dtype == np.uint16
    fits = {
        "1": channels == 1 and not deep,
        "L": channels == 1 and not deep and (photo.alpha is None or photo.source.key is not None),
        "P": channels == 3 and not deep and photo.source.indices is not None,
        "RGB": channels == 3 and (photo.alpha is None or photo.source.key is not None) and not deep,
        "LA": channels == 1 and photo.alpha is not None and not deep,
        "RGBA": channels == 3 and photo.alpha is not None and not deep,
        "CMYK": channels == 4 and not deep,
        "I;16": channels == 1 and deep and (photo.alpha is None or photo.source.key is not None),
    }
    if fits.get(mode):
        return mode
    plain = {1: "L", 3: "RGB", 4: "CMYK"}[channels]
    if photo.alpha is not None and channels != 4 and photo.source.key is None:
        plain = {"L": "LA", "RGB": "RGBA"}[plain]
    if not deep:
        return plain
    return "I;16" if plain == "L" else plain + ";16"


def eight_bits(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """The plane as uint8, rounded; not copied where it is already."""
    if plane.dtype == np.uint8:
        return cast("NDArray[np.uint8]", plane)
    return ((plane.astype(np.uint32) + 128) // 257).astype(np.uint8)


def keyed(photo: Photo) -> NDArray[Any]:
    """Pixels in which exactly the transparent ones have the colour that stands for transparent."""
    assert photo.source.key is not None
    assert photo.alpha is not None
    key = np.array(photo.source.key, photo.pixels.dtype)
    is_key = (photo.pixels == key).all(axis=2)  # [H, W]
    clear = photo.alpha == 0  # [H, W]
    if np.array_equal(is_key, clear):
        return photo.pixels
    pixels = photo.pixels.copy()
    nearly = key.copy()
    nearly[-1] = nearly[-1] - 1 if nearly[-1] else 1
    pixels[is_key & ~clear] = nearly
    pixels[clear] = key
    return pixels


def _raw(pixels: NDArray[Any], mode: str) -> Image.Image:
    height, width = pixels.shape[:2]
    if mode in ("L", "RGB", "RGBA") or mode == "I;16":
        plane = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        return Image.fromarray(np.ascontiguousarray(plane))
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)


def _one_bit(photo: Photo) -> tuple[Image.Image, list[str]]:
    grey = eight_bits(photo.pixels)[..., 0]  # [H, W]
    image = Image.fromarray(np.where(grey >= 128, np.uint8(255), np.uint8(0))).convert("1", dither=Image.Dither.NONE)
    if photo.source.key is not None:
        image.info["transparency"] = photo.source.key[0]
    two_valued = bool(((grey == 0) | (grey == 255)).all())
    return image, [] if two_valued else ["the photo has one bit per pixel: filled pixels became black or white"]


def _bare(block: bytes) -> bytes:
    return block[6:] if block.startswith(b"Exif\0\0") else block


def _dpi(value: object) -> tuple[float, float] | None:
    if isinstance(value, tuple) and len(value) == 2:
        try:
            return float(value[0]), float(value[1])
        except (TypeError, ValueError, ZeroDivisionError):
            return None
    return None


def _nothing(_size: tuple[int, int] | None, _room: int) -> bytes:
    return b""
