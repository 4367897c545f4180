import io

import numpy as np
import PIL
import pytest
from PIL import Image, TiffImagePlugin

from retouch.photo import deep, edit, put_rgb, read, tiffs
from retouch.photo.write_tiff import MAKER_NOTE
from tests.photo.samples import BOX, XMP, exif_block, file, filled, image, noise, profile, rewritten, written

tifffile = pytest.importorskip("tifffile")
imagecodecs = pytest.importorskip("imagecodecs")

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]


def made(pixels, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, metadata=None, **options)
    return out.getvalue()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_known_pixels_mode_and_compression_stay(mode, compression):
    content = file(mode, "TIFF", compression=compression)
    photo, edited, output, again, _ = rewritten(content)
    known = ~edited.changed
    assert again.source.mode == photo.source.mode == mode
    assert np.array_equal(again.pixels[known], photo.pixels[known])
    if photo.alpha is not None:
        assert np.array_equal(again.alpha, photo.alpha)
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    assert old.mode == new.mode
    assert old.info["compression"] == new.info["compression"] == compression
    assert np.array_equal(np.asarray(old)[known], np.asarray(new)[known])


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax_compression_stays(compression):
    photo, edited, _, again, _ = rewritten(file("1", "TIFF", compression=compression))
    assert again.source.compression == compression
    assert np.array_equal(again.pixels[~edited.changed], photo.pixels[~edited.changed])


