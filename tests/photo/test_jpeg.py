import io
import re

import numpy as np
import pytest
from PIL import Image

from retouch.photo import edit, enlarge, lossless, read, segments
from tests.photo import samples
from tests.photo.samples import BOX, XMP, exif_block, file, filled, profile, rewritten, written

jpeglib = pytest.importorskip("jpeglib")


def coefficients(content, tmp_path):
    """The components' coefficients [rows, columns, 8, 8], and how each component is sampled."""
    path = tmp_path / "any.jpg"
    parts = segments.split(content)
    kept = [one.encoded() for one in parts.segments if not one.is_metadata or one.code in (0xE0, 0xEE)]
    path.write_bytes(b"\xff\xd8" + b"".join(kept) + content[parts.scan :])
    with jpeglib.version("turbo210") if jpeglib.version.get() else jpeglib.version("6b"):
        jpeg = jpeglib.read_dct(str(path))
        return [plane.copy() for plane in (jpeg.Y, jpeg.Cb, jpeg.Cr) if plane is not None]


@pytest.fixture(autouse=True)
def _a_build_is_chosen():
    jpeglib.version.set("turbo210")


def untouched(changed, plane, content, index):
    """[rows, columns] bool: blocks of one component that no changed pixel touches."""
    frame = segments.frame(segments.split(content).segments)
    across = max(one.across for one in frame.components) // frame.components[index].across * 8
    down = max(one.down for one in frame.components) // frame.components[index].down * 8
    mask = np.ones(plane.shape[:2], bool)
    for y, x in zip(*np.nonzero(changed), strict=True):
        mask[y // down, x // across] = False
    return mask


KINDS = {
    "4:2:0": {"subsampling": "4:2:0"},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:4:4": {"subsampling": "4:4:4"},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 3},
    "poor": {"quality": 20},
    "best": {"quality": 100},
    "optimised": {"optimize": True},
    "rgb": {"keep_rgb": True},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(53, 71), (64, 64), (1, 1), (8, 200), (17, 9)])
