"""Every kind and convention gives the same hole."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from retouch.mask import Mask

any_hole = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


class Tensor:
    """What is used of a torch tensor."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype = array, dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.array)

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


def same(mask, hole, *notes):
    """The mask has that hole, and each of its notes holds the given words."""
    assert np.array_equal(mask.hole, hole)
    assert len(mask.notes) == len(notes), mask.notes
    for note, words in zip(mask.notes, notes, strict=True):
        assert words in note
    return True


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, ">u2", float, np.float32, np.float16])
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_arrays(hole, dtype, channels):
    white = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    array = hole.astype(dtype) * np.dtype(dtype).type(white)
    array = array if channels is None else np.repeat(array[..., None], channels, 2)
    assert same(Mask.from_any(array), hole)
    assert same(Mask.from_any(~array if dtype is bool else white - array, convention="black"), hole)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [None, 3])
def test_zeros_and_ones_are_read_as_such_with_a_note(hole, dtype, channels):
    array = hole.astype(dtype) if channels is None else np.repeat(hole[..., None], 3, 2).astype(dtype)
    assert same(Mask.from_any(array), hole, "0 and 1")
    assert same(Mask.from_any(1 - array, convention="black"), hole, "0 and 1")


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint32])
def test_wide_integers(hole, dtype):
    assert same(Mask.from_any(hole.astype(dtype)), hole)
    if np.iinfo(dtype).max >= 255:
        assert same(Mask.from_any(hole.astype(dtype) * dtype(255)), hole)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16", "I;16B"]
)
def test_pil_modes(hole, mode):
    grey = Image.fromarray(hole.astype(np.uint8) * 255)
    if mode == "F":
        image = Image.fromarray(hole.astype(np.float32))
    elif mode.startswith("I;16"):
        image = Image.fromarray((hole * 65535).astype(np.uint16)).convert("I").convert(mode)
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("YCbCr", "HSV", "CMYK") else grey.convert(mode)
    assert image.mode == mode
    assert same(Mask.from_any(image), hole)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG"])
def test_file_formats(hole, encoded, form):
    large = np.kron(hole, np.ones((16, 16), bool))
    options = {"lossless": True} if form == "WEBP" else {"quality": 100} if form in ("AVIF", "JPEG") else {}
    content = encoded(Image.fromarray(large.astype(np.uint8) * 255), form, **options)
    assert same(Mask.from_any(content), large)


def test_heic_with_its_extra(hole, encoded):
    pillow_heif = pytest.importorskip("pillow_heif")
    large = np.kron(hole, np.ones((16, 16), np.uint8)) * np.uint8(255)
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(large).convert("RGB")).save(file, quality=-1)
    assert same(Mask.from_any(file.getvalue()), large > 0)


def test_sources_of_a_file(hole, encoded, tmp_path):
    content = encoded(Image.fromarray(hole))
    path = tmp_path / "mask.png"
    path.write_bytes(content)
    with path.open("rb") as file:
        for source in (path, str(path), content, bytearray(content), memoryview(content), io.BytesIO(content), file):
            assert same(Mask.from_any(source), hole)


def test_tensors(hole):
    for array in (hole, hole.astype(np.float32), hole.astype(np.int64), hole[None]):
        assert same(Mask.from_any(Tensor(array)), hole)
    assert same(Mask.from_any(Tensor(hole.astype(np.float32), "torch.bfloat16")), hole)


def test_a_mask_stays_as_it_is(hole):
    mask = Mask(hole, ("a note",))
    assert Mask.from_any(mask, convention="black") is mask


@pytest.mark.parametrize("orientation", range(1, 9))
def test_files_are_brought_into_displayed_orientation(hole, encoded, orientation):
    turns = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).T,
        8: np.rot90,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(hole.astype(np.uint8) * 255), exif=exif)
    assert same(Mask.from_any(content), turns[orientation](hole))
    note = ["EXIF orientation was not applied"] * (orientation > 1)
    assert same(Mask.from_any(Image.open(io.BytesIO(content))), hole, *note)


def test_first_picture_of_an_mpo(hole, encoded):
    large = np.kron(hole, np.ones((16, 16), np.uint8)) * np.uint8(255)
    first, second = Image.fromarray(large), Image.new("L", (14 * 16, 9 * 16))
    content = encoded(first, "MPO", save_all=True, append_images=[second], quality=100)
    assert same(Mask.from_any(content), large > 0)


@pytest.mark.parametrize("full", [255, 65535])
@given(threshold=st.floats(0.001, 1))
def test_threshold_is_a_share_of_white(full, threshold):
    array = np.arange(full + 1, dtype=np.uint16 if full > 255 else np.uint8)[None]
    expected = array / full >= threshold - 1e-8
    for convention, given_array in (("white", array), ("black", full - array)):
        assert np.array_equal(Mask.from_any(given_array, convention=convention, threshold=threshold).hole, expected)


def test_threshold_of_floats_is_inclusive():
    array = np.array([[0.0, 0.49, 0.5, 1.0]])
    assert Mask.from_any(array).hole.tolist() == [[False, False, True, True]]
    assert Mask.from_any(array, threshold=1).hole.tolist() == [[False, False, False, True]]
    assert Mask.from_any(np.ones((2, 2, 3)), threshold=1).coverage == 1


