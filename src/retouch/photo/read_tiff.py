"""Reading TIFF."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
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
_NOT_EXIF = frozenset({tiffs.XMP, tiffs.ICC, tiffs.IPTC, tiffs.PHOTOSHOP, tiffs.LAYERS})
_LOSSY = ("jpeg", "tiff_jpeg", "webp")
_ODD_KINDS = {2: "signed numbers", 3: "floating point numbers", 5: "complex numbers", 6: "complex numbers"}


def read_tiff(content: bytes, origin: Origin) -> Photo:
    """Decode a TIFF file; raises what `read` raises."""
    with decoding(origin), quiet():
        carried, notes = _tags(content, origin)
        image = cast("ImageFile", TiffImagePlugin.TiffImageFile(io.BytesIO(content), ""))
        origin.check_size(*image.size)
        if getattr(image, "n_frames", 1) > 1:
            raise Plain(f"{origin}: is a TIFF of several pages; accepted: one page")
        info = dict(image.info)
        layout = cast("Any", image).tag_v2
        bits = _bits(layout, origin)
        turn = int(layout.get(tiffs.ORIENTATION, 1))
        turn = turn if 1 <= turn <= 8 else 1
        predictor, extra = int(layout.get(317, 1)), layout.get(338, ())
        if bits == 16 and len(layout.get(258, (1,))) > 1:
            from retouch.photo.deep import decode_tiff

            found = decode_tiff(content, turn, origin)
        else:
            found = _decoded(image)
        image.close()
    if 1 in (extra if isinstance(extra, tuple) else (extra,)) and found.alpha is not None:
        notes.append("transparency was multiplied into the colours of the TIFF; it is stored beside them now")
    if info.get("icc_profile") and not readable(info["icc_profile"], found.pixels.shape[2]):
        notes.append(BAD_PROFILE)
    return Photo(found.pixels, found.alpha, _source(found, carried, info, turn, bits, predictor), tuple(notes))


def _source(
    found: Planes, carried: tuple[Tag, ...], info: dict[Any, Any], turn: int, bits: int, predictor: int
) -> Source:
    height, width = found.pixels.shape[:2]
    by_number = {tag.number: tag for tag in carried}
    block = tiffs.block_of(tag for tag in carried if tag.number not in _NOT_EXIF)
    compression = str(info.get("compression", "raw"))
    return Source(
        format="TIFF",
        mode=found.mode,
        icc=info.get("icc_profile") or None,
        size=(width, height),
        orientation=turn,
        exif=block,
        xmp=by_number[tiffs.XMP].data if tiffs.XMP in by_number else None,
        dpi=exif.resolution(block),
        palette=found.palette,
        indices=found.indices,
        key=found.key,
        bits=bits,
        compression=compression,
        predictor=predictor,
        lossless=compression not in _LOSSY,
        tags=tuple(tag for tag in carried if tag.number in (tiffs.IPTC, tiffs.PHOTOSHOP)),
    )


def _tags(content: bytes, origin: Origin) -> tuple[tuple[Tag, ...], list[str]]:
    """The tags to carry over and notes; camera raw files, whose first picture is a preview, are refused."""
    try:
        everything = tiffs.tags(content)
    except ValueError:
        return (), ["a tag of the TIFF is damaged; its metadata was left out"]
    numbers = {tag.number: tag for tag in everything}
    small = tiffs.SUBFILE in numbers and tiffs.value(numbers[tiffs.SUBFILE]) & 1
    if tiffs.DNG in numbers or content[8:10] == b"CR" or (small and tiffs.SUB_IFDS in numbers):
        raise Plain(f"{origin}: is a camera's raw file; accepted: a photo developed from it, such as TIFF or JPEG")
    notes = [LAYERS] if tiffs.LAYERS in numbers or tiffs.SUB_IFDS in numbers else []
    kept = [tag for tag in everything if tag.number not in tiffs.STRUCTURE and tag.number != tiffs.LAYERS]
    return tuple(kept), notes


def _bits(layout: Any, origin: Origin) -> int:
    """Bits per sample; refuses samples that cannot be held."""
    samples = layout.get(258, (1,))
    samples = samples if isinstance(samples, tuple) else (samples,)
    kinds = layout.get(339, (1,))
    kind = max(kinds) if isinstance(kinds, tuple) else int(kinds)
    if kind in _ODD_KINDS or max(samples) > 16:
        what = _ODD_KINDS.get(kind, f"{max(samples)} bits")
        raise Plain(f"{origin}: has samples of {what}; accepted: whole numbers of up to 16 bits")
    return max(int(one) for one in samples)


def _decoded(image: ImageFile) -> Planes:
    # Memory made here in advance keeps Pillow from checking its own limit, which belongs to the whole process.
    tile = getattr(image, "_tile_size", image.size)
    image.im = Image.new(image.mode, tile).im
    image.load()
    if image.mode == "YCbCr":
        return planes(image.convert("RGB"))
    found = planes(image)
    assert found.pixels.dtype in (np.uint8, np.uint16)
    return found
