"""Reading TIFF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PIL import Image, TiffImagePlugin

from retouch.photo import exif, tiffs
from retouch.photo.colour import readable
from retouch.photo.limits import Origin, Plain, decoding, quiet
from retouch.photo.photo import Photo, Source, Tag
from retouch.photo.planes import Planes, planes
from retouch.photo.read_jpeg import BAD_PROFILE

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LAYERS = "layers and previews in the TIFF were left out: they show the photo as it was before"
DAMAGED = "a tag of the TIFF is damaged and was left out"
_NOT_EXIF = frozenset({tiffs.XMP, tiffs.ICC, tiffs.IPTC, tiffs.PHOTOSHOP, tiffs.LAYERS})
_LOSSY = ("jpeg", "tiff_jpeg", "webp")
_ODD_KINDS = {2: "signed numbers", 3: "floating point numbers", 5: "complex numbers", 6: "complex numbers"}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _PREDICTOR, _EXTRA, _FORMAT = 256, 257, 258, 259, 277, 317, 338, 339


@dataclass(frozen=True)
class _Layout:
    """What the tags say about how the pixels are stored."""

    width: int
    height: int
    bits: tuple[int, ...]
    samples: int
    orientation: int
    compression: str
    predictor: int
    premultiplied: bool
    kind: int


def read_tiff(content: bytes, origin: Origin) -> Photo:
    """Decode a TIFF file; raises what `read` raises."""
    with decoding(origin), quiet():
        everything, notes = _tags(content)
        layout = _layout(everything)
        _refuse(everything, layout, content, origin)
        if max(layout.bits) == 16 and layout.samples > 1:
            from retouch.photo.deep import decode_tiff

            found = decode_tiff(content, layout.orientation)
        else:
            found = _decoded(content, origin)
    if layout.premultiplied and found.alpha is not None:
        notes.append("transparency was multiplied into the colours of the TIFF; it is stored beside them now")
    if tiffs.LAYERS in everything or tiffs.SUB_IFDS in everything:
        notes.append(LAYERS)
    source = _source(found, everything, layout)
    if source.icc and not readable(source.icc, found.pixels.shape[2]):
        notes.append(BAD_PROFILE)
    return Photo(found.pixels, found.alpha, source, tuple(notes))


def _source(found: Planes, everything: dict[int, Tag], layout: _Layout) -> Source:
    height, width = found.pixels.shape[:2]
    carried = [tag for number, tag in everything.items() if number not in tiffs.STRUCTURE]
    block = tiffs.block_of(tag for tag in carried if tag.number not in _NOT_EXIF)
    return Source(
        format="TIFF",
        mode=found.mode,
        icc=everything[tiffs.ICC].data if tiffs.ICC in everything else None,
        size=(width, height),
        orientation=layout.orientation,
        exif=block,
        xmp=everything[tiffs.XMP].data if tiffs.XMP in everything else None,
        dpi=exif.resolution(block),
        palette=found.palette,
        indices=found.indices,
        bits=max(layout.bits),
        compression=layout.compression,
        predictor=layout.predictor,
        lossless=layout.compression not in _LOSSY,
        tags=tuple(tag for tag in carried if tag.number in (tiffs.IPTC, tiffs.PHOTOSHOP)),
    )


def _tags(content: bytes) -> tuple[dict[int, Tag], list[str]]:
    """All tags by number, without the damaged ones, and a note if there were any."""
    try:
        return {tag.number: tag for tag in tiffs.tags(content)}, []
    except ValueError:
        return {tag.number: tag for tag in tiffs.tags(content, strict=False)}, [DAMAGED]


def _layout(everything: dict[int, Tag]) -> _Layout:
    def numbers(number: int, default: int) -> tuple[int, ...]:
        return tiffs.values(everything[number]) or (default,) if number in everything else (default,)

    turn = numbers(tiffs.ORIENTATION, 1)[0]
    return _Layout(
        width=numbers(_WIDTH, 0)[0],
        height=numbers(_HEIGHT, 0)[0],
        bits=numbers(_BITS, 1),
        samples=numbers(_SAMPLES, 1)[0],
        orientation=turn if 1 <= turn <= 8 else 1,
        compression=TiffImagePlugin.COMPRESSION_INFO.get(numbers(_COMPRESSION, 1)[0], "unknown"),
        predictor=numbers(_PREDICTOR, 1)[0],
        premultiplied=1 in numbers(_EXTRA, 0),
        kind=max(numbers(_FORMAT, 1)),
    )


def _refuse(everything: dict[int, Tag], layout: _Layout, content: bytes, origin: Origin) -> None:
    """Refuse what is too large, what cannot be held, and camera raw files, whose first picture is a preview."""
    origin.check_size(layout.width, layout.height)
    small = tiffs.SUBFILE in everything and tiffs.value(everything[tiffs.SUBFILE]) & 1
    if tiffs.DNG in everything or content[8:10] == b"CR" or (small and tiffs.SUB_IFDS in everything):
        raise Plain("is a camera's raw file; accepted: a photo developed from it, such as TIFF or JPEG")
    if tiffs.has_more_pages(content):
        raise Plain("is a TIFF of several pages; accepted: one page")
    if layout.kind in _ODD_KINDS or max(layout.bits) > 16:
        what = _ODD_KINDS.get(layout.kind, f"{max(layout.bits)} bits")
        raise Plain(f"has samples of {what}; accepted: whole numbers of up to 16 bits")


def _decoded(content: bytes, origin: Origin) -> Planes:
    image = cast("ImageFile", TiffImagePlugin.TiffImageFile(io.BytesIO(content), ""))
    origin.check_size(*image.size)
    # Memory made here in advance keeps Pillow from checking its own limit, which belongs to the whole process.
    image.im = Image.new(image.mode, getattr(image, "_tile_size", image.size)).im
    image.load()
    found = planes(image.convert("RGB") if image.mode == "YCbCr" else image)
    image.close()
    return found
