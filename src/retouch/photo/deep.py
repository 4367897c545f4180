"""Colour photos of 16 bits per channel (extra `deep`); Pillow would make them 8 bits without a word."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retouch.photo.limits import Plain
from retouch.photo.orient import displayed
from retouch.photo.planes import Planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.photo.chunks import Header
    from retouch.photo.photo import Photo, Pixels

_TIFF_COMPRESSIONS = {
    "raw": None,
    "tiff_lzw": "lzw",
    "tiff_adobe_deflate": "zlib",
    "packbits": "packbits",
    "lzma": "lzma",
    "zstd": "zstd",
}


NEEDS = "has 16 bits per channel in colour, which needs the extra deep: pip install 'retouch[deep]'"


def available() -> bool:
    """Whether the extra `deep` is installed."""
    return find_spec("tifffile") is not None and find_spec("imagecodecs") is not None


def decode_png(content: bytes, header: Header, orientation: int) -> Planes:
    """The planes of a PNG of 16 bits per channel with colours or alpha."""
    _required()
    import imagecodecs

    from retouch.photo.chunks import transparent_key

    key = transparent_key(content) if header.kind == 2 else None
    pixels = imagecodecs.png_decode(content)  # [H, W, C]
    pixels = pixels[..., :3] if header.kind == 2 else pixels
    colours = {2: 3, 4: 1, 6: 3}[header.kind]
    return _planes(pixels, colours, orientation, key)


def decode_tiff(content: bytes, orientation: int) -> Planes:
    """The planes of a TIFF of 16 bits per channel with colours or alpha."""
    _required()
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        photometric, planar = int(cast("Any", page).photometric), int(cast("Any", page).planarconfig)
        pixels = page.asarray()  # [H, W, C], or [C, H, W] for separate planes
        premultiplied = any(int(one) == 1 for one in cast("Any", page).extrasamples)
    pixels = np.moveaxis(pixels, 0, -1) if planar == 2 else pixels
    colours = {0: 1, 1: 1, 2: 3, 5: 4}.get(photometric)
    if colours is None or pixels.ndim != 3 or pixels.shape[2] not in (colours, colours + 1) or premultiplied:
        raise Plain("is a TIFF of 16 bits whose colours are not understood; accepted: grey, RGB, RGBA, CMYK")
    if photometric == 0:
        pixels = np.concatenate([65535 - pixels[..., :1], pixels[..., 1:]], axis=2)
    return _planes(pixels, colours, orientation, None)


def encode_png(photo: Photo) -> bytes:
    """A PNG file of the pixels alone."""
    _required()
    import imagecodecs

    from retouch.photo.pil import keyed

    if photo.source.key is not None and photo.alpha is not None:
        from retouch.photo.chunks import with_key

        return with_key(bytes(imagecodecs.png_encode(np.ascontiguousarray(keyed(photo)))), photo.source.key)
    return cast("bytes", imagecodecs.png_encode(np.ascontiguousarray(photo.array())))


def encode_tiff(photo: Photo, compression: str, predictor: int) -> bytes:
    """A little-endian TIFF file of the pixels alone."""
    _required()
    import tifffile

    out = io.BytesIO()
    pixels = photo.array()
    tifffile.imwrite(
        out,
        pixels,
        byteorder="<",
        bigtiff=False,
        photometric={1: "minisblack", 3: "rgb", 4: "separated"}[photo.pixels.shape[2]],
        planarconfig="contig",
        extrasamples=["unassalpha"] if photo.alpha is not None else None,
        compression=_TIFF_COMPRESSIONS[compression],
        predictor=predictor == 2 and compression in ("tiff_lzw", "tiff_adobe_deflate", "zstd"),
        metadata=None,
        software=False,
        contiguous=False,
    )
    return out.getvalue()


def _planes(pixels: NDArray[Any], colours: int, orientation: int, key: tuple[int, ...] | None) -> Planes:
    shown = displayed(pixels, orientation)  # [H, W, C]
    alpha: NDArray[Any] | None = None
    if shown.shape[2] > colours:
        alpha = np.ascontiguousarray(shown[..., colours]).astype(np.uint16)  # [H, W]
    plain = np.ascontiguousarray(shown[..., :colours]).astype(np.uint16, copy=False)  # [H, W, C]
    if key is not None:
        alpha = np.where((plain == np.array(key, np.uint16)).all(axis=2), np.uint16(0), np.uint16(65535))
    name = {1: "L", 3: "RGB", 4: "CMYK"}[colours]
    if alpha is not None and key is None:
        name = {"L": "LA", "RGB": "RGBA", "CMYK": "CMYK"}[name]
    return Planes(cast("Pixels", plain), cast("Pixels | None", alpha), name + ";16", key=key)


def _required() -> None:
    if not available():
        raise Plain(NEEDS)
