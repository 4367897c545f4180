import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from retouch.photo import Photo, edit, enlarge, from_array, from_pil, put_rgb, to_pil, wrap
from tests.photo.samples import XMP, exif_block, file, image, noise, profile

BOX = (3, 4, 9, 12)
GREY = np.full((8, 6, 3), 0.5, np.float32)
ALL = np.ones((8, 6), bool)


def filled(photo):
    edited = edit(photo)
    put_rgb(edited, BOX, GREY, ALL)
    return edited


SHAPES = [(20, 30), (20, 30, 1), (20, 30, 2), (20, 30, 3), (20, 30, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_arrays_come_back_as_they_went(shape, dtype):
    rng = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        array = rng.random(shape).astype(dtype)
    else:
        array = rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    photo, back = wrap(array)
    assert np.array_equal(back(photo), array)
    out = back(filled(photo))
    assert out.dtype == array.dtype
    assert out.shape == array.shape
    known = np.ones((20, 30), bool)
    known[4:12, 3:9] = False
    assert np.array_equal(out[known], array[known])
    full = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    inside = out[~known] if out.ndim == 2 else out[~known][:, : 1 if shape[2:] in ((1,), (2,)) else 3]
    assert np.abs(inside.astype(float) / full - 0.5).max() < 0.003
    if shape[2:] in ((2,), (4,)):
        assert np.array_equal(out[..., -1], array[..., -1])
        edited = edit(photo)
        put_rgb(edited, BOX, GREY, ALL, opaque=True)
        opaque = back(edited)
        assert (opaque[~known][:, -1] == full).all()
        assert np.array_equal(opaque[known], array[known])


def test_an_array_may_be_any_view():
    array = np.asfortranarray(noise(20, 30))[::-1, ::2]
    photo, back = wrap(array)
    assert np.array_equal(photo.pixels, array)
    big = noise(20, 30, 3, np.uint16).astype(">u2")
    photo, back = wrap(big)
    assert np.array_equal(photo.pixels, big)
    out = back(filled(photo))
    assert out.dtype == big.dtype
    assert not np.shares_memory(out, big)


def test_an_array_on_a_larger_canvas():
    array = np.random.default_rng(0).random((20, 30, 3))
    photo, back = wrap(array)
    larger = enlarge(photo, 5, 6, 7, 8)
    put_rgb(larger, (0, 0, 5, 5), np.ones((5, 5, 3), np.float32), np.ones((5, 5), bool))
    out = back(larger)
    assert out.shape == (34, 42, 3)
    assert np.array_equal(out[6:26, 5:35], array)
    assert (out[:5, :5] == 1).all()
    assert not out[0, 6:].any()


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3])),
        elements=st.floats(0, 1, width=32),
    )
)
def test_known_floats_are_bit_identical(array):
    photo, back = wrap(array)
    edited = edit(photo)
    put_rgb(edited, (0, 0, 1, 1), np.zeros((1, 1, 3), np.float32), np.ones((1, 1), bool))
    out = back(edited)
    known = np.ones(array.shape[:2], bool)
    known[0, 0] = False
    assert out[known].tobytes() == array[known].tobytes()


BAD = {
    "NaN": np.full((4, 4, 3), np.nan, np.float32),
    "infinity": np.full((4, 4, 3), np.inf),
    "values from": np.full((4, 4, 3), 1.5),
    "values from -": np.full((4, 4, 3), -0.1),
    "bool": np.ones((4, 4), bool),
    "int64": np.ones((4, 4, 3), np.int64),
    "complex": np.ones((4, 4, 3), np.complex64),
    r"\(4, 4, 5\)": np.ones((4, 4, 5), np.uint8),
    r"\(4,\)": np.ones(4, np.uint8),
    r"\(1, 4, 4, 3\)": np.ones((1, 4, 4, 3), np.uint8),
    r"\(0, 4, 3\)": np.ones((0, 4, 3), np.uint8),
    r"\(4, 4, 0\)": np.ones((4, 4, 0), np.uint8),
    "object": np.empty((4, 4, 3), object),
}


@pytest.mark.parametrize("what", BAD)
def test_arrays_that_are_no_photo_are_refused(what):
    with pytest.raises(ValueError, match=f"photo: .*{what}.*accepted") as caught:
        wrap(BAD[what])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("thing", [None, 3, 2.5, [1, 2], {"a": 1}, object(), print])