def test_blocks_that_are_not_filled_keep_their_coefficients(kind, mode, size, tmp_path):
    content = file(mode, "JPEG", *size, **KINDS[kind])
    box = (0, 0, 1, 1) if size == (1, 1) else (size[1] // 3, size[0] // 3, size[1] // 3 + 3, size[0] // 3 + 2)
    _, edited, output, _, notes = rewritten(content, box)
    assert notes == ()
    before, after = coefficients(content, tmp_path), coefficients(output, tmp_path)
    assert len(before) == len(after) == (3 if mode == "RGB" else 1)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        kept = untouched(edited.changed, old, content, index)
        assert np.array_equal(old[kept], new[kept])
        assert not kept.all()
    old_frame, new_frame = (segments.frame(segments.split(one).segments) for one in (content, output))
    assert old_frame.components == new_frame.components
    assert {one.table: old_frame.tables[one.table] for one in old_frame.components} == {
        one.table: new_frame.tables[one.table] for one in new_frame.components
    }
    assert old_frame.progressive == new_frame.progressive


def test_filled_pixels_are_what_was_filled():
    _, edited, _, again, _ = rewritten(file(form="JPEG", quality=98, subsampling="4:4:4"))
    x0, y0, x1, y1 = BOX
    wanted = edited.pixels[y0:y1, x0:x1].astype(int)
    assert np.abs(again.pixels[y0:y1, x0:x1] - wanted).max() <= 8
    assert np.abs(again.pixels[y0:y1, x0:x1] - wanted).mean() < 1.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_keeps_its_blocks_and_its_orientation_tag(orientation, tmp_path):
    plain = file(form="JPEG", quality=95)
    content = (
        plain[:2] + segments.Segment(0xE1, b"Exif\0\0" + exif_block(orientation=orientation)).encoded() + plain[2:]
    )
    photo, edited, output, again, _ = rewritten(content)
    assert again.source.orientation == photo.source.orientation == orientation
    assert again.size == photo.size == ((71, 53) if orientation < 5 else (53, 71))
    for index, (old, new) in enumerate(
        zip(coefficients(content, tmp_path), coefficients(output, tmp_path), strict=True)
    ):
        from retouch.photo.orient import stored

        kept = untouched(stored(edited.changed, orientation), old, content, index)
        assert np.array_equal(old[kept], new[kept])
    x0, y0, x1, y1 = BOX
    inside = again.pixels[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3].astype(int)
    assert np.abs(inside - edited.pixels[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3]).mean() < 12


@pytest.mark.parametrize("factors", ["4:1:1", "4:4:0", "4:1:0"])
def test_unusual_sampling_keeps_its_blocks(factors, tmp_path):
    path = tmp_path / "odd.jpg"
    made = jpeglib.from_spatial(samples.noise(53, 71))
    made.samp_factor = {
        "4:1:1": [[1, 4], [1, 1], [1, 1]],
        "4:4:0": [[2, 1], [1, 1], [1, 1]],
        "4:1:0": [[2, 4], [1, 1], [1, 1]],
    }[factors]
    made.write_spatial(str(path))
    content = path.read_bytes()
    _, edited, output, _, notes = rewritten(content)
    assert notes == ()
    for index, (old, new) in enumerate(
        zip(coefficients(content, tmp_path), coefficients(output, tmp_path), strict=True)
    ):
        kept = untouched(edited.changed, old, content, index)
        assert np.array_equal(old[kept], new[kept])


def test_a_photo_without_changes_is_the_same_file():
    content = file(form="JPEG", exif=b"Exif\0\0" + exif_block(thumbnail=samples.thumbnail())) + b"trailing data"
    photo = read(content)
    assert written(photo)[0] == content
    assert written(edit(photo)) == (content, ())


def test_without_the_extra_the_file_is_encoded_again_with_its_tables(monkeypatch):
    monkeypatch.setattr(lossless, "available", lambda: False)
    for options in (
        {"subsampling": "4:2:2", "quality": 83},
        {"progressive": True, "quality": 31},
        {"subsampling": "4:4:4"},
    ):
        content = file(form="JPEG", **options)
        photo, edited, output, again, notes = rewritten(content)
        assert any("encoded again" in note and "retouch[jpeg]" in note for note in notes)
        old, new = (segments.frame(segments.split(one).segments) for one in (content, output))
        assert old.components == new.components
        assert old.tables == new.tables
        assert old.progressive == new.progressive
        kept = ~edited.changed
        assert np.abs(again.pixels[kept].astype(int) - photo.pixels[kept]).mean() < 6


def test_without_the_extra_a_turned_jpeg_is_stored_upright(monkeypatch):
    monkeypatch.setattr(lossless, "available", lambda: False)
    block = exif_block(orientation=6, thumbnail=samples.thumbnail())
    content = file(form="JPEG", exif=b"Exif\0\0" + block, xmp=XMP)
    photo, _, output, again, _ = rewritten(content)
    assert photo.size == again.size == (53, 71)
    assert again.source.orientation == 1
    assert b'tiff:Orientation="1"' in again.source.xmp
    assert b'tiff:Orientation="6"' not in output
    exif = Image.open(io.BytesIO(output)).getexif()
    assert exif[0x0112] == 1
    assert exif.get_ifd(0x8769)[0xA002] == 53
    assert exif.get_ifd(0x8769)[0xA003] == 71


@pytest.mark.parametrize("extra", [True, False])
def test_metadata_survives(extra, monkeypatch):
    monkeypatch.setattr(lossless, "available", lambda: extra)
    icc = profile()
    content = file(
        form="JPEG",
        exif=b"Exif\0\0" + exif_block(orientation=1),
        xmp=XMP,
        icc_profile=icc,
        comment=b"Remark",
        dpi=(72, 144),
    )
    custom = segments.Segment(0xE5, b"Vendor\0data").encoded()
    iptc = b"8BIM\x04\x04\0\0" + (6).to_bytes(4, "big") + b"\x1c\x02\x05\0\x01A"
    photoshop = segments.Segment(0xED, b"Photoshop 3.0\0" + iptc).encoded()
    content = content[:2] + custom + photoshop + content[2:]
    _, _, output, again, _ = rewritten(content)
    old, new = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(output))
    for name in ("dpi", "comment", "icc_profile", "exif", "xmp", "photoshop", "jfif_density"):
        assert new.info[name] == old.info[name], name
    assert again.source.icc == icc
    assert again.source.dpi == (72, 144)
    assert ("APP5", b"Vendor\0data") in new.applist


def test_a_profile_in_several_segments_survives():
    icc = profile() + bytes(150_000)
    content = file(form="JPEG", icc_profile=icc)
    _, _, output, again, _ = rewritten(content)
    assert again.source.icc == icc
    assert Image.open(io.BytesIO(output)).info["icc_profile"] == icc


