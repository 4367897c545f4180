"""Harmonising: only hole and ring change, from photo and fill alone; windows, kinds, settings, and what is refused."""

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.mask import dilate
from retouch.methods.base import Cancelled, Needs


class Redden:
    """A harmoniser that adds to red what it is asked for, and remembers what it saw."""

    def __init__(self, amount=0.1, **needs):
        self.needs, self.amount, self.seen = Needs(**needs), amount, []

    def __call__(self, photos, filled, masks, *, cancel=None):
        self.seen.append((photos.copy(), filled.copy(), masks.copy()))
        out = np.where(masks[..., None], filled, photos)
        out[..., 0] = np.where(masks, np.clip(out[..., 0] + self.amount, 0, 1), out[..., 0])
        return out


@pytest.fixture
def filled(photo, hole):
    """A fill of one colour."""
    out = photo.copy()
    out[dilate(hole, 4)] = (60, 120, 180)
    return out


def run(photo, filled, mask, harmoniser=None, **options):
    harmoniser = Redden() if harmoniser is None else harmoniser
    return retouch.harmonise(photo, filled, mask, model=harmoniser, **{"match": False, **options})


def test_the_hole_is_changed_and_nothing_else(photo, hole, filled):
    out = run(photo, filled, hole, dilate=3, feather=2)
    assert (out[hole] == (86, 120, 180)).all()  # 60 + 0.1 * 255
    ring = dilate(hole, 3)
    assert np.array_equal(out[~ring], photo[~ring])


def test_what_lies_under_the_hole_is_not_looked_at(photo, hole, filled):
    other, spy, spy_other = photo.copy(), Redden(), Redden()
    other[dilate(hole, 3)] = 255
    options = {"dilate": 3, "feather": 0}
    out, out_other = run(photo, filled, hole, spy, **options), run(other, filled, hole, spy_other, **options)
    assert np.array_equal(out, out_other)
    for ours, theirs in zip(spy.seen[0], spy_other.seen[0], strict=True):
        assert np.array_equal(ours, theirs)


def test_of_the_fill_only_hole_and_ring_are_looked_at(photo, hole, filled):
    other = filled.copy()
    other[~dilate(hole, 3)] = 0
    options = {"dilate": 3, "feather": 2}
    assert np.array_equal(run(photo, other, hole, **options), run(photo, filled, hole, **options))


def test_the_harmoniser_gets_sizes_it_can_use(photo, hole, filled):
    harmoniser = Redden(multiple=32)
    run(photo, filled, hole, harmoniser)
    images, fills, masks = harmoniser.seen[0]
    assert images.shape == fills.shape == (1, 96, 128, 3)
    assert masks.shape == (1, 96, 128)
    assert (images[masks] == 0).all()


def test_a_window_scaled_down_keeps_the_details_of_its_fill(photo, hole, filled):
    """The change is enlarged, not the picture: a checkerboard survives."""
    board = np.indices(hole.shape).sum(0) % 2
    filled[hole] = np.where(board[hole, None], 140, 60).astype(np.uint8)
    out = run(photo, filled, hole, Redden(native=32), dilate=2)
    inner = ~dilate(~hole, 6)
    difference = out[inner].astype(int) - filled[inner]
    assert (np.abs(difference[:, 0] - 25) <= 3).all()
    assert (np.abs(difference[:, 1:]) <= 1).all()


def test_windows_follow_the_hole():
    """In a large photo each hole has a window of its own."""
    photo = np.random.default_rng(0).integers(0, 256, (700, 900, 3), np.uint8)
    mask = np.zeros((700, 900), bool)
    mask[40:60, 40:70] = mask[600:640, 800:820] = True
    harmoniser = Redden(0.2, native=256)
    out = run(photo, photo, mask, harmoniser)
    assert sum(len(images) for images, _, _ in harmoniser.seen) == 2
    assert max(images.shape[1] for images, _, _ in harmoniser.seen) < 256
    assert np.array_equal(out[mask][:, 0], np.minimum(photo[mask][:, 0].astype(int) + 51, 255))


