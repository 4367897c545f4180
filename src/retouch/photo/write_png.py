"""Writing PNG: Pillow encodes the pixels, every other chunk of the source is carried over."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from retouch.photo import chunks, pngbits
from retouch.photo.encoded import Encoded
from retouch.photo.metadata import metadata, untouched
from retouch.photo.palette import repaletted
from retouch.photo.photo import Chunk
from retouch.photo.pil import image_of, natural_mode
from retouch.photo.segments import CREDENTIALS

if TYPE_CHECKING:
    from retouch.photo.metadata import Metadata
    from retouch.photo.photo import Photo

# Between the header and the palette; everything else may stand between the palette and the pixels.
_BEFORE_PALETTE = frozenset({b"cHRM", b"cICP", b"gAMA", b"iCCP", b"mDCV", b"mDCv", b"cLLI", b"cLLi", b"sBIT", b"sRGB"})
_DEPTH = frozenset({b"sBIT", b"bKGD"})  # they speak of the pixels' depth and kind
_LEGACY = (b"Raw profile type exif\0", b"Raw profile type APP1\0")  # as ImageMagick writes it
# Beyond it zlib takes three times as long for a photo that is one hundredth smaller.
_LEVEL = 4
_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})


def write_png(photo: Photo) -> Encoded:
    """The photo as a PNG file."""
    notes: list[str] = []
    mode = natural_mode(photo)
    if mode in ("CMYK", "CMYK;16"):
        raise ValueError("format: PNG has no CMYK and the photo is CMYK; accepted: TIFF or JPEG")
    if mode.endswith(";16") and mode != "I;16":
        from retouch.photo.deep import encode_png

        plain = encode_png(photo)
    else:
        plain = _encoded(photo, mode, notes)
    said = metadata(photo)
    carried = _carried(photo, said, plain, notes)
    if photo.source.format == "PNG" and photo.source.interlaced:
        notes.append("the PNG was interlaced; it is not any more")
    return Encoded(_spliced(plain, carried), [*said.notes, *notes])


def _encoded(photo: Photo, mode: str, notes: list[str]) -> bytes:
    if mode == "P":
        return _with_palette(photo, notes)
    image, said = image_of(photo, mode)
    notes += said
    key = image.info.pop("transparency", None)
    if mode == "L" and photo.source.format == "PNG" and photo.source.bits < 8:
        top = (1 << photo.source.bits) - 1
        few = ((np.asarray(image).astype(np.uint16) * top + 127) // 255).astype(np.uint8)  # [H, W]
        plain = pngbits.png(few, photo.source.bits, pngbits.GREY)
    else:
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=_LEVEL)
        plain = out.getvalue()
    return plain if key is None else _with_key(plain, key)


def _with_palette(photo: Photo, notes: list[str]) -> bytes:
    fitted = repaletted(photo)
    notes += fitted.notes
    own = photo.source.bits if photo.source.format == "PNG" else 8
    bits = max(own, next(bits for bits in (1, 2, 4, 8) if len(fitted.palette) <= 1 << bits))
    if bits > own:
        notes.append(f"the palette has {bits} bits per pixel now, not {own}")
    alphas = None
    if fitted.transparent:
        last = int(np.flatnonzero(fitted.palette[:, 3] != 255)[-1:].sum())
        alphas = fitted.palette[: last + 1, 3].tobytes()
    colours = fitted.palette[:, :3].tobytes()
    return pngbits.png(fitted.indices, bits, pngbits.PALETTE, palette=colours, transparency=alphas)


def _with_key(plain: bytes, key: int | tuple[int, ...]) -> bytes:
    """The file with its transparent colour, which is counted in the bits of the file."""
    bits = chunks.header(plain).bits
    values = key if isinstance(key, tuple) else (key,)
    return chunks.with_key(plain, tuple(one * ((1 << bits) - 1) // 255 for one in values) if bits < 8 else values)


def _bits_for(palette: list[int] | None) -> int:
    count = len(palette or []) // 3
    return next(bits for bits in (1, 2, 4, 8) if count <= 1 << bits)


def _carried(photo: Photo, said: Metadata, plain: bytes, notes: list[str]) -> list[Chunk]:
    """The ancillary chunks of the file to write."""
    if photo.source.format != "PNG" or not photo.source.chunks:
        return _new_chunks(photo, said)
    header = chunks.header(plain)
    changed = not untouched(photo)
    same_depth = header.bits == photo.source.bits
    kept = []
    for chunk in photo.source.chunks:
        if chunk.name == b"eXIf":
            kept += [Chunk(b"eXIf", said.exif, chunk.after)] if said.exif else []
        elif chunks.is_xmp(chunk):
            packet = said.xmp
            kept.append(chunk if packet is None or packet == photo.source.xmp else chunks.xmp_chunk(packet))
        elif changed and chunk.data.startswith(_LEGACY):
            notes.append("EXIF data stored as text was left out: it speaks of the photo as it was before")
        elif changed and chunk.name == b"caBX":
            notes.append(CREDENTIALS)
        elif chunk.name in _FRAMES or (chunk.name in _DEPTH and not same_depth):
            continue
        else:
            kept.append(chunk)
    return kept


def _new_chunks(photo: Photo, said: Metadata) -> list[Chunk]:
    made = []
    if photo.source.icc:
        made.append(chunks.icc_chunk(photo.source.icc))
    if photo.source.dpi:
        made.append(chunks.resolution_chunk(photo.source.dpi))
    if said.exif:
        made.append(Chunk(b"eXIf", said.exif))
    if said.xmp:
        made.append(chunks.xmp_chunk(said.xmp))
    if photo.source.comment:
        made.append(Chunk(b"tEXt", b"Comment\0" + photo.source.comment.replace(b"\0", b"")))
    return made


def _spliced(plain: bytes, carried: list[Chunk]) -> list[bytes | memoryview]:
    """The plain file with the other chunks where they belong."""
    view = memoryview(plain)
    pieces: list[bytes | memoryview] = [chunks.SIGNATURE]
    early = [one for one in carried if one.name in _BEFORE_PALETTE]
    middle = [one for one in carried if one.name not in _BEFORE_PALETTE and not one.after]
    late = [one for one in carried if one.name not in _BEFORE_PALETTE and one.after]
    pending_middle = True
    for place in chunks.places(plain):
        whole = view[place.start - 8 : place.start + place.length + 4]
        if place.name == b"IDAT" and pending_middle:
            pieces += [chunks.encoded(one) for one in middle]
            pending_middle = False
        if place.name == b"IEND":
            pieces += [chunks.encoded(one) for one in late]
        if place.name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            pieces.append(whole)
        if place.name == b"IHDR":
            pieces += [chunks.encoded(one) for one in early]
    return pieces
