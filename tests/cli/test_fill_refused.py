"""`retouch fill` and bad input: one line, exit code 2, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import environment, names_in

GOOD = ("photo.png", "mask.png", "-o", "out.png")


def test_missing_photo(refused):
    refused("fill", "none.png", "mask.png", "-o", "out.png", saying="photo: there is no file 'none.png'")


def test_missing_mask(refused):
    refused("fill", "photo.png", "none.png", "-o", "out.png", saying="mask: there is no file 'none.png'")


def test_no_mask_at_all(refused):
    refused("fill", "photo.png", "-o", "out.png", saying="mask is missing")


def test_nothing_to_grow(refused):
    refused("fill", "photo.png", "-o", "out.png", "--grow", "3", saying="nothing to grow")


@pytest.mark.parametrize("which", ["photo", "mask"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", b""),
        ("zeros", bytes(5000)),
        ("text", b"no image at all\n" * 20),
        ("cut", None),
        ("header", b"\x89PNG\r\n\x1a\n"),
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    ],
)
def test_damaged_files(refused, folder, which, name, content):
    whole = (folder / f"{which}.png").read_bytes()
    (folder / f"{which}.png").write_bytes(whole[: len(whole) // 2] if content is None else content)
    refused("fill", *GOOD, saying=f"{which}")


@pytest.mark.parametrize("which", ["photo", "mask"])
def test_a_folder_as_input(refused, folder, which):
    (folder / f"{which}.png").unlink()
    (folder / f"{which}.png").mkdir()
    refused("fill", *GOOD, saying="is a folder")


@pytest.mark.parametrize("name", [".", "/", "..", "./"])
def test_names_of_folders(refused, name):
    refused("fill", name, "mask.png", saying=f"photo: '{name}' is a folder; accepted: a file")
    refused("fill", "photo.png", name, saying=f"mask: '{name}' is a folder; accepted: a file")
    refused("fill", *GOOD, "--avoid", name, saying="avoid: ")


def test_empty_names(refused):
    refused("fill", "", "mask.png", saying="photo: there is no file ''")
    refused("fill", "photo.png", "", saying="mask: there is no file ''")
    for target in ("", ".", "/"):
        refused("fill", "photo.png", "mask.png", "-o", target, "--samples", "2", saying=f"-o: '{target}' is no file")


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
def test_out_is_a_device_or_a_pipe(refused, folder):
    refused("fill", "photo.png", "mask.png", "-o", os.devnull, "--overwrite", saying="is a device, pipe or socket")
    os.mkfifo("out.png")
    for more in ((), ("--overwrite",)):
        line = refused("fill", *GOOD, *more, saying="out.png: is a device, pipe or socket")
        assert "--overwrite" not in line


@pytest.mark.parametrize("which", ["photo", "mask"])
def test_an_animation(refused, folder, which, photo):
    frames = [Image.fromarray(photo), Image.fromarray(255 - photo)]
    frames[0].save(folder / f"{which}.gif", save_all=True, append_images=frames[1:])
    words = [f"{which}.gif" if word == f"{which}.png" else word for word in GOOD]
    refused("fill", *words, saying="animation")


@pytest.mark.parametrize("which", ["photo", "mask"])
def test_too_many_pixels(refused, which):
    refused("fill", *GOOD, "--max-pixels", "10000", saying="--max-pixels")


def test_a_decompression_bomb(refused, folder):
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (folder / "photo.png").write_bytes(content)
    refused("fill", *GOOD, saying="--max-pixels")


def test_mask_of_another_size(refused, folder):
    Image.fromarray(np.ones((45, 60), bool)).save("mask.png")
    line = refused("fill", *GOOD, saying="60x45")
    assert "120x90" in line
    assert "--resize-mask" in line


def test_mask_that_covers_everything(refused, folder):
    Image.fromarray(np.ones((90, 120), bool)).save("mask.png")
    refused("fill", *GOOD, saying="covers the whole photo")


def test_avoid_and_mask_that_cover_everything(refused, folder, hole):
    Image.fromarray(~hole).save("avoid.png")
    refused("fill", *GOOD, "--avoid", "avoid.png", saying="mask and avoid together")


def test_missing_avoid(refused):
    refused("fill", *GOOD, "--avoid", "none.png", saying="avoid: there is no file 'none.png'")


def test_avoid_of_another_size(refused, folder):
    Image.fromarray(np.ones((5, 6), bool)).save("avoid.png")
    assert "avoid: has 6x5" in refused("fill", *GOOD, "--avoid", "avoid.png", saying="120x90")


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--model", "patchmtch"), "did you mean 'patchmatch'?"),
        (("--device", "gpu"), "device 'gpu' is unknown"),
        (("--device", "cuda"), "runs on cpu, not on 'cuda'"),
        (("-O", "patch_sze=4"), "did you mean 'patch_size'?"),
        (("-O", "patch_size=99"), "patch_size: "),
        (("-O", "seed=3"), "option 'seed' is unknown"),
        (("-O", "model=smooth"), "option 'model' is unknown"),
        (("-O", "threshold=high"), "threshold: "),
        (("-O", "patch_size=many"), "patch_size: "),
        (("-O", "patch_size"), "accepted: name=value"),
        (("-O", "dilate=3", "--dilate", "4"), "given twice"),
        (("--dilate", "-1"), "dilate"),
        (("--feather", "1000"), "feather"),
        (("--expand", "1,2,3"), "expand must be left,top,right,bottom"),
        (("--expand", "a"), "expand"),
        (("--expand", "100000"), "expand: makes 200120 x 200090 pixels"),
        (("--convention", "blue"), "convention"),
        (("--convention", "alpha"), "has no transparency"),
        (("--threshold", "1.5"), "threshold"),
        (("--threshold", "nan"), "threshold"),
        (("--box", "1,2,3"), "accepted: x,y,width,height"),
        (("--box", "500,500,5,5"), "outside the photo"),
        (("--key", "purple"), 'accepted: "#ff00ff"'),
        (("--key-tolerance", "300"), "--key-tolerance"),
        (("--from-alpha",), "--from-alpha: the photo has no transparency"),
        (("--grow", "-2"), "--grow"),
        (("--samples", "0"), "--samples"),
        (("--samples", "1000"), "accepted: 1 to 64"),
        (("--quality", "0"), "--quality"),
        (("--max-pixels", "0"), "max_pixels"),
        (("--format", "xyz"), "format: 'xyz' is unknown"),
        (("--format", "jpg"), "do not agree"),
    ],
)
def test_bad_options(refused, words, saying):
    refused("fill", *GOOD, *words, saying=saying)


def test_missing_extra(refused, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    refused("fill", *GOOD, "--model", "telea", saying="pip install 'retouch[cv]'")


def test_out_of_unknown_format(refused):
    refused("fill", "photo.png", "mask.png", "-o", "out.xyz", saying="out.xyz")


def test_out_in_a_missing_folder(refused):
    refused("fill", "photo.png", "mask.png", "-o", "none/out.png", saying="the folder 'none' does not exist")


def test_out_below_a_file(refused):
    refused("fill", "photo.png", "mask.png", "-o", "mask.png/out.png", saying="mask.png/out.png: cannot be written")


def test_out_is_a_folder(refused, folder):
    (folder / "out.png").mkdir()
    refused("fill", *GOOD, "--overwrite", saying="out.png: is a folder")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_out_in_a_folder_that_is_read_only(refused, folder):
    (folder / "locked").mkdir()
    (folder / "locked").chmod(0o500)
    refused("fill", "photo.png", "mask.png", "-o", "locked/out.png", saying="Permission denied")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_out_where_no_file_can_be_made(refused):
    refused("fill", "photo.png", "mask.png", "-o", "/proc/out.png", saying="/proc/out.png: cannot be written")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_standard_output_on_a_full_disk(folder):
    with Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "retouch", "fill", "photo.png", "mask.png", "-m", "smooth", "-o", "-"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, env=environment())
    assert done.returncode == 2
    assert done.stderr.startswith("retouch: error: ")
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_leaves_nothing(refused, monkeypatch):
    import errno

    def full(_number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("retouch.atomic.os.fsync", full)
    refused("fill", *GOOD, "-m", "smooth", saying="out.png: could not be written: No space left")


def test_interrupt_while_writing_leaves_nothing(cli, folder, monkeypatch):
    def interrupt(_number):
        raise KeyboardInterrupt

    monkeypatch.setattr("retouch.atomic.os.fsync", interrupt)
    assert cli("fill", *GOOD, "-m", "smooth").code == 130
    assert names_in(".") == ["mask.png", "photo.png"]


def test_out_exists(refused, folder):
    (folder / "out.png").write_bytes(b"mine")
    refused("fill", *GOOD, saying="out.png: exists already; choose another name, or --overwrite")


def test_out_is_a_dangling_link(refused, folder):
    (folder / "out.png").symlink_to("nowhere.png")
    refused("fill", *GOOD, saying="out.png: exists already")


@pytest.mark.parametrize("which", ["photo.png", "mask.png"])
def test_out_is_an_input(refused, which):
    refused("fill", "photo.png", "mask.png", "-o", which, saying=f"{which}: is the input itself")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_out_is_an_input_through_a_link(refused, link):
    link("photo.png", "link.png")
    refused("fill", "photo.png", "mask.png", "-o", "link.png", saying="link.png: is the input itself")


def test_default_out_exists(refused, folder):
    (folder / "photo.filled.png").write_bytes(b"mine")
    refused("fill", "photo.png", "mask.png", saying="photo.filled.png: exists already")


def test_photo_and_mask_both_from_standard_input(refused):
    refused("fill", "-", "-", "-o", "out.png", saying="only one of them")


def test_empty_standard_input(refused):
    refused("fill", "-", "mask.png", "-o", "out.png", saying="photo: is empty")


def test_samples_to_standard_output(refused):
    refused("fill", "photo.png", "mask.png", "-o", "-", "--samples", "2", saying="several results")


def test_outputs_are_checked_before_anything_is_read(refused, folder):
    (folder / "photo.png").write_bytes(b"damaged")
    refused("fill", "photo.png", "mask.png", "-o", "none/out.png", saying="the folder 'none' does not exist")