@pytest.mark.parametrize("kind", ["path", "pil", "uint16", "float", "grey", "rgba"])
def test_the_kind_that_was_given_comes_back(tmp_path, photo, hole, filled, kind):
    if kind == "path":
        Image.fromarray(photo).save(tmp_path / "p.png")
        out = run(str(tmp_path / "p.png"), filled, hole)
        assert isinstance(out, retouch.Photo)
        assert out.size == (120, 90)
    elif kind == "pil":
        out = run(Image.fromarray(photo), Image.fromarray(filled), Image.fromarray(hole))
        assert (out.mode, out.size) == ("RGB", (120, 90))
    else:
        given = {
            "uint16": photo.astype(np.uint16) * 257,
            "float": (photo / 255).astype(np.float32),
            "grey": photo[..., 0],
            "rgba": np.dstack([photo, np.full(hole.shape, 255, np.uint8)]),
        }[kind]
        out = run(given, filled, hole)
        assert (out.dtype, out.shape) == (given.dtype, given.shape)
        far = ~dilate(hole, 12)
        assert np.array_equal(out[far], given[far])
        assert not np.array_equal(out[hole], given[hole])


def test_an_empty_mask_gives_the_photo_back(photo, hole, filled):
    harmoniser = Redden()
    assert np.array_equal(run(photo, filled, np.zeros_like(hole), harmoniser), photo)
    assert not harmoniser.seen


def test_progress_and_cancelling(photo, hole, filled):
    told = []
    run(photo, filled, hole, progress=told.append)
    assert [(step.stage, step.step, step.steps) for step in told] == [("harmonise", 1, 1)]
    with pytest.raises(Cancelled):
        run(photo, filled, hole, cancel=lambda: True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filled": np.zeros((90, 100, 3), np.uint8)}, r"filled: is 100 x 90 pixels; accepted: the photo's 120 x 90"),
        ({"filled": 3}, r"filled: is a int; accepted: a path"),
        ({"mask": np.zeros((5, 5), bool)}, r"mask"),
        ({"mask": np.ones((90, 120), bool)}, r"mask: the hole covers the whole photo"),
        ({"expand": (1, 1, 1, 1)}, r"expand: is of filling; accepted here: the other settings"),
        ({"detail": True}, r"detail: is of filling"),
        ({"dilat": 3}, r"option 'dilat' is unknown for model 'harmonise'; did you mean 'dilate'"),
        ({"model": "none"}, r"harmonise: 'none' is unknown; accepted: the path of an export of asuka-decoder"),
        ({"model": "patchmatch"}, r"harmonise: 'patchmatch' is unknown"),
    ],
)
def test_bad_input_is_named(photo, hole, filled, change, message):
    given = {"photo": photo, "filled": filled, "mask": hole, "model": Redden(), **change}
    with pytest.raises(ValueError, match=message):
        retouch.harmonise(**given)


def test_a_missing_export_is_named(photo, hole, filled):
    with pytest.raises(FileNotFoundError, match=r"harmonise: none\.json does not exist"):
        retouch.harmonise(photo, filled, hole, model="none.json")
    with pytest.raises(FileNotFoundError, match=r"harmonise: none\.json does not exist"):
        retouch.load("smooth", harmonise="none.json")


def test_a_filler_harmonises_what_its_model_fills(photo, hole):
    plain = retouch.load("smooth")
    both = retouch.Filler(plain.card, plain.method, Redden())
    fill, result = plain.run(photo, hole, match=False), both.run(photo, hole, match=False)
    assert "harmonise" in result.seconds
    assert np.array_equal(result.changed, fill.changed)
    assert np.array_equal(result.image[~result.changed], photo[~result.changed])
    expected = np.clip(np.add(fill.image[hole], (26, 0, 0)), 0, 255)
    assert (np.abs(result.image[hole] - expected) <= 1).all()
    assert np.array_equal(both.run(photo, np.zeros_like(hole)).image, photo)


def test_outpainting_is_harmonised_too(photo):
    plain = retouch.load("smooth")
    both = retouch.Filler(plain.card, plain.method, Redden())
    out = both.run(photo, None, expand=(0, 10, 0, 0), dilate=0, feather=0, match=False).image
    assert out.shape == (100, 120, 3)
    assert np.array_equal(out[10:], photo)
    assert (out[:10, :, 0] > plain.run(photo, None, expand=(0, 10, 0, 0), dilate=0, match=False).image[:10, :, 0]).all()
