"""The main job: sizes and kinds come back, known pixels stay, nothing leaks from under the hole."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import retouch
import retouch.photo
from retouch.filler import MAX_SAMPLES
from retouch.job import make_job, open_photo, run
from retouch.mask import dilate
from tests.photo.samples import profile


@st.composite
def jobs(draw):
    """(photo [H, W, 3] uint8, hole [H, W] bool) with at least one known and one hole pixel."""
    height, width = draw(st.integers(1, 80)), draw(st.integers(2, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 3))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        hole[y : y + draw(st.integers(1, 20)), x : x + draw(st.integers(1, 20))] = True
    if hole.all():
        hole[0, 0] = False
    return photo, hole


@pytest.mark.parametrize("model", ["smooth", "patchmatch"])
@settings(max_examples=25)
@given(job=jobs(), ring=st.integers(0, 6))
def test_size_dtype_and_pixels_outside_the_ring_stay(model, job, ring):
    photo, hole = job
    before = photo.copy()
    filled = retouch.fill(photo, hole, model=model, dilate=ring)
    assert filled.shape == photo.shape
    assert filled.dtype == photo.dtype
    assert np.array_equal(photo, before)
    outside = ~dilate(hole, ring)
    assert np.array_equal(filled[outside], photo[outside])


@settings(max_examples=25)
@given(job=jobs())
def test_without_dilation_and_feather_only_hole_pixels_change(job):
    photo, hole = job
    filled = retouch.fill(photo, hole, dilate=0, feather=0)
    assert np.array_equal(filled[~hole], photo[~hole])


@pytest.mark.parametrize("model", ["smooth", "patchmatch"])
@settings(max_examples=25)
@given(job=jobs())
def test_not_one_bit_leaks_from_under_the_hole(model, job):
    photo, hole = job
    other = np.where(hole[..., None], 255 - photo, photo)
    a, b = (retouch.fill(p, hole, model=model, seed=4) for p in (photo, other))
    assert np.array_equal(a, b)


def big(seed=0, size=(700, 900)):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    base = 128 + 60 * np.sin(x / 37) * np.cos(y / 23)
    return (base[..., None] + rng.integers(-30, 31, (*size, 3))).clip(0, 255).astype(np.uint8)


def cable(size=(700, 900)):
    hole = np.zeros(size, bool)
    for x in range(size[1]):
        hole[x * (size[0] - 8) // size[1] :, x][:5] = True
    return hole


def blob(size=(700, 900)):
    hole = np.zeros(size, bool)
    hole[150:560, 200:640] = True
    return hole


@pytest.mark.parametrize("shape", [cable, blob], ids=["tiled", "scaled"])
def test_nothing_leaks_through_tiles_scaling_matching_and_detail(shape):
    photo, hole = big(), shape()
    other = photo.copy()
    other[hole] = np.random.default_rng(9).integers(0, 256, (int(hole.sum()), 3))
    filler = retouch.load("telea")
    filler.method.needs = filler.method.needs.__class__(**{**vars(filler.method.needs), "native": 256})
    a, b = (filler.run(p, hole) for p in (photo, other))
    assert len(a.windows) > 1 if shape is cable else a.windows[0].scale < 1
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.image[~a.changed], photo[~a.changed])
    assert (a.changed & ~dilate(hole, 2)).sum() == 0


def test_detail_pass_is_a_choice_and_sharper():
    photo, hole = big(), blob()
    filler = retouch.load("patchmatch")
    filler.method.needs = filler.method.needs.__class__(**{**vars(filler.method.needs), "native": 200})
    plain, fine = (filler(photo, hole, detail=detail).astype(float) for detail in (False, True))
    inner = np.s_[200:500, 250:600]

    def roughness(image):
        return np.abs(np.diff(image[inner], axis=1)).mean()

    assert roughness(plain) < 0.5 * roughness(photo.astype(float))
    assert roughness(fine) == pytest.approx(roughness(photo.astype(float)), rel=0.25)


def test_empty_mask_returns_the_photo_and_says_so(photo):
    result = retouch.load().run(photo, np.zeros(photo.shape[:2], bool))
    assert np.array_equal(result.image, photo)
    assert any("unchanged" in note for note in result.notes)
    assert result.windows == ()
    assert not result.changed.any()


def test_all_hole_is_refused(photo):
    with pytest.raises(ValueError, match=r"mask: the hole covers the whole photo"):
        retouch.fill(photo, np.ones(photo.shape[:2], bool))
    with pytest.raises(ValueError, match="covers the whole photo"):
        retouch.fill(photo[:1, :1], np.ones((1, 1), bool))


def test_a_hole_whose_ring_would_swallow_the_photo_is_filled_without_a_ring():
    photo = np.full((3, 3, 3), 90, np.uint8)
    hole = np.zeros((3, 3), bool)
    hole[1, 1] = True
    result = retouch.load("smooth").run(photo, hole, dilate=5)
    assert np.array_equal(result.image, photo)
    assert any("not dilated" in note for note in result.notes)


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("model", ["patchmatch", "smooth", "telea"])
def test_odd_sizes_are_filled(size, model):
    photo = np.full((*size, 3), 120, np.uint8)
    hole = np.zeros(size, bool)
    hole[size[0] // 2, size[1] // 2] = True
    photo[hole] = 7
    assert np.abs(retouch.fill(photo, hole, model=model).astype(int) - 120).max() <= 4  # telea rounds


def test_same_seed_same_result_and_another_seed_another(photo, hole):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, photo.shape, dtype=np.uint8)
    a, b, c = (retouch.fill(noise, hole, seed=s) for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_samples_are_the_seeds_that_follow(photo, hole):
    filler = retouch.load()
    several = filler(photo, hole, samples=3, seed=5)
    assert all(np.array_equal(s, filler(photo, hole, seed=5 + k)) for k, s in enumerate(several))


def test_threads_share_a_filler(photo, hole):
    filler = retouch.load()
    alone = [filler(photo, hole, seed=s) for s in range(6)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda s: filler(photo, hole, seed=s), range(6)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_avoided_regions_are_not_copied_from():
    photo = np.full((200, 200, 3), 100, np.uint8)
    photo[:, 120:] = (250, 0, 0)
    hole = np.zeros((200, 200), bool)
    hole[80:120, 100:150] = True
    avoid = np.zeros_like(hole)
    avoid[:, 120:] = True
    filled = retouch.fill(photo, hole, avoid=avoid, dilate=0)
    assert (filled[hole] == 100).all()
    assert np.array_equal(filled[~hole], photo[~hole])
    with pytest.raises(ValueError, match="mask and avoid together"):
        retouch.fill(photo, hole, avoid=~hole)


def test_transparent_pixels_are_not_copied_from():
    photo = np.full((120, 120, 4), 255, np.uint8)
    photo[..., :3] = 100
    photo[:, 60:] = (255, 0, 255, 0)
    hole = np.zeros((120, 120), bool)
    hole[40:80, 30:55] = True
    filled = retouch.fill(photo, hole)
    assert (filled[hole] == (100, 100, 100, 255)).all()
    assert np.array_equal(filled[..., 3], photo[..., 3])


def test_holes_from_transparency_become_opaque_when_asked():
    photo = np.full((60, 60, 4), 200, np.uint8)
    photo[20:30, 20:30, 3] = 0
    hole = photo[..., 3] == 0
    assert (retouch.fill(photo, hole, opaque=True)[hole][:, 3] == 255).all()
    assert (retouch.fill(photo, hole)[hole][:, 3] == 0).all()


def test_outpainting_keeps_the_photo_inside_the_larger_one(photo):
    filled = retouch.fill(photo, expand=(10, "10%", 0, 5), model="smooth", dilate=0)
    assert filled.shape == (90 + 9 + 5, 120 + 10, 3)
    assert np.array_equal(filled[9:99, 10:], photo)
    assert filled[:9].any()


def test_colour_cast_is_matched_on_the_ring_unless_switched_off(photo, hole):
    filler = retouch.load("smooth")
    inner = filler.method.function
    filler.method.function = lambda *a: np.clip(inner(*a) + np.float32(0.04), 0, 1)
    truth = retouch.load("smooth")(photo, hole, dilate=6, match=False).astype(float)
    on, off = (filler(photo, hole, dilate=6, match=match).astype(float) for match in (True, False))
    assert abs((off - truth)[hole].mean() - 0.04 * 255) < 1
    assert abs((on - truth)[hole].mean()) < 3


def test_result_tells_what_was_done(photo, hole):
    result = retouch.load("patchmatch").run(photo, hole, seed=3, dilate=2)
    assert result.card.name == "patchmatch"
    assert result.seed == 3
    assert np.array_equal(result.hole, hole)
    assert np.array_equal(result.changed, dilate(hole, 2))
    assert set(result.seconds) >= {"read", "plan", "fill"}
    assert result.uncertainty is None
    assert result.photo.size == (120, 90)


def test_progress_counts_windows_and_cancel_stops():
    photo = big()
    hole = np.zeros(photo.shape[:2], bool)
    hole[10:20, 10:20] = hole[600:610, 800:810] = True
    steps = []
    retouch.load("smooth").run(photo, hole, progress=steps.append)
    assert [(p.step, p.steps) for p in steps] == [(2, 2)] or [(p.step, p.steps) for p in steps] == [(1, 2), (2, 2)]
    with pytest.raises(retouch.Cancelled):
        retouch.fill(photo, hole, cancel=lambda: True)


def test_sixteen_bit_keeps_known_pixels_and_notes_the_precision(hole):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 65536, (90, 120, 3), dtype=np.uint16)
    result = retouch.load("patchmatch").run(photo, hole)
    assert result.image.dtype == np.uint16
    assert np.array_equal(result.image[~result.changed], photo[~result.changed])
    assert any("8 bit" in note for note in result.notes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"seed": 1.5}, "seed must be an integer"),
        ({"samples": 0}, f"samples must be an integer from 1 to {MAX_SAMPLES}"),
        ({"model": "lama"}, "model 'lama' is unknown"),
        ({"device": "gpu"}, "device 'gpu' is unknown"),
        ({"dilat": 2}, "did you mean 'dilate'"),
        ({"avoid": np.zeros((3, 3), bool)}, "avoid"),
    ],
)
def test_wrong_arguments_are_named(photo, hole, more, message):
    with pytest.raises(ValueError, match=message):
        retouch.fill(photo, hole, **more)


def test_a_missing_mask_is_refused(photo):
    with pytest.raises(ValueError, match="mask is missing"):
        retouch.fill(photo)


def test_mask_of_another_size_is_refused_unless_resizing_is_asked_for(photo, hole):
    small = hole[::2, ::2]
    with pytest.raises(ValueError, match=r"mask.*60.*45.*120.*90"):
        retouch.fill(photo, small)
    assert retouch.fill(photo, small, resize_mask=True).shape == photo.shape


def test_simple_fill_is_a_drop_in(photo, hole):
    image, mask = Image.fromarray(photo), Image.fromarray(hole).convert("L")
    filled = retouch.SimpleFill()(image, mask)
    assert filled.mode == "RGB"
    assert filled.size == image.size
    assert np.array_equal(np.asarray(filled), retouch.fill(photo, hole))
    assert np.array_equal(np.asarray(retouch.SimpleFill()(photo, hole)), np.asarray(filled))


@pytest.mark.parametrize("model", ["patchmatch", "smooth"])
def test_one_known_line_is_enough_even_in_a_scaled_window(model):
    photo = np.full((900, 1000, 3), 130, np.uint8)
    hole = np.ones((900, 1000), bool)
    hole[:, 500] = False
    photo[hole] = 0
    filled = retouch.fill(photo, hole, model=model)
    assert np.abs(filled.astype(int) - 130).max() <= 4


def test_saturated_colours_of_a_wide_photo_are_not_clipped():
    rng = np.random.default_rng(0)
    red = np.clip(np.array([245, 20, 25]) + rng.integers(-5, 6, (90, 90, 1)), 0, 255).astype(np.uint8)
    image = Image.fromarray(red)
    image.info["icc_profile"] = profile("wide")
    hole = np.zeros((90, 90), bool)
    hole[30:60, 30:60] = True
    filled = np.asarray(retouch.fill(image, hole))
    assert np.abs(filled[hole].mean(axis=0) - red[~hole].mean(axis=0)).max() < 3


def test_the_filled_photo_of_a_wide_photo_still_shows_as_srgb(photo, hole):
    before = retouch.photo.from_pil(Image.fromarray(photo))
    before = dataclasses.replace(before, source=dataclasses.replace(before.source, icc=profile("wide")))
    result = retouch.load("smooth").run(before, hole)
    box = (0, 0, 10, 10)
    assert np.array_equal(retouch.photo.window_rgb(result.photo, box), retouch.photo.window_rgb(before, box))
    assert not np.allclose(retouch.photo.window_rgb(before, box), photo[:10, :10] / 255, atol=0.01)


def test_the_choice_of_colours_does_not_look_under_the_hole():
    dull = np.full((90, 90, 3), 120, np.uint8)
    hole = np.zeros((90, 90), bool)
    hole[30:60, 30:60] = True
    results = []
    for hidden in ((255, 0, 0), (120, 120, 120)):
        pixels = dull.copy()
        pixels[hole] = hidden
        image = Image.fromarray(pixels)
        image.info["icc_profile"] = profile("wide")
        results.append(np.asarray(retouch.fill(image, hole)))
    assert np.array_equal(*results)


@pytest.mark.parametrize("kind", ["uint16", "float", "grey", "one channel", "PIL 16", "rgba"])
def test_simple_fill_takes_every_kind(kind, photo, hole):
    image = {
        "uint16": photo.astype(np.uint16) * 257,
        "float": photo / 255.0,
        "grey": photo[..., 0],
        "one channel": photo[..., :1],
        "PIL 16": Image.fromarray(photo[..., 0].astype(np.uint16) * 257),
        "rgba": Image.fromarray(photo).convert("RGBA"),
    }[kind]
    filled = np.asarray(retouch.SimpleFill(model="smooth")(image, hole))
    known = ~dilate(hole, 2)
    expected = photo if kind in ("uint16", "float", "rgba") else photo[..., :1].repeat(3, axis=2)
    assert filled.shape == photo.shape
    assert np.array_equal(filled[known], expected[known])


def test_numpy_integers_are_integers_and_booleans_are_not(photo, hole):
    a, b = (retouch.fill(photo, hole, seed=seed, samples=np.int64(1)) for seed in (3, np.int64(3)))
    assert np.array_equal(a, b)
    for wrong in ({"seed": True}, {"samples": True}, {"seed": "1"}):
        with pytest.raises(ValueError, match="must be an integer"):
            retouch.fill(photo, hole, **wrong)


def test_a_missing_avoid_file_is_called_avoid(photo, hole):
    with pytest.raises(FileNotFoundError, match=r"^avoid: there is no file"):
        retouch.fill(photo, hole, avoid="nope.png")


def test_pixel_limits_hold_for_files_and_for_outpainting(tmp_path, photo, hole):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    with pytest.raises(ValueError, match="max_pixels"):
        retouch.fill(tmp_path / "photo.png", hole, max_pixels=1000)
    with pytest.raises(ValueError, match="expand: makes"):
        retouch.fill(photo, expand=(100_000,) * 4)


def test_reprs_are_short(photo, hole):
    result = retouch.load("smooth").run(Image.fromarray(photo), hole)
    assert repr(result.photo) == "Photo(120 x 90, RGB, PNG)"
    assert repr(result) == "Result(Photo(120 x 90, RGB, PNG), 1 windows, smooth, seed 0)"
    assert repr(retouch.Mask(hole)).startswith("Mask(120 x 90, ")


def test_a_raised_pixel_limit_reaches_the_fill(tmp_path, monkeypatch, photo):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    monkeypatch.setattr("retouch.photo.DEFAULT_MAX_PIXELS", 100)
    job = make_job(model="smooth", expand=(5, 5, 5, 5), max_pixels=1_000_000)
    opened = open_photo(job, tmp_path / "photo.png", [])
    assert run(retouch.load("smooth"), job, opened).photo.size == (130, 100)
