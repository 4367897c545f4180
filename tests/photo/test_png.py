import io
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from retouch.photo import chunks, deep, edit, enlarge, put_rgb, read
from tests.photo.samples import (
    BOX,
    XMP,
    exif_block,
    file,
    filled,
    image,
    noise,
    profile,
    raw_png,
    rewritten,
    thumbnail,
    with_chunks,
    written,
)

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(53, 71), (1, 1), (1, 90), (90, 1)])
def test_known_pixels_and_mode_are_exact(mode, size):
    content = file(mode, "PNG", *size)
    box = (0, 0, 1, 1) if 1 in size else BOX
    photo, edited, output, again, _ = rewritten(content, box)
    known = ~edited.changed
    assert again.source.mode == photo.source.mode == mode
    assert np.array_equal(again.pixels[known], photo.pixels[known])
    assert (photo.alpha is None) == (again.alpha is None) == (mode not in ("LA", "RGBA"))
    if photo.alpha is not None:
        assert np.array_equal(again.alpha, photo.alpha)
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    assert old.mode == new.mode
    assert np.array_equal(np.asarray(old)[known], np.asarray(new)[known])
    if mode not in ("P", "1"):
        assert np.array_equal(again.pixels, edited.pixels)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_changes_without_changes(mode):
    content = file(mode)
    output, notes = written(read(content))
    assert notes == ()
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    assert np.array_equal(np.asarray(old), np.asarray(new))
    assert chunks.header(content) == chunks.header(output)


def test_text_gamma_and_every_other_chunk_survive():
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "A picture")
    info.add_text("Long", "words " * 500, zip=True)
    info.add_itxt("Titel", "Ein Bild – größer", "de", "Titel")
    content = file("RGB", pnginfo=info, dpi=(300, 150))
    early = [
        (b"gAMA", (45455).to_bytes(4, "big")),
        (b"cHRM", bytes(range(32))),
        (b"sBIT", b"\x08\x08\x08"),
        (b"prVt", b"mine"),
    ]
    content = with_chunks(content, early, [(b"tEXt", b"Late\0text"), (b"tIME", bytes(7))])
    _, _, output, again, notes = rewritten(content)
    assert notes == ()
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    old.load()
    new.load()
    assert new.text == old.text
    assert new.info["gamma"] == old.info["gamma"]
    assert new.info["dpi"] == old.info["dpi"]
    assert again.source.dpi == pytest.approx((300, 150), abs=0.02)
    assert chunks.carried(output) == tuple(sorted(chunks.carried(content), key=_place))


