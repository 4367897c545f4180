import io
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from retouch.photo import DEFAULT_MAX_PIXELS, edit, put_rgb, read
from tests.photo.samples import file, image, noise, png_chunk, written

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"] + (["AVIF"] if features.check("avif") else [])


@pytest.mark.parametrize("form", FORMATS)
def test_paths_bytes_and_files_read_the_same(form, tmp_path):
    content = file("P" if form == "GIF" else "RGB", form)
    path = tmp_path / f"photo.{form.lower()}"
    path.write_bytes(content)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    for source in (path, str(path), content, io.BytesIO(content)):
        photo = read(source)
        assert np.array_equal(photo.pixels, expected)
        assert photo.size == (71, 53)
        assert photo.source.format == form
        assert photo.notes == ()
        assert photo.changed is None


def test_a_file_named_like_another_format_is_read_with_a_note(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(file(form="PNG"))
    photo = read(path)
    assert photo.source.format == "PNG"
    assert any("PNG" in note and ".png" in note for note in photo.notes)
    path = tmp_path / "photo"
    path.write_bytes(file(form="PNG"))
    assert read(path).notes == ()


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"photo: there is no file .*none\.png"):
        read(tmp_path / "none.png")
    with pytest.raises(IsADirectoryError, match=r"photo: .* is a folder"):
        read(tmp_path)
    with pytest.raises(ValueError, match="not a usable path"):
        read("a\0b.png")


def test_unreadable_files(tmp_path, monkeypatch):
    def refused(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(PermissionError, match=r"photo: .*photo\.png.* cannot be read: Permission denied"):
        read(tmp_path / "photo.png")


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"hello", b"<svg/>", b"%PDF-1.7", bytes(1000), b"II*", b"\xff\xd8", b"GIF8"]
)
def test_what_is_no_photo_is_refused_in_one_line(content, tmp_path):
    path = tmp_path / "thing.jpg"
    path.write_bytes(content)
    for source in (content, path):
        with pytest.raises((ValueError, OSError), match="photo") as caught:
            read(source)
        assert "\n" not in str(caught.value)
    with pytest.raises((ValueError, OSError), match="mask"):
        read(content, argument="mask")


@pytest.mark.parametrize("source", [None, 3, ["a.png"], io.StringIO("text")])
def test_other_sources_are_refused(source):
    with pytest.raises(ValueError, match=r"photo: .*accepted"):
        read(source)


@pytest.mark.parametrize("form", FORMATS)
def test_cut_files_are_refused_in_one_line(form):
    content = file("P" if form == "GIF" else "RGB", form)
    for part in (0.02, 0.1, 0.3, 0.6):
        with pytest.raises((OSError, ValueError), match="photo") as caught:
            read(content[: int(len(content) * part)])
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_the_pixel_limit_is_kept_before_decoding(form):
    content = file("P" if form == "GIF" else "RGB", form)
    assert read(content, max_pixels=71 * 53).size == (71, 53)
    with pytest.raises(ValueError, match=r"71 x 53.*at most 3762.*max_pixels"):
        read(content, max_pixels=71 * 53 - 1)


def huge(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", bytes(20)) + png_chunk(b"IEND", b"")


def test_bombs_are_refused_by_their_header():
    for width, height in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (500_000, 501)):
        with pytest.raises(ValueError, match="pixels"):
            read(huge(width, height))
    jpeg = bytearray(file(form="JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="65535 x 65535"):
        read(bytes(jpeg))
    gif = bytearray(file("P", "GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="pixels"):
        read(bytes(gif))
    assert DEFAULT_MAX_PIXELS == 250_000_000


def test_no_size_is_refused():
    with pytest.raises(ValueError, match="0 x 5"):
        read(huge(0, 5))


def test_pillows_own_limit_is_neither_used_nor_changed(monkeypatch):
    contents = [file("L", form, 1100, 2048) for form in ("JPEG", "PNG", "TIFF", "BMP")]
    limit = 1 << 20  # less than half of these photos, so Pillow itself would refuse them
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    for content in contents:
        assert read(content).size == (2048, 1100)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_file_longer_than_any_photo_is_refused(tmp_path):
    path = tmp_path / "long.png"
    with path.open("wb") as opened:
        opened.write(file())
        opened.truncate(200 << 20)
    with pytest.raises(ValueError, match="longer"):
        read(path, max_pixels=10_000)


def test_threads_do_not_disturb_each_other():
    contents = [file(mode, form) for mode, form in (("RGB", "JPEG"), ("L", "TIFF"), ("P", "GIF"), ("RGBA", "PNG"))]
    expected = [read(content).array() for content in contents]
    wrong: list[object] = []

    def work(number):
        for index in range(12):
            at = (number + index) % len(contents)
            photo = edit(read(contents[at]))
            put_rgb(photo, (0, 0, 3, 3), np.zeros((3, 3, 3), np.float32), np.ones((3, 3), bool))
            output, _ = written(photo)
            if not np.array_equal(read(contents[at]).array(), expected[at]) or not output:
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@settings(max_examples=150)
@given(st.sampled_from(FORMATS), st.data())
def test_damage_gives_a_photo_or_one_plain_error(form, data):
    content = bytearray(SMALL[form])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    message = ""
    try:
        output, _ = written(edit(read(bytes(content), max_pixels=1_000_000)), quality=90)
    except (OSError, ValueError) as error:
        message = str(error)
        output = b""
    assert output or message
    assert "\n" not in message


def _small(form):
    out = io.BytesIO()
    picture = Image.fromarray(noise(20, 24))
    (picture.quantize(20) if form == "GIF" else picture).save(out, form)
    return out.getvalue()


SMALL = {form: _small(form) for form in FORMATS}


def test_decoders_that_warn_do_not_disturb():
    tiff = bytearray(file("RGB", "TIFF", dpi=(72, 72)))
    at = tiff.index(struct.pack("<HHI", 282, 5, 1))
    tiff[at + 4 : at + 8] = struct.pack("<I", 3)
    photo = read(bytes(tiff))  # a warning would be an error here
    assert photo.size == (71, 53)
    assert image().size == photo.size