def test_the_thumbnail_shows_the_new_pixels():
    block = exif_block(orientation=1, thumbnail=samples.thumbnail((0, 255, 0)))
    content = file(form="JPEG", exif=b"Exif\0\0" + block)
    photo = read(content)
    edited = edit(photo)
    edited.pixels[:] = (255, 0, 0)
    edited.changed[:] = True
    output, notes = written(edited)
    assert notes == ()
    new = segments.exif(segments.split(output).segments)
    start = new.rindex(b"\xff\xd8\xff")
    small = Image.open(io.BytesIO(new[start:]))
    assert max(small.size) == 64
    assert np.abs(np.asarray(small).mean(axis=(0, 1)) - (255, 0, 0)).max() < 12
    assert samples.thumbnail((0, 255, 0))[-200:-2] not in output


def test_all_other_pictures_of_the_photo_as_it_was_are_left_out():
    old = samples.thumbnail((0, 255, 0))
    block = exif_block(orientation=1, note=b"MAKER" + old + b"MORE")
    jfxx = segments.Segment(0xE0, b"JFXX\0\x10" + old).encoded()
    resource = b"8BIM\x04\x0c\0\0" + len(old + bytes(28)).to_bytes(4, "big") + bytes(28) + old + b"\0" * (len(old) % 2)
    photoshop = segments.Segment(0xED, b"Photoshop 3.0\0" + resource).encoded()
    guid = b"0" * 32
    more = segments.Segment(0xE1, segments.XMP_MORE + guid + bytes(8) + b'<x GImage:Data="abc"/>').encoded()
    c2pa = segments.Segment(0xEB, b"JP\0\1\0\0\0\1 jumb c2pa").encoded()
    content = file(form="JPEG", exif=b"Exif\0\0" + block)
    content = content[:2] + jfxx + photoshop + more + c2pa + content[2:] + old
    _, _, output, _, notes = rewritten(content)
    assert old[50:-50] not in output
    assert b"GImage" not in output
    assert b"c2pa" not in output
    assert b"MAKER" in output
    assert b"MORE" in output
    said = " ".join(notes)
    for word in ("preview", "thumbnails", "C2PA", "behind the picture"):
        assert word in said
    assert all("\n" not in note for note in notes)


def test_an_mpo_is_read_in_its_first_picture_with_a_note():
    out = io.BytesIO()
    samples.image().save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (71, 53), (0, 255, 0))])
    photo, _, output, again, notes = rewritten(out.getvalue())
    assert any("MPO" in note for note in photo.notes)
    assert np.abs(photo.pixels.astype(int) - samples.noise()).mean() < 12
    assert Image.open(io.BytesIO(output)).format == "JPEG"
    assert any("behind the picture" in note for note in notes)
    assert again.notes == ()


@pytest.mark.parametrize("options", [{}, {"quality": 90}, {"progressive": True}])
def test_cmyk_goes_round_with_a_note(options):
    content = file("CMYK", "JPEG", **options)
    photo, edited, output, again, notes = rewritten(content)
    assert again.source.mode == photo.source.mode == "CMYK"
    assert any("encoded again" in note for note in notes)
    kept = ~edited.changed
    assert np.abs(again.pixels[kept].astype(int) - photo.pixels[kept]).mean() < 4
    frames = [segments.frame(segments.split(one).segments) for one in (content, output)]
    assert frames[0].adobe == frames[1].adobe == 0
    assert set(frames[0].tables.values()) == set(frames[1].tables.values())
    old, new = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), int) for one in (content, output))
    assert np.abs(old[kept] - new[kept]).mean() < 4


def test_a_wanted_quality_encodes_anew():
    content = file(form="JPEG", quality=90)
    _, _, output, _, _ = rewritten(content, quality=30)
    expected = io.BytesIO()
    samples.image().save(expected, "JPEG", quality=30)
    tables = [segments.frame(segments.split(one).segments).tables for one in (output, expected.getvalue())]
    assert tables[0] == tables[1]


def test_an_enlarged_jpeg_keeps_its_tables_and_states_its_new_size():
    block = exif_block(orientation=1)
    content = file(form="JPEG", exif=b"Exif\0\0" + block, quality=77)
    photo = read(content)
    output, notes = written(enlarge(photo, 8, 0, 4, 3))
    again = read(output)
    assert again.size == (83, 56)
    assert any("another size" in note for note in notes)
    exif = Image.open(io.BytesIO(output)).getexif().get_ifd(0x8769)
    assert (exif[0xA002], exif[0xA003]) == (83, 56)
    old, new = (segments.frame(segments.split(one).segments) for one in (content, output))
    assert old.tables == new.tables
    assert np.abs(again.pixels[0:53, 8:79].astype(int) - photo.pixels).mean() < 10


