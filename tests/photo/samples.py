"""Small photos as files, made on the spot."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

from retouch.photo import edit, put_rgb, read, write

BOX = (19, 10, 30, 21)  # x0, y0, x1, y1 of what `filled` fills
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Picture"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def noise(height=53, width=71, channels=3, dtype=np.uint8, seed=0):
    """[H, W, C]: patches of random colours with some noise on them."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    small = rng.integers(top // 8, top - top // 8, (height // 8 + 1, width // 8 + 1, channels))
    large = np.kron(small, np.ones((8, 8, 1), np.int64))[:height, :width]
    return (large + rng.integers(-9, 10, (height, width, channels))).clip(0, top).astype(dtype)


def image(mode="RGB", height=53, width=71):
    """A PIL image of any mode that is accepted."""
    if mode == "I;16":
        return Image.fromarray(noise(height, width, 1, np.uint16)[..., 0])
    if mode in ("CMYK", "RGBA", "LA"):
        pixels = noise(height, width, {"LA": 2}.get(mode, 4))
        return Image.frombytes(mode, (width, height), pixels.tobytes())
    plain = Image.fromarray(noise(height, width))
    return plain.quantize(40) if mode == "P" else plain.convert(mode)


def file(mode="RGB", form="PNG", height=53, width=71, **options):
    """An image of that mode as the bytes of a file."""
    out = io.BytesIO()
    image(mode, height, width).save(out, form, **options)
    return out.getvalue()


def filled(content, box=BOX, colour=(0.9, 0.2, 0.4)):
    """The photo in a file, and an editable copy with a box of one colour."""
    photo = read(content)
    edited = edit(photo)
    x0, y0, x1, y1 = box
    rgb = np.broadcast_to(np.array(colour, np.float32), (y1 - y0, x1 - x0, 3))
    put_rgb(edited, box, rgb, np.ones((y1 - y0, x1 - x0), bool))
    return photo, edited


def written(photo, **options):
    """The bytes that `write` makes of a photo, and its notes."""
    out = io.BytesIO()
    notes = write(photo, out, **options)
    return out.getvalue(), notes


def rewritten(content, box=BOX, **options):
    """The photo of a file, the same file with a filled box, as bytes and read again, and the notes of writing it."""
    photo, edited = filled(content, box)
    output, notes = written(edited, **options)
    return photo, edited, output, read(output), notes


def exif_block(*, order="<", orientation=6, thumbnail=None, size=(71, 53), note=b"MAKER NOTE \0\1\2", more=b""):
    """An EXIF block with the tags that a camera writes, and `more` behind it."""
    make = b"Camera\0"
    # (tag, type, count, value or bytes); offsets are filled in as the layout is known
    first = [
        (0x010F, 2, len(make), make),
        (0x0112, 3, 1, orientation),
        (0x011A, 5, 1, (300, 1)),
        (0x011B, 5, 1, (300, 1)),
    ]
    first += [(0x0128, 3, 1, 2), (0x8769, 4, 1, "exif")]
    exif = [(0x9003, 2, 20, b"2020:01:02 03:04:05\0"), (0x927C, 7, len(note), note)]
    exif += [(0xA002, 4, 1, size[0]), (0xA003, 4, 1, size[1])]
    second = [] if thumbnail is None else [(0x0103, 3, 1, 6), (0x0201, 4, 1, "thumb"), (0x0202, 4, 1, len(thumbnail))]
    lengths = [2 + 12 * len(part) + 4 for part in (first, exif, second)]
    starts = [8, 8 + lengths[0], 8 + lengths[0] + lengths[1]]
    data_at = starts[2] + (lengths[2] if second else 0)
    places = {"exif": starts[1]}
    data = b""

    def field(kind, value):
        nonlocal data
        if isinstance(value, str):
            return struct.pack(order + "I", places[value])
        if isinstance(value, bytes) and len(value) > 4:
            at = data_at + len(data)
            data += value + b"\0" * (len(value) % 2)
            return struct.pack(order + "I", at)
        if isinstance(value, bytes):
            return value.ljust(4, b"\0")
        if isinstance(value, tuple):
            at = data_at + len(data)
            data += struct.pack(order + "II", *value)
            return struct.pack(order + "I", at)
        return struct.pack(order + {3: "HH", 4: "I"}[kind], *((value, 0) if kind == 3 else (value,)))

    def directory(entries, following):
        body = b"".join(
            struct.pack(order + "HHI", tag, kind, count) + field(kind, value) for tag, kind, count, value in entries
        )
        return struct.pack(order + "H", len(entries)) + body + struct.pack(order + "I", following)

    # The thumbnail comes last, so where it starts is known once all other data have been laid out.
    main = directory(first, starts[2] if second else 0)
    inner = directory(exif, 0)
    places["thumb"] = data_at + len(data)
    last = directory(second, 0) if second else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + main + inner + last + data + (thumbnail or b"") + more


