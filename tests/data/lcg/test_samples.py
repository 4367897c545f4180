"""Training samples of pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retouch.data.categories import category
from retouch.data.lcg.crop import draw_square
from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.make import make_pairs
from retouch.data.lcg.pairs import read_pairs
from retouch.data.lcg.samples import PairSet, PairSettings, draw_pair, fingerprint
from retouch.holes import item_rng
from tests.data.lcg.pairs_for_tests import Given, box_mask, folder_of_pairs, photo

SMALL = PairSettings(size=32)


def same(a, b):
    one, two = a.drawn, b.drawn
    return (
        (one.name, one.seed, a.label, a.category) == (two.name, two.seed, b.label, b.category)
        and np.array_equal(one.photo, two.photo)
        and np.array_equal(one.hole, two.hole)
    )


@pytest.fixture
def pairs(tmp_path):
    return read_pairs(folder_of_pairs(tmp_path))


@pytest.mark.parametrize("combine", ["v1_2", "v1", "union", "scene-random", "scene"])
def test_samples_are_as_their_settings_say(combine, pairs):
    samples = PairSet(pairs, PairSettings(size=32, combine=combine), seed=3)
    for place in range(16):
        sample = samples[place]
        assert sample.drawn.photo.shape == (32, 32, 3)
        assert sample.drawn.photo.dtype == np.uint8
        assert sample.drawn.hole.shape == (32, 32)
        assert 0 < sample.drawn.hole.mean() < 1
        assert sample.label == (sample.category.role == "foreground")
        assert sample.drawn.unusable == ()


def test_everything_follows_from_seed_epoch_and_place(pairs):
    samples = PairSet(pairs, SMALL, seed=1)
    forwards = [samples[place] for place in range(20)]
    other = PairSet(pairs, SMALL, seed=1)
    assert all(same(forwards[place], other[place]) for place in reversed(range(20)))
    k = next(
        k for k in range(8) if pairs[k].image == forwards[10].drawn.name and pairs.labels()[k] == forwards[10].label
    )
    assert same(draw_pair(pairs, k, (1, 1, 2), SMALL), forwards[10])  # place 2 of the second epoch of 8
    assert not all(same(forwards[place], PairSet(pairs, SMALL, seed=2)[place]) for place in range(8))
    assert not all(same(forwards[place], forwards[place + 8]) for place in range(8))
    with pytest.raises(IndexError, match="position"):
        samples[-1]


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_classes_come_in_their_share(share, pairs):
    samples = PairSet(pairs, PairSettings(size=16, foreground=share))
    for epoch in range(3):
        assert sum(samples[8 * epoch + place].label for place in range(8)) == 8 * share


def test_a_foreground_hole_is_the_object_and_lies_on_it(tmp_path):
    """A photo that is red exactly under the mask: after cropping, scaling and mirroring the hole lies on the red."""
    size = (60, 100)
    mask = box_mask(size, 20, 15, 55, 45)
    image = np.where(mask[..., None], (220, 10, 10), (20, 60, 200)).astype(np.uint8)
    (tmp_path / "photos").mkdir()
    Image.fromarray(image).save(tmp_path / "photos/a.png")
    make_pairs(Given({"a.png": [("dog", mask)]}), tmp_path / "pairs", photos=tmp_path / "photos", limits=Limits())
    samples = PairSet(read_pairs(tmp_path / "pairs"), PairSettings(size=48, foreground=1.0))
    found = [samples[place].drawn for place in range(12)]
    for drawn in found:
        red = drawn.photo[..., 0] > 120
        assert (red ^ drawn.hole).mean() < 0.02
    assert len({drawn.hole.tobytes() for drawn in found}) > 4


def test_union_holds_the_scene_and_v1_stays_inside_it(pairs):
    k = 1  # a sky along the upper edge: in a square crop it is the upper quarter, whatever its place
    inside = np.zeros((32, 32), bool)
    inside[:9] = True
    for place in range(12):
        united = draw_pair(pairs, k, (0, 0, place), PairSettings(size=32, combine="union")).drawn.hole
        assert united[:7].all()
        met = draw_pair(pairs, k, (0, 0, place), PairSettings(size=32, combine="v1")).drawn.hole
        assert not (met & ~inside).any()
        assert met.any()
    full = [
        draw_pair(pairs, k, (0, 0, place), PairSettings(size=32, combine="union")).drawn.hole for place in range(12)
    ]
    assert max(hole.mean() for hole in full) > 0.4  # random masks and objects come on top


def test_unusable_pairs_are_passed_over_for_others_of_their_class(tmp_path):
    folder = folder_of_pairs(tmp_path)
    (tmp_path / "photos/photo0.png").write_bytes(b"torn")
    photo(tmp_path / "photos/photo1.png", (96, 65), 1)
    shard = folder / "pairs-00000.jsonl"
    lines = shard.read_text().splitlines()
    lines[4] = lines[4].replace('"counts": "', '"counts": "~')
    shard.write_text("\n".join([*lines, ""]))
    pairs = read_pairs(folder)
    sample = draw_pair(pairs, 0, (0, 0, 0), SMALL)
    assert (sample.drawn.name, sample.label) == ("photo3.png", 1)
    reasons = [each.reason for each in sample.drawn.unusable]
    assert [each.name for each in sample.drawn.unusable] == ["photo0.png", "photo1.png", "photo2.png"]
    assert "photo0.png" in reasons[0]
    assert "is 96x65 pixels; its mask is 96x64" in reasons[1]
    assert "counts: letter '~'" in reasons[2]


def test_too_small_photos_and_masks_that_leave_no_hole(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    with pytest.raises(ValueError, match=r"none of 4 in a row can be used; the first: .* at least 65"):
        draw_pair(pairs, 0, (0, 0, 0), PairSettings(size=65))
    assert draw_pair(pairs, 0, (0, 0, 0), PairSettings(size=65, smallest=64)).drawn.hole.shape == (65, 65)
    whole = {"photo0.png": [("dog", np.ones((64, 96), bool))]}
    make_pairs(Given(whole), tmp_path / "full", photos=tmp_path / "photos", limits=Limits())
    with pytest.raises(ValueError, match="its mask of 'dog' gave no hole in 20 draws"):
        draw_pair(read_pairs(tmp_path / "full"), 0, (0, 0, 0), SMALL)


def test_background_without_any_object(tmp_path):
    photo(tmp_path / "photos/a.png", (96, 64))
    masks = {"a.png": [("sea", box_mask((64, 96), 0, 30, 96, 64))]}
    make_pairs(Given(masks), tmp_path / "pairs", photos=tmp_path / "photos", limits=Limits())
    samples = PairSet(read_pairs(tmp_path / "pairs"), PairSettings(size=32, foreground=0.0))
    assert samples[0].category is category("sea")
    with pytest.raises(ValueError, match="there is no foreground pair"):
        PairSet(read_pairs(tmp_path / "pairs"), SMALL)


def test_the_fingerprint_knows_pairs_and_settings_but_not_places(tmp_path):
    folder = folder_of_pairs(tmp_path)
    first = fingerprint(read_pairs(folder), SMALL)
    folder.rename(tmp_path / "moved")
    assert fingerprint(read_pairs(tmp_path / "moved"), SMALL) == first
    assert fingerprint(read_pairs(tmp_path / "moved"), PairSettings(size=48)) != first
    (tmp_path / "moved/pairs-00001.jsonl").unlink()
    assert fingerprint(read_pairs(tmp_path / "moved"), SMALL) != first


@pytest.mark.parametrize("options", [{"size": 8}, {"combine": "v2"}, {"foreground": 1.1}, {"keep": -1}, {"colour": 1}])
def test_bad_settings(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        PairSettings(**options)


@given(
    height=st.integers(4, 40),
    width=st.integers(4, 40),
    keep=st.floats(0, 1),
    seed=st.integers(0, 10_000),
    box=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_a_square_is_inside_and_keeps_the_hole(height, width, keep, seed, box):
    (x0, x1), (y0, y1) = sorted(box[:2]), sorted(box[2:])
    hole = box_mask(
        (height, width),
        int(x0 * (width - 1)),
        int(y0 * (height - 1)),
        int(x1 * (width - 1)) + 1,
        int(y1 * (height - 1)) + 1,
    )
    square = draw_square(hole, item_rng(seed, 0), keep, 0.5)
    left, top, right, bottom = square.box
    side = min(height, width)
    assert (right - left, bottom - top) == (side, side)
    assert min(left, top) >= 0
    assert (right <= width, bottom <= height) == (True, True)
    kept = hole[top:bottom, left:right].any(axis=0 if width >= height else 1).sum()
    assert kept >= min(keep * hole.any(axis=0 if width >= height else 1).sum(), side) - 1e-9
    assert np.array_equal(square.cut(hole), hole[top:bottom, left:right][:, :: -1 if square.mirrored else 1])


def test_no_square_for_an_empty_hole():
    assert draw_square(np.zeros((8, 9), bool), item_rng(0, 0), 0.5, 0.5) is None


def test_squares_reach_both_ends():
    hole = box_mask((10, 40), 15, 0, 25, 10)
    starts = {draw_square(hole, item_rng(0, k), 0.5, 0.5).box[0] for k in range(300)}
    assert starts == set(range(10, 21))