def test_other_things_are_refused(thing):
    with pytest.raises(ValueError, match=r"photo: .*accepted"):
        wrap(thing)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pil_images_come_back_in_their_mode(mode):
    source = image(mode)
    photo, back = wrap(source)
    same = back(photo)
    assert same.mode == mode
    assert np.array_equal(np.asarray(same), np.asarray(source))
    out = back(filled(photo))
    assert out.mode == mode
    assert out.size == source.size
    known = np.ones((53, 71), bool)
    known[4:12, 3:9] = False
    assert np.array_equal(np.asarray(out)[known], np.asarray(source)[known])
    assert not np.array_equal(np.asarray(out), np.asarray(source))
    if mode == "P":
        assert out.getpalette()[:120] == source.getpalette()[:120]


def test_pil_info_survives():
    content = file(
        form="JPEG", exif=b"Exif\0\0" + exif_block(orientation=6), xmp=XMP, icc_profile=profile(), dpi=(72, 72)
    )
    source = Image.open(io.BytesIO(content))
    photo, back = wrap(source)
    out = back(filled(photo))
    assert out.size == source.size == (71, 53)
    assert out.info == source.info
    assert out.getexif()[0x0112] == 6
    assert photo.source.icc == profile()


@pytest.mark.parametrize("transparency", [3, bytes([0, 128, 255, 9])])
def test_pil_palettes_with_transparency(transparency):
    source = image("P")
    source.info["transparency"] = transparency
    photo, back = wrap(source)
    assert photo.alpha is not None
    out = back(photo)
    assert out.mode == "P"
    assert np.array_equal(np.asarray(out.convert("RGBA")), np.asarray(source.convert("RGBA")))


def test_pil_images_and_photos_share_no_memory():
    for mode in ("L", "RGB", "CMYK", "RGBA", "P", "I;16"):
        photo = edit(from_pil(image(mode)))
        out = to_pil(photo)
        before = np.asarray(out).copy()
        photo.pixels[:] = 0
        assert np.array_equal(np.asarray(out), before)


def test_a_photo_as_pil_and_array():
    photo = from_array(noise(20, 30, 4))
    assert photo.pil().mode == "RGBA"
    assert np.array_equal(np.asarray(photo.pil()), photo.array())
    assert photo.size == (30, 20)
    deep = from_array(noise(20, 30, 3, np.uint16))
    assert deep.pil().mode == "RGB"
    assert deep.array().dtype == np.uint16


@pytest.mark.parametrize("mode", ["I", "F", "HSV", "YCbCr", "LAB", "RGBa", "La", "PA"])
def test_other_pil_modes_are_refused(mode):
    with pytest.raises(ValueError, match=f"photo: .*mode {mode}.*accepted"):
        wrap(Image.new(mode, (4, 4)))


def test_pil_images_that_cannot_be_decoded():
    cut = Image.open(io.BytesIO(file(form="PNG")[:400]))
    with pytest.raises(OSError, match="photo"):
        wrap(cut)
    with pytest.raises(ValueError, match="0 x 4"):
        wrap(Image.new("RGB", (0, 4)))
    out = io.BytesIO()
    image("P").save(out, "GIF", save_all=True, append_images=[image("P").rotate(90)])
    with pytest.raises(ValueError, match="animation"):
        wrap(Image.open(io.BytesIO(out.getvalue())))


def test_paths_bytes_and_files_are_read(tmp_path):
    content = file()
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for thing in (path, str(path), content, bytearray(content), io.BytesIO(content)):
        photo, back = wrap(thing)
        assert np.array_equal(photo.pixels, np.asarray(image()))
        edited = filled(photo)
        assert back(edited) is edited
    with path.open("rb") as opened:
        assert wrap(opened)[0].size == (71, 53)
    photo = from_array(noise())
    same, back = wrap(photo)
    assert same is photo
    assert isinstance(back(same), Photo)
    with pytest.raises(ValueError, match="pixels"):
        wrap(content, max_pixels=100)


@pytest.mark.parametrize("shape", [(20, 30), (1, 20, 30), (3, 20, 30), (4, 20, 30)])
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_tensors_come_back_as_they_went(shape, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = pytest.importorskip("torch")
    dtype = getattr(torch, name)
    tensor = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    photo, back = wrap(tensor)
    assert torch.equal(back(photo), tensor)
    out = back(filled(photo))
    assert out.dtype == dtype
    assert out.shape == tensor.shape
    known = torch.ones(20, 30, dtype=torch.bool)
    known[4:12, 3:9] = False
    assert torch.equal(out[..., known], tensor[..., known])
    assert (out[:3] if len(shape) == 3 else out)[..., ~known].float().sub(0.5).abs().max() < 0.005


def test_tensors_that_are_no_photo_are_refused():
    torch = pytest.importorskip("torch")
    for bad in (
        torch.zeros(3, 4, 4, dtype=torch.uint8),
        torch.zeros(5, 4, 4),
        torch.zeros(1, 3, 4, 4),
        torch.full((3, 4, 4), 2.0),
    ):
        with pytest.raises(ValueError, match=r"photo: .*accepted"):
            wrap(bad)
