"""WebP, BMP, GIF, AVIF and HEIC."""

import io

import numpy as np
import pytest
from PIL import Image, features

from retouch.photo import read
from tests.photo.samples import BOX, XMP, exif_block, file, filled, image, profile, rewritten, thumbnail, written

avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")


def riff(content):
    """Names and contents of a WebP file's chunks."""
    found, at = {}, 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        found[content[at : at + 4]] = content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return found


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_lossless_webp_stays_lossless(mode):
    content = file(mode, "WEBP", lossless=True, exact=True)
    photo, edited, output, again, notes = rewritten(content)
    assert notes == ()
    assert b"VP8L" in riff(output)
    assert np.array_equal(again.array(), edited.array())
    assert np.array_equal(again.array()[~edited.changed], photo.array()[~edited.changed])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_lossy_webp_stays_lossy_with_a_note(mode):
    photo, edited, output, again, notes = rewritten(file(mode, "WEBP", quality=80))
    assert b"VP8 " in riff(output)
    assert any("encoded again" in note for note in notes)
    known = ~edited.changed
    assert np.abs(again.pixels[known].astype(int) - photo.pixels[known]).mean() < 7
    assert again.source.mode == mode
    output, _ = written(edited, lossless=True)
    assert np.array_equal(read(output).array()[..., :3], edited.pixels)


def test_webp_metadata_survives():
    block = exif_block(orientation=6, thumbnail=thumbnail())
    icc = profile()
    content = file("RGB", "WEBP", lossless=True, exif=b"Exif\0\0" + block, xmp=XMP, icc_profile=icc)
    photo, _, output, again, notes = rewritten(content)
    assert notes == ()
    assert photo.size == again.size == (53, 71)
    assert again.source.icc == icc
    assert again.source.xmp == XMP.replace(b'Orientation="6"', b'Orientation="1"')
    exif = Image.open(io.BytesIO(output)).getexif()
    assert exif[0x0112] == 1
    assert exif.get_ifd(0x8769)[0x927C] == b"MAKER NOTE \0\1\2"
    assert thumbnail()[30:-10] not in output


@pytest.mark.parametrize("form", ["JPEG", "WEBP", pytest.param("AVIF", marks=avif)])
def test_a_lossy_file_without_changes_stays_the_same_bytes(form):
    content = file(form=form, quality=70)
    assert written(read(content)) == (content, ())


@pytest.mark.parametrize("form", ["WEBP", "GIF", "PNG", pytest.param("AVIF", marks=avif)])
def test_animations_are_refused(form):
    out = io.BytesIO()
    frames = [image("P"), image("P").rotate(90)] if form == "GIF" else [image(), image("RGB").rotate(90)]
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(ValueError, match="animation"):
        read(out.getvalue())


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_bmp_is_exact(mode):
    photo, edited, output, again, _ = rewritten(
        written(read(file(mode)), format="BMP")[0] if mode == "RGBA" else file(mode, "BMP", dpi=(300, 200))
    )
    known = ~edited.changed
    assert photo.source.mode == again.source.mode == mode
    assert Image.open(io.BytesIO(output)).mode == mode
    assert np.array_equal(again.array()[known], photo.array()[known])
    if mode != "RGBA":
        assert again.source.dpi == pytest.approx((300, 200), abs=0.1)


def test_bmp_with_alpha_is_read_by_pillow():
    _, edited = filled(file("RGBA"))
    output, notes = written(edited, format="BMP")
    assert notes == ()
    new = Image.open(io.BytesIO(output))
    assert new.mode == "RGBA"
    assert np.array_equal(np.asarray(new), edited.array())


@pytest.mark.parametrize("transparent", [None, 5])
@pytest.mark.parametrize("interlace", [0, 1])
def test_gif_keeps_palette_and_indices(transparent, interlace):
    options = {} if transparent is None else {"transparency": transparent}
    content = file("P", "GIF", comment=b"Remark", interlace=interlace, optimize=False, **options)
    photo, edited, output, again, notes = rewritten(content)
    assert notes == ()
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    known = ~edited.changed
    assert np.array_equal(np.asarray(old)[known], np.asarray(new)[known])
    used = int(np.asarray(old).max()) + 1
    assert new.getpalette()[: 3 * used] == old.getpalette()[: 3 * used]
    assert new.info.get("transparency") == transparent
    assert again.source.comment == b"Remark"
    seen = np.ones(known.shape, bool) if photo.alpha is None else photo.alpha > 0
    assert np.array_equal(again.pixels[seen], edited.pixels[seen])
    assert photo.alpha is None or np.array_equal(again.alpha, photo.alpha)


