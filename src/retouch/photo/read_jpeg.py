"""Reading JPEG, and the first picture of an MPO."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PIL import JpegImagePlugin

from retouch.photo import exif, segments
from retouch.photo.colour import readable
from retouch.photo.limits import Origin, Plain, decoding
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import planes
from retouch.photo.streams import joined

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MORE_PICTURES = "the file holds more than one picture (MPO); only the first was read"
BAD_PROFILE = "the colour profile cannot be used; colours were taken as sRGB"
BAD_EXIF = "the EXIF data is damaged"


def read_jpeg(content: bytes, origin: Origin) -> Photo:
    """Decode a JPEG file; raises what `read` raises."""
    with decoding(origin):
        head = segments.split(content)
        frame = segments.frame(head.segments)
        origin.check_size(frame.width, frame.height)
        if frame.bits != 8:
            raise Plain(f"is a JPEG of {frame.bits} bits per sample; accepted: 8")
        block = segments.exif(head.segments)
        turn = exif.orientation(block)
        # Pillow sees no metadata: it would warn about damaged ones, and read MPO indices.
        kept = [one for one in head.segments if not one.is_metadata or one.code in (segments.APP0, segments.APP14)]
        pieces: list[bytes | memoryview] = [
            b"\xff\xd8",
            *(one.encoded() for one in kept),
            memoryview(content)[head.scan :],
        ]
        image = cast("ImageFile", JpegImagePlugin.JpegImageFile(joined(pieces), ""))
        image.load()
        found = planes(image, turn)
        image.close()
    profile = segments.icc(head.segments)
    notes = []
    if segments.has_more_pictures(head.segments):
        notes.append(MORE_PICTURES)
    if profile and not readable(profile, found.pixels.shape[2]):
        notes.append(BAD_PROFILE)
    if block and not exif.readable(block):
        notes.append(BAD_EXIF)
    height, width = found.pixels.shape[:2]
    source = Source(
        format="JPEG",
        mode=found.mode,
        icc=profile,
        size=(width, height),
        orientation=turn,
        exif=block,
        xmp=segments.xmp(head.segments),
        dpi=segments.resolution(head.segments) or exif.resolution(block),
        comment=segments.comment(head.segments),
        content=content,
        lossless=False,
    )
    return Photo(found.pixels, found.alpha, source, tuple(notes))