def test_default_threshold_of_8_bit():
    assert Mask.from_any(np.array([[127, 128]], np.uint8)).hole.tolist() == [[False, True]]


@given(any_hole, st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_any_coverage_takes_the_faintest_value(hole, dtype):
    full = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    faint = hole * dtype(full / 200)
    blue = np.stack([np.zeros_like(faint), np.zeros_like(faint), faint], 2)
    for array in (faint, blue):
        padded = np.concatenate([array, np.full_like(array[:1], full)])  # white, lest 0 and 1 be two-valued
        expected = np.concatenate([hole, np.ones_like(hole[:1])])
        assert np.array_equal(Mask.from_any(padded, any_coverage=True).hole, expected)
        inverted = (full - padded).astype(dtype)
        assert np.array_equal(Mask.from_any(inverted, convention="black", any_coverage=True).hole, expected)


def test_luminance_decides_about_colours():
    colours = np.array([[(0, 255, 0), (255, 0, 0), (255, 255, 0), (0, 0, 255)]], np.uint8)
    assert Mask.from_any(colours).hole.tolist() == [[True, False, True, False]]
    assert Mask.from_any(colours / 255).hole.tolist() == [[True, False, True, False]]


def rgba(colour, alpha):
    return np.dstack([np.broadcast_to(np.uint8(colour), (*alpha.shape, 3)), alpha])


def test_alpha_convention_takes_what_is_transparent(hole, encoded):
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    photo = np.random.default_rng(0).integers(0, 256, (*hole.shape, 3), dtype=np.uint8)
    picture = np.dstack([photo, alpha])
    for x in (picture, encoded(Image.fromarray(picture)), picture / 255, picture[..., 2:]):
        assert same(Mask.from_any(x, convention="alpha"), hole)


def test_alpha_convention_reads_colour_keys(hole, encoded):
    image = Image.fromarray(np.where(hole, 7, 200).astype(np.uint8))
    assert same(Mask.from_any(encoded(image, transparency=7), convention="alpha"), hole)
    palette = image.convert("P")
    assert same(Mask.from_any(encoded(palette, transparency=7), convention="alpha"), hole)


def test_white_paint_on_transparency(hole):
    alpha = np.where(hole, 255, 0).astype(np.uint8)
    assert same(Mask.from_any(rgba(255, alpha)), hole, 'convention="alpha"')
    assert same(Mask.from_any(rgba(0, alpha), convention="black"), hole, 'convention="alpha"')


def test_photo_with_a_transparent_hole_read_as_white_is_told():
    alpha = np.full((8, 8), 255, np.uint8)
    alpha[2:5, 3:6] = 0
    picture = np.dstack([np.random.default_rng(1).integers(0, 90, (8, 8, 3), dtype=np.uint8), alpha])
    assert any('convention="alpha"' in note for note in Mask.from_any(picture).notes)


def test_opaque_alpha_changes_nothing(hole):
    grey = (hole * np.uint8(255))[..., None]
    picture = np.concatenate([grey, grey, grey, np.full_like(grey, 255)], 2)
    assert same(Mask.from_any(picture), hole)


@pytest.mark.parametrize(("convention", "words"), [("white", 'convention="black"'), ("black", 'convention="white"')])
def test_nearly_all_hole_asks_for_the_polarity(convention, words):
    mask = np.ones((10, 10), bool)
    mask[0, :9] = False
    given_mask = mask if convention == "white" else ~mask
    assert same(Mask.from_any(given_mask, convention=convention), mask, words)
    mask[0] = False
    assert same(Mask.from_any(mask if convention == "white" else ~mask, convention=convention), mask)


def test_values_below_the_threshold_are_told():
    labels = np.zeros((6, 6), np.uint8)
    labels[2:4] = 20
    assert same(Mask.from_any(labels), np.zeros((6, 6)), "any_coverage=True")
    assert same(Mask.from_any(np.zeros((6, 6), np.uint8)), np.zeros((6, 6)))


def test_size_of_the_photo(hole):
    assert same(Mask.from_any(hole, size=(14, 9)), hole)
    with pytest.raises(ValueError, match=r"mask: has 14x9 pixels, the photo 9x14.*resize"):
        Mask.from_any(hole, size=(9, 14))
    with pytest.raises(ValueError, match=r"mask: has 14x9 pixels, the photo 28x18"):
        Mask.from_any(Mask(hole), size=(28, 18))
    doubled = Mask.from_any(hole, size=(28, 18), resize=True)
    assert same(doubled, np.kron(hole, np.ones((2, 2), bool)), "scaled from 14x9 to 28x18")


@given(any_hole)
def test_what_was_given_is_neither_changed_nor_shared(hole):
    for array in (hole, hole.astype(np.uint8) * 255, hole.astype(np.float32)):
        before = array.copy()
        mask = Mask.from_any(array)
        assert not np.shares_memory(mask.hole, array)
        assert np.array_equal(array, before)
        assert not mask.hole.flags.writeable


def test_path_objects_and_names_with_odd_characters(hole, encoded, tmp_path):
    path = tmp_path / "Maske ü (1)[x].PNG"
    path.write_bytes(encoded(Image.fromarray(hole)))
    assert same(Mask.from_any(Path(path)), hole)
