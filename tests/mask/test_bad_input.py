"""What is no mask is refused in one line that names it."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retouch.mask import Mask


def refused(x, kind=ValueError, words=None, **options):
    with pytest.raises(kind, match=words) as caught:
        Mask.from_any(x, **options)
    message = str(caught.value)
    assert "mask" in message
    assert "\n" not in message
    return message


def test_missing_file(tmp_path):
    assert "nothing.png" in refused(tmp_path / "nothing.png", FileNotFoundError)


def test_folder(tmp_path):
    refused(tmp_path, OSError, "folder")


@pytest.mark.parametrize(
    "content", [b"", b"GIF", b"no image at all, but a text\n" * 9, b"\x89PNG\r\n\x1a\n", bytes(4096)]
)
def test_files_that_are_no_images(tmp_path, content):
    path = tmp_path / "mask.png"
    path.write_bytes(content)
    for x in (path, content, io.BytesIO(content)):
        refused(x, (OSError, ValueError))


def test_text_file(tmp_path):
    path = tmp_path / "mask.png"
    path.write_text("text")
    with path.open() as file:
        refused(file, ValueError, "text")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_files(encoded, form, share):
    noise = np.random.default_rng(3).integers(0, 256, (60, 70), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), form)
    refused(content[: int(len(content) * share)], (OSError, ValueError))


def test_pil_image_of_a_truncated_file(encoded):
    noise = np.random.default_rng(3).integers(0, 256, (60, 70), dtype=np.uint8)
    content = encoded(Image.fromarray(noise))
    refused(Image.open(io.BytesIO(content[: len(content) // 2])), OSError, "damaged")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(data):
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"]))
    file = io.BytesIO()
    Image.fromarray(np.eye(20, dtype=np.uint8) * 255).save(file, form)
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        mask = Mask.from_any(bytes(content), max_pixels=100_000)
    except (ValueError, OSError) as error:
        assert "mask" in str(error)  # noqa: PT017 - some damage is harmless
    else:
        assert mask.hole.dtype == np.bool_


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_and_pages(encoded, form):
    frames = [Image.new("L", (8, 8), value) for value in (0, 99, 255)]
    content = encoded(frames[0].convert("RGB"), form, save_all=True, append_images=frames[1:])
    refused(content, ValueError, "animation|pages")
    refused(Image.open(io.BytesIO(content)), ValueError, "animation|pages")


def test_pixel_limit(encoded):
    content = encoded(Image.new("1", (100, 50)))
    assert Mask.from_any(content, max_pixels=5000).size == (100, 50)
    refused(content, ValueError, "max_pixels", max_pixels=4999)


def test_decompression_bomb_is_refused_by_its_header():
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    refused(bomb, ValueError, "max_pixels")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 1.1, 255.0])
def test_floats_out_of_range(value):
    array = np.zeros((4, 4))
    array[1, 2] = value
    refused(array, ValueError, "from 0 to 1")


@pytest.mark.parametrize("dtype", [complex, "S1", "U1", object, "M8[s]"])
def test_wrong_dtypes(dtype):
    refused(np.zeros((4, 4), dtype), ValueError, "accepted: bool, uint8")


@pytest.mark.parametrize("values", [(0, 2), (-1, 0), (0, 128), (0, 70000)])
def test_wide_integers_that_do_not_say_what_is_white(values):
    refused(np.array([values]), ValueError, "accepted: bool, uint8")


@pytest.mark.parametrize("shape", [(), (5,), (4, 4, 5), (4, 4, 0), (1, 2, 4, 4), (0, 4), (4, 0), (1, 480, 640)])
def test_wrong_shapes(shape):
    refused(np.zeros(shape, np.uint8), ValueError, "accepted: .H, W.")


def test_wrong_tensors():
    class Tensor:
        dtype = "torch.float32"

        def __init__(self, shape):
            self.shape = shape

        def detach(self):
            return self

        def cpu(self):
            return self

        def numpy(self):
            if self.shape is None:
                raise TypeError("no NumPy form")
            return np.zeros(self.shape, np.float32)

    refused(Tensor((3, 4, 4)), ValueError, "accepted: .H, W. or .1, H, W.")
    refused(Tensor((1, 1, 4, 4)), ValueError, "accepted: .H, W. or .1, H, W.")
    refused(Tensor(None), ValueError, "NumPy")


@pytest.mark.parametrize("x", [None, 3, [[0, 1]], {"mask": 1}, object()])
def test_wrong_kinds(x):
    refused(x, ValueError, "accepted: a path")


def test_pil_images_without_pixels_or_out_of_range():
    refused(Image.new("L", (0, 3)), ValueError, "1x1")
    refused(Image.new("F", (3, 3), 7.5), ValueError, "from 0 to 1")


def test_alpha_convention_without_alpha(encoded):
    for x in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8), encoded(Image.new("RGB", (4, 4)))):
        refused(x, ValueError, "no transparency", convention="alpha")


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan"), "half", None, True])
def test_wrong_threshold(threshold):
    with pytest.raises(ValueError, match=r"threshold: is .*above 0 and up to 1"):
        Mask.from_any(np.zeros((4, 4)), threshold=threshold)


def test_wrong_convention():
    with pytest.raises(ValueError, match='convention: is \'red\'; accepted: "white", "black" or "alpha"'):
        Mask.from_any(np.zeros((4, 4)), convention="red")


@pytest.mark.parametrize("size", [(0, 4), (4,), (4, 4, 4), 4, (4.0, 4.0), ("4", "4"), (True, 4)])
def test_wrong_size(size):
    with pytest.raises(ValueError, match=r"size: is .*width, height"):
        Mask.from_any(np.zeros((4, 4)), size=size)


@pytest.mark.parametrize("hole", [None, [[True]], np.zeros((4, 4)), np.zeros((4, 4, 1), bool), np.zeros((0, 4), bool)])
def test_constructor_takes_bool_arrays_only(hole):
    with pytest.raises(ValueError, match=r"mask: hole is .*bool array"):
        Mask(hole)