def _place(chunk):
    return (chunk.after, chunk.name not in (b"gAMA", b"cHRM", b"sBIT"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_profile_exif_and_xmp_survive(mode):
    icc = profile()
    content = file(mode, icc_profile=icc)
    block = exif_block(orientation=6, thumbnail=thumbnail())
    content = with_chunks(content, [(b"eXIf", block), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)])
    photo, _, output, again, notes = rewritten(content)
    assert notes == ()
    assert photo.size == again.size == (53, 71)
    assert again.source.icc == icc
    assert again.source.orientation == 1
    assert again.source.xmp == XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')
    exif = Image.open(io.BytesIO(output)).getexif()
    assert exif[0x0112] == 1
    assert exif[0x010F] == "Camera"
    assert exif.get_ifd(0x8769)[0xA002] == 53
    assert thumbnail()[30:-10] not in output


def test_a_compressed_xmp_packet_is_edited():
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
    content = with_chunks(file(), [(b"iTXt", packed), (b"eXIf", exif_block(orientation=3))])
    _, _, _, again, _ = rewritten(content)
    assert b'tiff:Orientation="1"' in again.source.xmp


def test_text_that_unfolds_to_too_much_is_carried_and_not_fatal():
    bomb = b"Bomb\0\0" + zlib.compress(bytes(80_000_000))
    content = with_chunks(file(), [(b"zTXt", bomb)])
    _, _, output, _, notes = rewritten(content)
    assert notes == ()
    assert bomb in output


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_greys_of_few_bits_keep_their_depth(bits):
    samples = np.random.default_rng(0).integers(0, 1 << bits, (53, 71, 1))
    key = 1
    for transparency in (None, key.to_bytes(2, "big")):
        content = raw_png(samples, bits, 0, transparency=transparency)
        photo, edited, output, again, _ = rewritten(content)
        known = ~edited.changed
        assert np.array_equal(photo.pixels[..., 0], samples[..., 0] * (255 // ((1 << bits) - 1)))
        assert np.array_equal(again.pixels[known], photo.pixels[known])
        assert chunks.header(output).bits == bits
        if transparency:
            assert np.array_equal(photo.alpha == 0, samples[..., 0] == key)
            assert np.array_equal(again.alpha[known], photo.alpha[known])


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_transparent_colour_stays_one(mode):
    pixels = np.asarray(image(mode)).copy()
    key = (7,) if mode != "RGB" else (7, 8, 9)
    pixels[5:20, 5:30] = key if mode == "RGB" else key[0]
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", transparency=key if mode == "RGB" else key[0])
    photo, edited = filled(
        out.getvalue(), colour=tuple(value / (65535 if mode == "I;16" else 255) for value in (key * 3)[:3])
    )
    assert (photo.alpha == 0).sum() == 15 * 25
    x0, y0, x1, y1 = BOX
    edited.alpha[y0:y1, x0:x1] = np.iinfo(edited.alpha.dtype).max
    output, _ = written(edited)
    again = read(output)
    assert Image.open(io.BytesIO(output)).mode == mode
    assert again.source.key == key
    assert np.array_equal(again.alpha, edited.alpha)
    known = ~edited.changed
    assert np.array_equal(again.pixels[known], photo.pixels[known])
    assert np.abs(again.pixels.astype(int) - edited.pixels).max() <= 1


def test_filled_pixels_become_opaque_on_request():
    photo = read(file("RGBA"))
    edited = edit(photo)
    edited.alpha[:] = 0
    put_rgb(edited, (0, 0, 4, 4), np.ones((4, 4, 3), np.float32), np.eye(4, dtype=bool), opaque=True)
    assert np.array_equal(edited.alpha[:4, :4], np.eye(4) * 255)
    assert not edited.alpha[4:].any()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_interlaced_pictures_are_read_and_said_to_become_plain(bits):
    # Adam7 by hand: each pass is a picture of its own.
    samples = np.random.default_rng(0).integers(0, 1 << bits, (13, 11, 1))
    whole = raw_png(samples, bits, 0)
    lines = b""
    for x, y, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        part = samples[y::dy, x::dx]
        if part.size:
            single = raw_png(part, bits, 0)
            place = next(one for one in chunks.places(single) if one.name == b"IDAT")
            lines += zlib.decompress(single[place.start : place.start + place.length])
    header = whole[8:33][:20] + b"\1"
    header = header + zlib.crc32(header[4:]).to_bytes(4, "big")
    from tests.photo.samples import png_chunk

    content = whole[:8] + header + png_chunk(b"IDAT", zlib.compress(lines)) + png_chunk(b"IEND", b"")
    photo, edited, _, again, notes = rewritten(content, (3, 3, 6, 6))
    assert np.array_equal(photo.pixels, samples * (255 // ((1 << bits) - 1)))
    assert np.array_equal(again.pixels[~edited.changed], photo.pixels[~edited.changed])
    assert any("interlaced" in note for note in notes)


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_colour_of_16_bits_is_exact(kind, channels):
    pixels = noise(53, 71, channels, np.uint16)
    content = with_chunks(raw_png(pixels, 16, kind), [(b"tEXt", b"Title\0Deep"), (b"eXIf", exif_block(orientation=8))])
    photo, edited, output, again, notes = rewritten(content)
    assert notes == ()
    assert photo.pixels.dtype == again.pixels.dtype == np.uint16
    assert photo.size == (53, 71)
    assert np.array_equal(photo.array(), np.rot90(pixels))
    assert np.array_equal(again.array()[~edited.changed], photo.array()[~edited.changed])
    assert np.array_equal(again.pixels, edited.pixels)
    header = chunks.header(output)
    assert (header.bits, header.kind) == (16, kind)
    assert b"Title\0Deep" in output


def test_colour_of_16_bits_with_a_transparent_colour():
    pixels = noise(53, 71, 3, np.uint16)
    pixels[3:9, 3:9] = (1000, 2000, 3000)
    key = b"".join(value.to_bytes(2, "big") for value in (1000, 2000, 3000))
    photo, edited, output, again, _ = rewritten(raw_png(pixels, 16, 2, transparency=key))
    assert (photo.alpha == 0).sum() == 36
    assert np.array_equal(again.alpha, edited.alpha)
    assert np.array_equal(again.pixels, edited.pixels)
    assert chunks.header(output).kind == 2


def test_colour_of_16_bits_is_refused_without_the_extra(monkeypatch):
    monkeypatch.setattr(deep, "available", lambda: False)
    for kind, channels in ((2, 3), (4, 2), (6, 4)):
        with pytest.raises(ValueError, match=r"pip install 'retouch\[deep\]'"):
            read(raw_png(noise(9, 9, channels, np.uint16), 16, kind))
    assert read(raw_png(noise(9, 9, 1, np.uint16), 16, 0)).pixels.dtype == np.uint16


def test_animations_are_refused():
    out = io.BytesIO()
    image().save(out, "PNG", save_all=True, append_images=[image("L").convert("RGB")], duration=100)
    with pytest.raises(ValueError, match="animation"):
        read(out.getvalue())


def test_an_enlarged_photo_is_written_with_its_new_size():
    photo = read(with_chunks(file("RGBA"), [(b"eXIf", exif_block(orientation=1))]))
    larger = enlarge(photo, 3, 4, 5, 6)
    output, _ = written(larger)
    again = read(output)
    assert again.size == (79, 63)
    assert np.array_equal(again.pixels[4:-6, 3:-5], photo.pixels)
    assert (again.alpha[:4] == 255).all()
    assert Image.open(io.BytesIO(output)).getexif().get_ifd(0x8769)[0xA002] == 79


def test_legacy_exif_text_is_left_out_of_a_changed_photo():
    content = with_chunks(file(), [(b"tEXt", b"Raw profile type exif\0\nexif\n"), (b"caBX", b"jumb c2pa")])
    _, _, output, _, notes = rewritten(content)
    assert b"Raw profile" not in output
    assert b"c2pa" not in output
    assert len(notes) == 2
    assert written(read(content))[0].count(b"Raw profile") == 1


@pytest.mark.parametrize("cut", [20, 40, 100, 1000, -30])
def test_cut_files_are_refused_in_one_line(cut):
    with pytest.raises(OSError, match="cut or damaged") as caught:
        read(file()[:cut])
    assert "\n" not in str(caught.value)
