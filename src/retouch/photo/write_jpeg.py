"""Writing JPEG."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.photo import lossless, segments
from retouch.photo.encoded import Encoded, Settings
from retouch.photo.metadata import left_out, metadata
from retouch.photo.orient import stored
from retouch.photo.pil import eight_bits, image_of, natural_mode
from retouch.photo.segments import Frame, Segment, frame, split

if TYPE_CHECKING:
    from retouch.photo.metadata import Metadata
    from retouch.photo.photo import Photo

QUALITY = 95
_LIMIT = segments.LONGEST - len(segments.EXIF)
_SAMPLINGS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}

REENCODED = (
    "the JPEG was encoded again as a whole, with its own tables; "
    "pip install 'retouch[jpeg]' keeps every block that was not filled exactly"
)
RESIZED = "the photo has another size than its JPEG, which was encoded again as a whole"
TRAILER = "data behind the picture (further pictures, a video or a gain map) was left out"
THUMBNAILS = "thumbnails besides the one in the EXIF data were left out: they show the photo as it was before"


def write_jpeg(photo: Photo, settings: Settings) -> Encoded:
    """The photo as a JPEG file."""
    if photo.source.format != "JPEG" or photo.source.content is None:
        return _new(photo, settings)
    content = photo.source.content
    parts = split(content)
    if settings.quality is None and photo.source.size == photo.size:
        blocks = _blockwise(photo, content, parts)
        if blocks.pieces:
            return blocks
        again = _again(photo, parts, frame(parts.segments), None)
        return Encoded(again.pieces, [*blocks.notes, *again.notes])
    again = _again(photo, parts, frame(parts.segments), settings.quality)
    return Encoded(again.pieces, [RESIZED, *again.notes] if photo.source.size != photo.size else again.notes)


def _blockwise(photo: Photo, content: bytes, parts: segments.Parts) -> Encoded:
    """The file changed block by block in its stored orientation; no pieces where that cannot be done."""
    if not lossless.available():
        return Encoded([], [REENCODED])
    turn = photo.source.orientation
    how = frame(parts.segments)
    changed = np.zeros(photo.pixels.shape[:2], np.bool_) if photo.changed is None else photo.changed
    pixels = stored(eight_bits(photo.pixels), turn)
    try:
        edited = lossless.rewritten(content, parts, how, pixels, stored(changed, turn))
    except lossless.Unsuited as reason:
        return Encoded([], [f"the JPEG was encoded again as a whole: {reason} cannot be changed block by block"])
    said = metadata(photo, orientation=turn, limit=_LIMIT)
    kept, notes = _carried(parts.segments, said)
    if _has_trailer(content, parts.scan):
        notes.append(TRAILER)
    return Encoded(lossless.joined(edited, kept), [*said.notes, *notes])


def _again(photo: Photo, parts: segments.Parts, how: Frame, quality: int | None) -> Encoded:
    """The file encoded anew, upright, with the source's tables (or a quality) and metadata."""
    said = metadata(photo, limit=_LIMIT)
    kept, notes = _carried(parts.segments, said)
    options: dict[str, Any] = {"progressive": how.progressive, "optimize": True}
    factors = {(one.across, one.down) for one in how.components[1:3]}
    first = how.components[0]
    sampling = _SAMPLINGS.get((first.across, first.down)) if factors == {(1, 1)} else None
    if len(how.components) == 3:
        options["subsampling"] = sampling or "4:4:4"
        options["keep_rgb"] = how.adobe == 0 or [one.id for one in how.components] == [82, 71, 66]
        if sampling is None and factors != {(first.across, first.down)}:
            notes.append("the chroma sampling of the JPEG cannot be kept; it became 4:4:4")
    if how.restart:
        options["restart_marker_blocks"] = how.restart
    if quality is None:
        options["qtables"] = _tables(how)
    else:
        options["quality"] = quality
    image, more = image_of(photo, natural_mode(photo))
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    if len(how.components) == 4:
        kept = [one for one in kept if one.code != segments.APP14]
        kept += [one for one in split(out.getvalue()).segments if one.code == segments.APP14]
        if how.adobe == 2:
            notes.append("the JPEG was stored as YCCK; it is stored as CMYK now")
    if _has_trailer(photo.source.content or b"", parts.scan):
        notes.append(TRAILER)
    return Encoded(lossless.joined(out.getvalue(), kept), [*said.notes, *notes, *more])


def _new(photo: Photo, settings: Settings) -> Encoded:
    """A JPEG of a photo that was none."""
    notes: list[str] = []
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[photo.pixels.shape[2]]
    if photo.alpha is not None and np.any(photo.alpha != np.iinfo(photo.alpha.dtype).max):
        raise ValueError("format: JPEG has no transparency and the photo has; accepted: PNG, WEBP, TIFF or AVIF")
    if photo.pixels.dtype == np.uint16:
        notes.append("the photo has 16 bits per channel; JPEG has 8")
    image, more = image_of(photo, mode)
    image.info.pop("transparency", None)
    quality = settings.quality or QUALITY
    options: dict[str, Any] = {"quality": quality, "optimize": True}
    if mode == "RGB":
        options["subsampling"] = "4:4:4" if quality >= 90 else "4:2:0"
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    said = metadata(photo, limit=_LIMIT)
    notes += left_out(photo, "JPEG", {"EXIF data", "XMP data", "colour profile", "resolution", "comment"})
    kept = _new_segments(photo, said, notes)
    if mode == "CMYK":
        kept += [one for one in split(out.getvalue()).segments if one.code == segments.APP14]
    return Encoded(lossless.joined(out.getvalue(), kept), [*said.notes, *notes, *more])