LAYOUTS = {
    "big-endian": {"byteorder": ">"},
    "big-endian lzw": {"byteorder": ">", "compression": "lzw", "predictor": True},
    "tiled": {"tile": (16, 16)},
    "tiled deflate": {"tile": (32, 16), "compression": "zlib"},
    "separate planes": {"planarconfig": "separate"},
    "bigtiff": {"bigtiff": True},
    "strips": {"rowsperstrip": 7, "compression": "packbits"},
    "zstd": {"compression": "zstd"},
    "lzma": {"compression": "lzma"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_layout_is_read_and_its_pixels_are_exact(layout, dtype):
    if layout == "zstd" and int(PIL.__version__.split(".")[0]) < 12:
        pytest.skip("this Pillow has no zstd")
    pixels = noise(53, 71, 3, dtype)
    options = dict(LAYOUTS[layout])
    if options.get("planarconfig") == "separate":
        content = made(np.moveaxis(pixels, 2, 0), photometric="rgb", **options)
    else:
        content = made(pixels, photometric="rgb", **options)
    photo, edited, _, again, notes = rewritten(content)
    assert notes == ()
    assert photo.pixels.dtype == dtype
    assert np.array_equal(photo.pixels, pixels)
    assert np.array_equal(again.pixels, edited.pixels)
    assert again.source.compression == photo.source.compression
    assert again.source.predictor == photo.source.predictor


@pytest.mark.parametrize(("channels", "photometric"), [(2, "minisblack"), (3, "rgb"), (4, "rgb"), (4, "separated")])
def test_colour_of_16_bits_is_exact(channels, photometric):
    pixels = noise(53, 71, channels, np.uint16)
    extra = ["unassalpha"] if photometric != "separated" and channels in (2, 4) else None
    content = made(pixels, photometric=photometric, extrasamples=extra, planarconfig="contig", compression="zlib")
    photo, edited, output, again, notes = rewritten(content)
    assert notes == ()
    assert photo.pixels.dtype == again.pixels.dtype == np.uint16
    assert np.array_equal(photo.array(), pixels)
    assert np.array_equal(again.array(), edited.array())
    with tifffile.TiffFile(io.BytesIO(output)) as opened:
        page = opened.pages[0]
        assert (page.bitspersample, page.samplesperpixel) == (16, channels)
        assert page.photometric.name.lower() == photometric


def test_colour_of_16_bits_is_refused_without_the_extra(monkeypatch):
    monkeypatch.setattr(deep, "available", lambda: False)
    with pytest.raises(ValueError, match=r"pip install 'retouch\[deep\]'"):
        read(made(noise(9, 9, 3, np.uint16), photometric="rgb"))
    assert read(made(noise(9, 9, 1, np.uint16)[..., 0])).pixels.dtype == np.uint16


@pytest.mark.parametrize("deep_pixels", [False, True])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_every_tag_survives(deep_pixels, compression):
    pixels = noise(53, 71, 3, np.uint16 if deep_pixels else np.uint8)
    icc = profile()
    tags = [
        (700, 1, len(XMP), XMP, True),
        (33723, 7, 6, b"\x1c\x02\x05\0\x01A", True),
        (33432, 2, 0, "(c) someone", True),
    ]
    tags += [(33550, 12, 3, (1.5, 2.5, 0.0), True), (42113, 2, 0, "-9999", True), (65001, 4, 3, (1, 2, 3), True)]
    content = made(
        pixels,
        photometric="rgb",
        compression={"raw": None, "tiff_lzw": "lzw"}[compression],
        resolution=(300, 200),
        resolutionunit="inch",
        iccprofile=icc,
        description="A picture",
        software="tester",
        extratags=tags,
    )
    _, _, output, again, notes = rewritten(content)
    assert notes == ()
    old, new = (
        {tag.number: tag for tag in tiffs.tags(one) if tag.number not in tiffs.STRUCTURE} for one in (content, output)
    )
    assert set(new) == set(old)
    assert {number: tag.data for number, tag in new.items()} == {number: tag.data for number, tag in old.items()}
    assert again.source.icc == icc
    assert again.source.dpi == (300, 200)
    assert again.source.xmp == XMP
    opened = Image.open(io.BytesIO(output))
    assert opened.info["dpi"] == (300, 200)
    assert opened.tag_v2[270] == "A picture"
    assert opened.tag_v2[33550] == (1.5, 2.5, 0.0)


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
def test_exif_and_gps_survive(compression):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[271] = "Camera"
    info[0x8769] = {0x9003: "2020:01:02 03:04:05"}
    info[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    content = file("RGB", "TIFF", tiffinfo=info)
    assert Image.open(io.BytesIO(content)).getexif().get_ifd(0x8825)[1] == "N"
    photo = read(content)
    from dataclasses import replace

    photo = replace(photo, source=replace(photo.source, compression=compression))
    output, notes = written(edit(photo))
    assert notes == ()
    new = Image.open(io.BytesIO(output)).getexif()
    assert new[271] == "Camera"
    assert new.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert new.get_ifd(0x8825) == {1: "N", 2: (1.0, 2.0, 3.0)}


@pytest.mark.parametrize("deep_pixels", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset(orientation, deep_pixels):
    pixels = noise(53, 71, 3, np.uint16 if deep_pixels else np.uint8)
    content = made(pixels, photometric="rgb", extratags=[(274, 3, 1, orientation, True), (700, 1, len(XMP), XMP, True)])
    from retouch.photo.orient import displayed

    photo, edited, output, again, _ = rewritten(content)
    assert np.array_equal(photo.pixels, displayed(pixels, orientation))
    assert np.array_equal(again.pixels, edited.pixels)
    assert again.source.orientation == 1
    assert {tag.number: tiffs.value(tag) for tag in tiffs.tags(output)}[274] == 1
    assert (b'tiff:Orientation="1"' in again.source.xmp) == (orientation != 1)


def test_a_jpeg_becomes_a_tiff_with_its_metadata():
    block = exif_block(order=">", orientation=6)
    content = file(
        form="JPEG", exif=b"Exif\0\0" + block, xmp=XMP, icc_profile=profile(), dpi=(72, 72), comment=b"Remark"
    )
    _, edited = filled(content)
    output, notes = written(edited, format="TIFF")
    again = read(output)
    assert np.array_equal(again.pixels, edited.pixels)
    assert again.source.orientation == 1
    exif = Image.open(io.BytesIO(output)).getexif()
    assert exif[271] == "Camera"
    assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert exif.get_ifd(0x8769)[0x927C] == b"MAKER NOTE \0\1\2"
    assert again.source.icc == profile()
    assert b'Orientation="1"' in again.source.xmp
    assert MAKER_NOTE in notes
    assert any("comment" in note for note in notes)


def test_jpeg_inside_tiff_is_written_so_with_a_note():
    photo, edited, _, again, notes = rewritten(file("RGB", "TIFF", compression="jpeg"))
    assert photo.source.compression == again.source.compression == "jpeg"
    assert any("encoded again" in note for note in notes)
    known = ~edited.changed
    assert np.abs(again.pixels[known].astype(int) - photo.pixels[known]).mean() < 6


def test_premultiplied_alpha_is_said_to_change():
    pixels = noise(53, 71, 4)
    pixels[..., 3] = 128
    pixels[..., :3] //= 2
    photo = read(made(pixels, photometric="rgb", extrasamples=["assocalpha"]))
    assert any("multiplied" in note for note in photo.notes)


def test_layers_and_previews_are_left_out_with_a_note():
    content = made(noise(), photometric="rgb", extratags=[(37724, 7, 8, b"8BIM\0\1\2\3", True)])
    photo, _, output, _, _ = rewritten(content)
    assert any("layers" in note for note in photo.notes)
    assert 37724 not in {tag.number for tag in tiffs.tags(output)}


def test_white_is_zero_is_read_right():
    pixels = noise(53, 71, 1)[..., 0]
    photo, edited, _, again, _ = rewritten(made(pixels, photometric="miniswhite"))
    assert np.array_equal(photo.pixels[..., 0], 255 - pixels)
    assert np.array_equal(again.pixels, edited.pixels)


def test_what_cannot_be_read_is_refused():
    out = io.BytesIO()
    image().save(out, "TIFF", save_all=True, append_images=[image()])
    with pytest.raises(ValueError, match="several pages"):
        read(out.getvalue())
    with pytest.raises(ValueError, match="raw"):
        read(made(noise(), photometric="rgb", extratags=[(50706, 1, 4, b"\1\4\0\0", True)]))
    with pytest.raises(ValueError, match="floating"):
        read(made(np.zeros((9, 9), np.float32)))
    with pytest.raises(ValueError, match="signed"):
        read(made(np.zeros((9, 9), np.int16)))
    with pytest.raises(ValueError, match="bits"):
        read(made(np.zeros((9, 9), np.uint32)))
    lab = io.BytesIO()
    Image.new("LAB", (9, 9)).save(lab, "TIFF")
    with pytest.raises(ValueError, match="mode LAB"):
        read(lab.getvalue())
    with pytest.raises(OSError, match="damaged"):
        read(file("RGB", "TIFF")[:500])


def test_damaged_tags_are_left_out_with_a_note():
    content = bytearray(file("RGB", "TIFF", dpi=(72, 72)))
    at = content.index((282).to_bytes(2, "little") + (5).to_bytes(2, "little"))
    content[at + 8 : at + 12] = b"\xff\xff\xff\x7f"
    photo, edited, _, again, _ = rewritten(bytes(content))
    assert any("damaged" in note for note in photo.notes)
    assert np.array_equal(again.pixels, edited.pixels)


def test_transparency_of_other_formats_becomes_alpha_with_a_note():
    out = io.BytesIO()
    image("P").save(out, "PNG", transparency=3)
    photo, edited = filled(out.getvalue())
    output, notes = written(edited, format="TIFF")
    again = read(output)
    assert again.source.mode == "RGBA"
    assert np.array_equal(again.alpha, photo.alpha)
    assert any("transparency" in note for note in notes)
    for mode, wanted in (("L", "LA"), ("I;16", "LA;16")):
        out = io.BytesIO()
        image(mode).save(out, "PNG", transparency=int(np.asarray(image(mode))[30, 40]))
        photo, edited = filled(out.getvalue())
        output, notes = written(edited, format="TIFF")
        again = read(output)
        assert again.source.mode == wanted
        assert np.array_equal(again.pixels[~edited.changed], photo.pixels[~edited.changed])
        assert any("transparency" in note for note in notes)


def test_photoshop_thumbnails_are_left_out():
    thumb = b"8BIM\x04\x0c\0\0" + (30).to_bytes(4, "big") + bytes(30)
    other = b"8BIM\x04\x04\0\0" + (6).to_bytes(4, "big") + b"\x1c\x02\x05\0\x01A"
    content = made(noise(), photometric="rgb", extratags=[(34377, 1, len(other + thumb), other + thumb, True)])
    _, _, output, _, notes = rewritten(content)
    assert {tag.number: tag.data for tag in tiffs.tags(output)}[34377] == other
    assert any("thumbnail" in note for note in notes)


def test_the_fill_lands_where_it_should():
    photo = read(file("RGB", "TIFF"))
    edited = edit(photo)
    put_rgb(edited, BOX, np.ones((11, 11, 3), np.float32), np.ones((11, 11), bool))
    again = read(written(edited)[0])
    x0, y0, x1, y1 = BOX
    assert (again.pixels[y0:y1, x0:x1] == 255).all()
    assert TiffImagePlugin.TiffImageFile(io.BytesIO(written(edited)[0])).size == (71, 53)