def test_what_gif_and_bmp_cannot_hold_is_a_note():
    content = file(form="JPEG", exif=b"Exif\0\0" + exif_block(), xmp=XMP, icc_profile=profile())
    for form in ("GIF", "BMP"):
        _, notes = written(filled(content)[1], format=form)
        assert any(all(word in note for word in ("EXIF", "XMP", "profile")) for note in notes)
    assert any("256 colours" in note for note in written(filled(content)[1], format="GIF")[1])


def test_a_gif_of_a_transparent_photo_is_transparent():
    _, edited = filled(file("RGBA"))
    output, _ = written(edited, format="GIF")
    again = read(output)
    assert np.array_equal(again.alpha == 255, edited.alpha >= 128)


@avif
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_avif_goes_round_with_a_note(mode, subsampling):
    content = file(mode, "AVIF", quality=90, subsampling="4:0:0" if mode == "L" else subsampling)
    if Image.open(io.BytesIO(content)).mode != mode:
        pytest.skip("this Pillow has no grey AVIF")
    photo, edited, _, again, notes = rewritten(content)
    assert any("encoded again" in note for note in notes)
    assert again.source.mode == photo.source.mode == mode
    assert again.source.subsampling == photo.source.subsampling
    if mode != "L":
        assert photo.source.subsampling == subsampling
    known = ~edited.changed
    assert np.abs(again.pixels[known].astype(int) - photo.pixels[known]).mean() < 8


@avif
def test_avif_metadata_survives():
    block = exif_block(orientation=6, thumbnail=thumbnail())
    icc = profile()
    content = file("RGB", "AVIF", exif=b"Exif\0\0" + block, xmp=XMP, icc_profile=icc)
    photo, _, output, again, _ = rewritten(content)
    assert photo.size == again.size == (53, 71)
    assert again.source.orientation == 1
    assert again.source.icc == icc
    assert again.source.xmp == XMP.replace(b'Orientation="6"', b'Orientation="1"')
    exif = Image.open(io.BytesIO(output)).getexif()
    assert exif[0x010F] == "Camera"
    assert exif.get_ifd(0x8769)[0x927C] == b"MAKER NOTE \0\1\2"
    assert thumbnail()[30:-10] not in output


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_heic_goes_round_with_the_extra(mode):
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    source = image(mode, 96, 128)
    block = exif_block(orientation=1)
    packet = XMP.replace(b'"6"', b'"1"')
    pillow_heif.from_pillow(source).save(out, quality=90, exif=b"Exif\0\0" + block, xmp=packet)
    photo, edited, output, again, notes = rewritten(out.getvalue())
    assert photo.source.format == again.source.format == "HEIF"
    assert any("encoded again" in note for note in notes)
    assert photo.size == again.size == (128, 96)
    assert (again.alpha is None) == (mode != "RGBA")
    known = ~edited.changed
    assert np.abs(again.pixels[known].astype(int) - photo.pixels[known]).mean() < 8
    assert again.source.exif is not None
    assert b"MAKER NOTE \0\1\2" in output
    assert again.source.xmp == packet


def test_turned_heic_is_upright_and_stays_so():
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_pillow(image("RGB", 96, 128)).save(out, exif=b"Exif\0\0" + exif_block(orientation=6), xmp=XMP)
    photo, _, output, again, _ = rewritten(out.getvalue())
    assert photo.size == again.size == (96, 128)
    assert np.abs(again.pixels[40:].astype(int) - photo.pixels[40:]).mean() < 8
    assert again.source.orientation == 1
    assert b'Orientation="6"' not in output


def test_heic_without_the_extra_names_it(monkeypatch):
    from retouch.photo import read_heif

    monkeypatch.setattr(read_heif, "find_spec", lambda name: None)
    head = (24).to_bytes(4, "big") + b"ftypheic\0\0\0\0mif1heic"
    with pytest.raises(ValueError, match=r"pip install 'retouch\[heif\]'"):
        read(head + bytes(100))


@pytest.mark.parametrize(
    ("form", "mode"), [("WEBP", "L"), ("WEBP", "P"), ("PNG", "CMYK"), ("WEBP", "CMYK"), ("GIF", "CMYK")]
)
def test_a_mode_the_format_has_not_is_a_note_or_refused(form, mode):
    content = file(mode, "TIFF" if mode == "CMYK" else "PNG")
    _, edited = filled(content)
    if mode == "CMYK":
        with pytest.raises(ValueError, match="CMYK"):
            written(edited, format=form)
        return
    output, notes = written(edited, format=form, lossless=True)
    assert any("full colour" in note for note in notes)
    again = read(output)
    assert np.array_equal(again.pixels, np.broadcast_to(edited.pixels, again.pixels.shape))


def test_the_filled_box_is_where_it_was_put():
    x0, y0, x1, y1 = BOX
    for form in ("WEBP", "BMP"):
        _, edited, _, again, _ = rewritten(file(form=form))
        inside = again.pixels[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3].astype(int)
        assert np.abs(inside - edited.pixels[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3]).mean() < 12