def _carried(old: tuple[Segment, ...], said: Metadata) -> tuple[list[Segment], list[str]]:
    """The source's metadata segments with new EXIF and XMP, without what shows the photo as it was."""
    kept, notes = [], []
    renewed = {segments.EXIF: said.exif, segments.XMP: said.xmp}
    for one in old:
        if not one.is_metadata:
            continue
        start = next((start for start in renewed if one.code == segments.APP1 and one.data.startswith(start)), None)
        content = renewed.pop(start, None) if start else None
        if start and content and len(start) + len(content) <= segments.LONGEST:
            kept.append(Segment(one.code, start + content))
        elif not start:
            remaining, note = _without_pictures(one, old)
            kept += [remaining] if remaining else []
            notes += [note] if note else []
    return kept, list(dict.fromkeys(notes))


def _without_pictures(one: Segment, old: tuple[Segment, ...]) -> tuple[Segment | None, str | None]:
    """The segment without thumbnails and indices of further pictures, and a note where something is left out."""
    from retouch.photo.photoshop import without_thumbnails
    from retouch.photo.xmp import holds_picture

    data = one.data
    if one.code == segments.APP2 and data.startswith(segments.PICTURES):
        return None, TRAILER
    if one.code == segments.APP0 and data.startswith(b"JFXX\0"):
        return None, THUMBNAILS
    if one.code == segments.APP0 and data.startswith(b"JFIF\0") and len(data) > 14:
        return Segment(one.code, data[:12] + b"\0\0"), THUMBNAILS
    if one.code == segments.APP13 and data.startswith(b"Photoshop 3.0\0"):
        kept, removed = without_thumbnails(data[14:])
        return Segment(one.code, data[:14] + kept), THUMBNAILS if removed else None
    if one.code == segments.APP11 and any(b"c2pa" in other.data for other in old if other.code == one.code):
        return None, segments.CREDENTIALS
    if one.code == segments.APP1 and data.startswith(segments.XMP_MORE):
        more = b"".join(other.data[75:] for other in old if other.data.startswith(segments.XMP_MORE))
        return (None, THUMBNAILS) if holds_picture(more) else (one, None)
    is_profile = one.code == segments.APP2 and data.startswith(segments.ICC)
    if not is_profile and segments.find_picture(data) >= 0:
        return None, THUMBNAILS
    return one, None


def _new_segments(photo: Photo, said: Metadata, notes: list[str]) -> list[Segment]:
    """Metadata segments for a photo from another format."""
    made = [_jfif(photo.source.dpi)]
    if said.exif:
        if len(said.exif) <= _LIMIT:
            made.append(Segment(segments.APP1, segments.EXIF + said.exif))
        else:
            notes.append("the EXIF data is too long for JPEG and was left out")
    if said.xmp:
        if len(said.xmp) <= segments.LONGEST - len(segments.XMP):
            made.append(Segment(segments.APP1, segments.XMP + said.xmp))
        else:
            notes.append("the XMP data is too long for JPEG and was left out")
    profile = photo.source.icc or b""
    step = segments.LONGEST - len(segments.ICC) - 2
    count = -(-len(profile) // step)
    for index in range(count):
        numbers = bytes([index + 1, count])
        made.append(Segment(segments.APP2, segments.ICC + numbers + profile[index * step : (index + 1) * step]))
    if photo.source.comment:
        made.append(Segment(segments.COM, photo.source.comment[: segments.LONGEST]))
    return made


def _jfif(dpi: tuple[float, float] | None) -> Segment:
    across, down = (min(65535, max(1, round(one))) for one in dpi or (1, 1))
    return Segment(segments.APP0, b"JFIF\0" + struct.pack(">BBBHHBB", 1, 1, 1 if dpi else 0, across, down, 0, 0))


def _tables(how: Frame) -> list[list[int]]:
    """Quantisation tables as Pillow wants them: one per component, or fewer where the last serves the rest."""
    each = [how.tables[one.table] for one in how.components]
    while len(each) > 1 and each[-1] == each[-2]:
        each.pop()
    return [_natural(table) for table in each]


def _natural(zigzag: tuple[int, ...]) -> list[int]:
    return [int(value) for value in lossless.square(zigzag).reshape(-1)]


def _has_trailer(content: bytes, scan: int) -> bool:
    """Whether more than padding follows the first picture."""
    return bool(content[segments.end(content, scan) :].strip(b"\0\xff"))