def test_damaged_exif_is_copied_with_a_note():
    for block in (
        b"II*\0\xff\xff\xff\x7f",
        b"II*\0\x08\0\0\0\xff\xff",
        b"garbage",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\xff\xff\xff\xff\0\0\0\0",
    ):
        content = file(form="JPEG", exif=b"Exif\0\0" + block)
        photo, _, output, _, notes = rewritten(content)
        assert any("EXIF" in note and "damaged" in note for note in photo.notes)
        assert any("EXIF" in note and "damaged" in note for note in notes)
        assert segments.exif(segments.split(output).segments) == block


def test_pictures_in_damaged_exif_are_blanked():
    old = samples.thumbnail()
    content = file(form="JPEG", exif=b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f" + old + b"end")
    _, _, output, _, notes = rewritten(content)
    assert old[4:-4] not in output
    assert b"II*\0\xff\xff\xff\x7f" + bytes(len(old)) + b"end" in output
    assert any("blanked" in note for note in notes)


def test_a_broken_profile_is_taken_as_srgb_and_kept():
    content = file(form="JPEG", icc_profile=b"no profile at all")
    photo, _, output, _, _ = rewritten(content)
    assert any("profile" in note for note in photo.notes)
    assert Image.open(io.BytesIO(output)).info["icc_profile"] == b"no profile at all"


def test_arithmetic_coding_is_read_and_its_blocks_kept(tmp_path):
    path = tmp_path / "arithmetic.jpg"
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(file(form="JPEG"))
    jpeg = jpeglib.read_dct(str(plain))
    jpeg.load()
    jpeg.write_dct(str(path), flags=["+ARITH_CODE"])
    content = path.read_bytes()
    if not re.search(rb"\xff[\xc9\xca]\0\x11", content):
        pytest.skip("this libjpeg cannot write arithmetic coding")
    _, edited, output, _, notes = rewritten(content)
    assert notes == ()
    for index, (old, new) in enumerate(
        zip(coefficients(content, tmp_path), coefficients(output, tmp_path), strict=True)
    ):
        kept = untouched(edited.changed, old, content, index)
        assert np.array_equal(old[kept], new[kept])


def test_other_formats_become_jpeg_or_say_why_not():
    photo, edited = filled(file("RGBA", "PNG"))
    with pytest.raises(ValueError, match="transparency"):
        written(edited, format="JPEG")
    output, notes = written(filled(file("RGB", "PNG", dpi=(300, 300)))[1], format="JPEG")
    assert read(output).source.dpi == (300, 300)
    assert notes == ()
    output, notes = written(filled(file("I;16", "PNG"))[1], format="jpg")
    assert read(output).source.mode == "L"
    assert any("16 bits" in note for note in notes)
    output, notes = written(filled(file("1", "PNG"))[1], format="JPEG")
    assert read(output).source.mode == "L"
    assert photo.source.format == "PNG"


def test_a_table_with_zeros_is_written_another_way():
    content = bytearray(file(form="JPEG"))
    at = content.index(b"\xff\xdb")
    content[at + 20] = 0
    _, _, _, again, notes = rewritten(bytes(content))
    assert any("quantisation tables" in note for note in notes)
    assert again.size == (71, 53)


def test_without_the_extra_restart_markers_stay(monkeypatch):
    monkeypatch.setattr(lossless, "available", lambda: False)
    _, _, output, _, _ = rewritten(file(form="JPEG", restart_marker_blocks=3))
    assert segments.frame(segments.split(output).segments).restart == 3


def test_ycck_is_read_and_becomes_cmyk_with_a_note(tmp_path):
    path = tmp_path / "ycck.jpg"
    plain = bytearray(file("CMYK", "JPEG"))
    at = plain.index(b"Adobe")
    plain[at + 11] = 2
    path.write_bytes(plain)
    photo, edited, output, again, notes = rewritten(bytes(plain))
    assert segments.frame(segments.split(output).segments).adobe == 0
    assert any("YCCK" in note for note in notes)
    known = ~edited.changed
    assert np.abs(again.pixels[known].astype(int) - photo.pixels[known]).mean() < 6
