"""Masks that are drawn, and what a mask can do."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from retouch.mask import Mask, dilate, erode

boxes = st.tuples(st.integers(-9, 15), st.integers(-9, 15), st.integers(1, 20), st.integers(1, 20))


@given(st.lists(boxes, max_size=4))
def test_boxes(some):
    width, height = 16, 11
    y, x = np.indices((height, width))
    inside = [(x >= bx) & (x < bx + w) & (y >= by) & (y < by + h) for bx, by, w, h in some]
    if not all(one.any() for one in inside):
        with pytest.raises(ValueError, match=r"box: .* lies outside the photo of 16x11 pixels"):
            Mask.from_boxes(some, (width, height))
        return
    expected = np.any(inside, axis=0) if inside else np.zeros((height, width), bool)
    assert np.array_equal(Mask.from_boxes(some, (width, height)).hole, expected)


@pytest.mark.parametrize("box", [(1, 2, 3), (1, 2, 0, 4), (1, 2, 3, -4), (1.0, 2, 3, 4), "1,2,3,4", (1, 2, 3, True), 7])
def test_wrong_boxes(box):
    with pytest.raises(ValueError, match=r"box: is .*accepted: \(x, y, width, height\)"):
        Mask.from_boxes([box], (9, 9))


def test_polygon_with_its_outline():
    mask = Mask.from_polygons([[(2, 1), (6, 1), (6, 4), (2, 4)], [(8, 6), (30, 6), (30, 7)]], (10, 8))
    expected = np.zeros((8, 10), bool)
    expected[1:5, 2:7] = True
    expected[6, 8:] = True
    assert np.array_equal(mask.hole[:7], expected[:7])
    assert not mask.hole[:6, 7:].any()


def test_polygons_are_joined_not_cut_out():
    square = [(1, 1), (5, 1), (5, 5), (1, 5)]
    assert np.array_equal(Mask.from_polygons([square, square], (8, 8)).hole, Mask.from_polygons([square], (8, 8)).hole)


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [(1, 1), (2, 2)],
        [(1, 1), (2, 2), (3,)],
        [(1, 1), (2, 2), "ab"],
        [(1, 1), (2, float("nan")), (3, 3)],
        [(1, 1), (2, 1e12), (3, 3)],
        [(20, 20), (30, 20), (30, 30)],
    ],
)
def test_wrong_polygons(polygon):
    with pytest.raises(ValueError, match="polygon: "):
        Mask.from_polygons([polygon], (10, 10))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_from_alpha_takes_what_is_transparent(hole, dtype):
    full = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    assert np.array_equal(Mask.from_alpha((~hole).astype(dtype) * dtype(full)).hole, hole)


def test_from_alpha_threshold_is_transparency():
    alpha = np.array([[0, 51, 128, 204, 255]], np.uint8)
    assert Mask.from_alpha(alpha).hole.tolist() == [[True, True, False, False, False]]
    assert Mask.from_alpha(alpha, threshold=0.2).hole.tolist() == [[True, True, True, True, False]]
    assert Mask.from_alpha(alpha, threshold=1).hole.tolist() == [[True, False, False, False, False]]


@pytest.mark.parametrize(
    "alpha", [None, "alpha.png", np.zeros((3, 3, 1)), np.full((3, 3), np.nan), np.zeros((3, 3), complex)]
)
def test_wrong_alpha(alpha):
    with pytest.raises(ValueError, match="accepted"):
        Mask.from_alpha(alpha)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("colour", ["#ff0080", (255, 0, 128), np.array([255, 0, 128])])
def test_from_key(hole, depth, colour):
    full = 1.0 if depth is np.float32 else np.iinfo(depth).max
    photo = np.full((*hole.shape, 3), (250, 0, 128)) * full / 255
    photo[hole] = np.array((255, 0, 128)) * full / 255
    photo = photo.astype(depth)
    assert np.array_equal(Mask.from_key(photo, colour).hole, hole)
    assert np.array_equal(Mask.from_key(np.dstack([photo, photo[..., :1]]), colour).hole, hole)
    assert Mask.from_key(photo, colour, tolerance=4).coverage < 1
    assert Mask.from_key(photo, colour, tolerance=5).coverage == 1


def test_from_key_in_grey(hole):
    grey = np.where(hole, 9, 10).astype(np.uint8)
    assert np.array_equal(Mask.from_key(grey, "#090909").hole, hole)
    assert np.array_equal(Mask.from_key(grey[..., None], "#090909").hole, hole)
    assert Mask.from_key(grey, "#09090a").empty


def test_from_key_without_a_match_says_so():
    mask = Mask.from_key(np.zeros((4, 4, 3), np.uint8), "f0f")
    assert mask.empty
    assert "#ff00ff" in mask.notes[0]


@pytest.mark.parametrize(
    ("rgb", "colour", "tolerance", "words"),
    [
        ("photo.png", "f0f", 0, "photo: is str"),
        (np.zeros((4, 4, 2), np.uint8), "f0f", 0, "photo: has 2 channels"),
        (np.zeros((4, 4, 3), np.int64), "f0f", 0, "photo: is int64"),
        (np.full((4, 4, 3), np.nan), "f0f", 0, "photo: a float array with NaN"),
        (np.zeros((0, 4, 3), np.uint8), "f0f", 0, "photo: is uint8"),
        (np.zeros((4, 4, 3), np.uint8), "pink", 0, "colour: is 'pink'"),
        (np.zeros((4, 4, 3), np.uint8), (0, 0, 256), 0, "colour: is"),
        (np.zeros((4, 4, 3), np.uint8), (0.5, 0, 0), 0, "colour: is"),
        (np.zeros((4, 4, 3), np.uint8), "f0f", -1, "tolerance: is -1"),
        (np.zeros((4, 4, 3), np.uint8), "f0f", 256, "tolerance: is 256"),
        (np.zeros((4, 4, 3), np.uint8), "f0f", 0.5, "tolerance: is 0.5"),
    ],
)
def test_wrong_keys(rgb, colour, tolerance, words):
    with pytest.raises(ValueError, match=words):
        Mask.from_key(rgb, colour, tolerance)


def test_grow_shrink_invert(hole):
    mask = Mask(hole, ("a note",))
    assert np.array_equal(mask.grow(2).hole, dilate(hole, 2))
    assert np.array_equal(mask.shrink(1).hole, erode(hole, 1))
    assert np.array_equal(mask.invert().hole, ~hole)
    assert {mask.grow(1).notes, mask.shrink(1).notes, mask.invert().notes} == {("a note",)}


def test_join(hole):
    other = np.roll(hole, 3, 1)
    joined = Mask(hole, ("one",)).join(Mask(other, ("one", "two")), Mask(np.zeros_like(hole)))
    assert np.array_equal(joined.hole, hole | other)
    assert joined.notes == ("one", "two")
    with pytest.raises(ValueError, match="14x9"):
        Mask(hole).join(Mask(hole.T))


@given(arrays(np.bool_, (5, 7)), st.integers(1, 30), st.integers(1, 30))
def test_resized_takes_the_pixel_under_each_centre(hole, width, height):
    scaled = Mask(hole).resized((width, height)).hole
    assert scaled.shape == (height, width)
    for y in range(height):
        for x in range(width):
            # In integers: floor((x + 1/2) * 7 / width).
            assert scaled[y, x] == hole[(2 * y + 1) * 5 // (2 * height), (2 * x + 1) * 7 // (2 * width)]


def test_properties(hole):
    mask = Mask(hole)
    assert mask.size == (14, 9)
    assert mask.coverage == 16 / (14 * 9)
    assert not mask.empty
    assert Mask(np.zeros((3, 3), bool)).empty


def test_hole_is_read_only_and_the_array_given_is_not(hole):
    mask = Mask(hole)
    with pytest.raises(ValueError, match="read-only"):
        mask.hole[0, 0] = True
    assert hole.flags.writeable


def test_save_is_a_one_bit_png_white_hole(hole, tmp_path):
    path = tmp_path / "mask.png"
    Mask(hole).save(path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.mode == "1"
        assert np.array_equal(np.asarray(image), hole)
    assert np.array_equal(Mask.from_any(path).hole, hole)


def test_save_overwrites_only_when_told(hole, tmp_path):
    path = tmp_path / "mask.png"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        Mask(hole).save(path)
    assert path.read_bytes() == b"mine"
    Mask(hole).save(str(path), overwrite=True)
    assert np.array_equal(Mask.from_any(path).hole, hole)
    assert [file.name for file in tmp_path.iterdir()] == ["mask.png"]


def test_save_refuses_other_formats_and_missing_folders(hole, tmp_path):
    with pytest.raises(ValueError, match=r"path: is .*\.png"):
        Mask(hole).save(tmp_path / "mask.jpg")
    with pytest.raises(OSError, match="mask"):
        Mask(hole).save(tmp_path / "nowhere" / "mask.png")


def test_importing_the_parsers_imports_no_numpy():
    code = "import sys, retouch.mask, retouch.files.pairs; print({'numpy', 'PIL'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