def thumbnail(colour=(0, 255, 0), size=(64, 48)):
    """A small JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=90)
    return out.getvalue()


def profile(name="wide"):
    """An ICC profile: "srgb", "grey" (gamma 1.8) or "wide" (primaries much wider than sRGB's, gamma 1.8)."""
    if name == "srgb":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gamma = b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.8 * 256)) + bytes(2)
    if name == "grey":
        return _icc(b"GRAY", {b"wtpt": _xyz(0.9642, 1, 0.8249), b"kTRC": gamma})
    tags = {b"wtpt": _xyz(0.9642, 1, 0.8249), b"rXYZ": _xyz(0.7977, 0.2880, 0), b"gXYZ": _xyz(0.1352, 0.7119, 0)}
    tags |= {b"bXYZ": _xyz(0.0313, 0.0001, 0.8249), b"rTRC": gamma, b"gTRC": gamma, b"bTRC": gamma}
    return _icc(b"RGB ", tags)


def _xyz(*values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _icc(space, tags):
    start = 128 + 4 + 12 * len(tags)
    table, data = b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value
    head = struct.pack(">I4sI4s4s4s", 0, b"lcms", 0x02400000, b"mntr", space, b"XYZ ") + struct.pack(
        ">6H", 2020, 1, 1, 0, 0, 0
    )
    head += b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    whole = head + struct.pack(">I", len(tags)) + table + data
    return struct.pack(">I", len(whole)) + whole[4:]


def png_chunk(name, data):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(content, before=(), after=()):
    """A PNG file with more chunks behind its header and before its end."""
    early, late = (b"".join(png_chunk(*one) for one in some) for some in (before, after))
    return content[:33] + early + content[33:-12] + late + content[-12:]


def raw_png(pixels, bits, kind, *, palette=None, transparency=None):
    """A PNG file of samples [H, W, C] of any bit depth and colour type, without filters."""
    height, width, channels = pixels.shape
    if bits == 16:
        rows = pixels.astype(">u2").tobytes()
        stride = width * channels * 2
    elif bits == 8:
        rows, stride = pixels.astype(np.uint8).tobytes(), width * channels
    else:
        weights = np.arange(bits - 1, -1, -1)
        planes = (pixels.reshape(height, -1)[..., None] >> weights) & 1
        packed = np.packbits(planes.reshape(height, -1), axis=1)
        rows, stride = packed.tobytes(), packed.shape[1]
    lines = b"".join(b"\0" + rows[y * stride : (y + 1) * stride] for y in range(height))
    parts = [b"\x89PNG\r\n\x1a\n", png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))]
    parts += [png_chunk(b"PLTE", palette)] if palette else []
    parts += [png_chunk(b"tRNS", transparency)] if transparency else []
    return b"".join([*parts, png_chunk(b"IDAT", zlib.compress(lines)), png_chunk(b"IEND", b"")])
