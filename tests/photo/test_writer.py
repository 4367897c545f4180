import io
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch import photo as package
from retouch.atomic import atomic, remove_unfinished
from retouch.photo import edit, from_array, read, write
from tests.photo.samples import file, filled, noise, written


def opened(path):
    return Image.open(io.BytesIO(path.read_bytes()))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("suffix", "form"),
    [
        ("jpg", "JPEG"),
        ("JPEG", "JPEG"),
        ("png", "PNG"),
        ("webp", "WEBP"),
        ("tif", "TIFF"),
        ("bmp", "BMP"),
        ("gif", "GIF"),
    ],
)
def test_the_suffix_names_the_format(suffix, form, tmp_path):
    photo = read(file())
    path = tmp_path / f"out.{suffix}"
    write(photo, path)
    assert opened(path).format == form
    assert names(tmp_path) == [path.name]


def test_without_suffix_the_format_is_the_sources(tmp_path):
    for form in ("TIFF", "WEBP", "JPEG"):
        path = tmp_path / f"out-{form}"
        write(read(file(form=form)), path)
        assert opened(path).format == form
    assert Image.open(io.BytesIO(written(read(file(form="BMP")))[0])).format == "BMP"
    assert Image.open(io.BytesIO(written(from_array(noise()))[0])).format == "PNG"


def test_a_wanted_format_wins(tmp_path):
    path = tmp_path / "out.dat"
    photo = read(file())
    with pytest.raises(ValueError, match=r"target: .*\.dat.*accepted"):
        write(photo, path)
    write(photo, path, format="tif")
    assert opened(path).format == "TIFF"
    with pytest.raises(ValueError, match=r"format: .*accepted"):
        write(photo, path, format="xcf", overwrite=True)
    assert names(tmp_path) == ["out.dat"]


@pytest.mark.parametrize("quality", [0, 101, -1, 50.5, "high"])
def test_other_qualities_are_refused(quality):
    with pytest.raises(ValueError, match=r"quality: .*1 to 100"):
        written(read(file()), quality=quality)


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "out.png"
    path.write_bytes(b"precious")
    photo = read(file())
    with pytest.raises(FileExistsError, match="overwrite"):
        write(photo, path)
    assert path.read_bytes() == b"precious"
    assert write(photo, path, overwrite=True) == ()
    assert opened(path).size == (71, 53)
    assert photo.save(tmp_path / "other.png") == ()
    with pytest.raises(FileExistsError):
        photo.save(tmp_path / "other.png")
    photo.save(tmp_path / "other.png", overwrite=True)
    assert names(tmp_path) == ["other.png", "out.png"]


def test_a_photo_may_be_written_over_its_own_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(file(form="JPEG"))
    _, edited = filled(path.read_bytes())
    write(edited, path, overwrite=True)
    assert read(path).size == (71, 53)
    assert names(tmp_path) == ["a.jpg"]


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder does not exist"):
        write(read(file()), tmp_path / "none" / "out.png")
    with pytest.raises(IsADirectoryError, match="folder"):
        write(read(file()), tmp_path, format="PNG", overwrite=True)


def test_a_folder_that_is_a_file_is_said_by_its_target(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"its folder does not exist.*out\.png"):
        write(read(file()), tmp_path / "file" / "out.png")


def test_the_longest_names_can_be_written(tmp_path):
    """Their temporary files have longer ones."""
    name = 60 * "\N{CAMERA}" + ".png"
    write(read(file()), tmp_path / name)
    assert names(tmp_path) == [name]


def test_an_unwritable_folder_is_said(tmp_path, monkeypatch):
    def refused(*words):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(PermissionError, match=r"cannot be written: Permission denied.*out\.png"):
        write(read(file()), tmp_path / "out.png")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["chmod", "unlink"])
def test_a_signal_at_the_worst_instant_leaves_nothing_behind(name, tmp_path, monkeypatch):
    """Between the temporary file's making and its block, or in the midst of its removal."""

    def struck(self, *words, **options):
        raise SystemExit(143)

    def written():
        with atomic(tmp_path / "out.bin") as out:
            out.write(b"whole")

    with monkeypatch.context() as patch:
        patch.setattr(Path, name, struck)
        with pytest.raises(SystemExit):
            written()
    remove_unfinished()
    assert names(tmp_path) == ([] if name == "chmod" else ["out.bin"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError, SystemExit])
@pytest.mark.parametrize("existing", [True, False])
def test_whatever_interrupts_leaves_nothing_behind(error, existing, tmp_path):
    path = tmp_path / "out.bin"
    if existing:
        path.write_bytes(b"old")

    def interrupted():
        with atomic(path, overwrite=True) as file_:
            file_.write(b"half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert names(tmp_path) == (["out.bin"] if existing else [])
    assert not existing or path.read_bytes() == b"old"


def test_a_failing_encoder_leaves_nothing_behind(tmp_path):
    _, edited = filled(file("RGBA"))
    with pytest.raises(ValueError, match="transparency"):
        write(edited, tmp_path / "out.jpg")
    assert names(tmp_path) == []


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"could not be written.*out\.png") as caught:
        write(read(file()), tmp_path / "out.png")
    assert caught.value.errno == 28
    assert names(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    path = tmp_path / "out.txt"

    def raced():
        with atomic(path, "w") as half:
            half.write("mine")
            path.write_text("theirs")

    with pytest.raises(FileExistsError):
        raced()
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["out.txt"]


def test_a_file_that_appears_meanwhile_is_kept_where_links_are_unknown(tmp_path, monkeypatch):
    def unknown(*args, **kwargs):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", unknown)
    path = tmp_path / "out.txt"
    with atomic(path, "w") as half:
        half.write("first")
    with pytest.raises(FileExistsError), atomic(path, "w") as half:
        half.write("second")
    assert path.read_text() == "first"

    def raced():
        with atomic(tmp_path / "b.txt", "w") as half:
            half.write("mine")
            (tmp_path / "b.txt").write_text("theirs")

    with pytest.raises(FileExistsError):
        raced()
    assert (tmp_path / "b.txt").read_text() == "theirs"
    assert names(tmp_path) == ["b.txt", "out.txt"]


def test_text_and_modes(tmp_path):
    with atomic(tmp_path / "a.txt", "w") as half:
        half.write("größer\n")
    assert (tmp_path / "a.txt").read_bytes() == "größer\n".encode()
    with pytest.raises(ValueError, match="mode"), atomic(tmp_path / "b", "a"):
        pass
    assert names(tmp_path) == ["a.txt"]


def test_permissions_are_those_of_a_new_file_or_of_the_old_one(tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with atomic(tmp_path / "new") as half:
        half.write(b"x")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    plain.chmod(0o640)
    with atomic(plain, overwrite=True) as half:
        half.write(b"x")
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640


def test_the_umask_is_respected(tmp_path):
    old = os.umask(0o077)
    try:
        with atomic(tmp_path / "new") as half:
            half.write(b"x")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    finally:
        os.umask(old)


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.png"
    target.write_bytes(b"old")
    (tmp_path / "link.png").symlink_to(target)
    write(read(file()), tmp_path / "link.png", overwrite=True)
    assert (tmp_path / "link.png").is_symlink()
    assert opened(target).size == (71, 53)


def test_long_names(tmp_path):
    path = tmp_path / ("ü" * 120 + ".png")
    write(read(file()), path)
    assert names(tmp_path) == [path.name]


def test_a_binary_file_is_written_to(tmp_path):
    class Pipe(io.RawIOBase):
        """What cannot be sought in, as a pipe."""

        def __init__(self):
            self.got = b""

        def writable(self):
            return True

        def write(self, data):
            self.got += bytes(data)
            return len(data)

    for form in ("JPEG", "PNG", "TIFF", "WEBP"):
        pipe = Pipe()
        write(edit(read(file(form=form))), pipe)
        assert Image.open(io.BytesIO(pipe.got)).format == form


def test_the_package_names_what_it_has():
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = package.nothing


def test_pixels_of_every_kind_can_be_written():
    for channels in (1, 2, 3, 4):
        for dtype in (np.uint8, np.uint16):
            photo = from_array(noise(9, 11, channels, dtype))
            again = read(written(photo)[0])
            assert np.array_equal(again.array(), photo.array())
            tiff = read(written(photo, format="TIFF")[0])
            assert np.array_equal(tiff.array(), photo.array())
