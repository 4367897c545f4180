"""ASUKA's and MISATO's mixtures, patches, and PixelHacker's Eq. 1."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from retouch.holes import background, draw, enlarge, item_rng, lama, recipe, share, touched
from retouch.holes.mixtures import Mixture, asuka, asuka_enlarged, misato
from retouch.holes.pixelhacker import MOEBIUS, MOEBIUS_V1, PAPER, SCENE_RANDOM, Background
from retouch.holes.pixelhacker import SCENE as SCENE_ALONE

SIZE = (128, 128)


def rng(seed=0):
    return np.random.default_rng(seed)


class Corner:
    """A quarter of the mask, and how often it was asked for."""

    def __init__(self):
        self.calls = 0

    def __call__(self, size, rng):
        self.calls += 1
        hole = np.zeros(size, bool)
        hole[: size[0] // 2, : size[1] // 2] = True
        return hole


def only(**weights):
    return Mixture(lama.TRAIN_256, **({"shapes": 0.0, "irregular": 0.0, "regular": 0.0} | weights))


def test_kinds_come_by_weight():
    source, generator = Corner(), rng()
    plain = 0
    mixture = Mixture(lama.TRAIN_256, irregular=0.0, regular=0.5, union=0.0)
    for _ in range(600):
        plain += np.array_equal(asuka(SIZE, generator, mixture, source), Corner()(SIZE, generator))
    assert plain == source.calls
    assert source.calls / 600 == pytest.approx(0.5, abs=0.07)


def test_refused_masks_do_not_shift_the_weights():
    # Three of four objects are too large and refused; still half of the masks are of that kind.
    def often_too_large(size, rng):
        calls.append(1)
        return Corner()(size, rng) if rng.random() < 0.25 else np.ones(size, bool)

    calls, kinds, generator = [], 0, rng(2)
    for _ in range(300):
        before = len(calls)
        asuka(SIZE, generator, Mixture(lama.TRAIN_256, union=0.0), often_too_large)
        kinds += len(calls) > before
    assert kinds / 300 == pytest.approx(0.5, abs=0.09)
    assert len(calls) > 3 * kinds


def test_objects_are_united_with_irregular_masks_half_of_the_time():
    generator, corner = rng(), Corner()(SIZE, None)
    united = 0
    for _ in range(300):
        hole = asuka(SIZE, generator, only(shapes=1.0), Corner())
        assert hole[corner].all()
        united += not np.array_equal(hole, corner)
    assert united / 300 == pytest.approx(0.5, abs=0.12)


def test_regular_is_a_rectangle_or_all_but_one():
    generator = rng()
    inside = 0
    for _ in range(100):
        hole = asuka(SIZE, generator, only(regular=1.0), Corner())
        part = hole if not hole[[0, 0, -1, -1], [0, -1, 0, -1]].all() else ~hole
        rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
        assert part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        inside += part is hole
    assert 20 < inside < 80


@pytest.mark.parametrize(("name", "low", "high"), [("asuka", 0.1, 0.75), ("misato", 0.2, 0.8)])
def test_shares_of_the_mixtures(name, low, high):
    shares = [share(draw(name, (256, 256), item_rng(0, k))) for k in range(60)]
    assert low <= min(shares) < max(shares) <= high


def test_misato_has_no_rectangles():
    assert recipe("misato").parameters.regular == 0


def test_misato_leaves_annotated_foreground_alone():
    keep = np.zeros(SIZE, bool)
    keep[40:100, 40:110] = True
    generator, mixture = rng(), recipe("misato").parameters
    for _ in range(20):
        hole = misato(SIZE, generator, mixture, Corner(), keep)
        assert not (hole & keep).any()
        assert 0.2 <= share(hole) <= 0.8


def test_misato_with_nothing_left_or_another_size():
    with pytest.raises(ValueError, match=r"keep: leaves 0\.000 of the image; the hole needs 0\.2"):
        misato(SIZE, rng(), recipe("misato").parameters, Corner(), np.ones(SIZE, bool))
    with pytest.raises(ValueError, match=r"keep: is of size \(3, 3\); accepted: \(128, 128\)"):
        misato(SIZE, rng(), recipe("misato").parameters, Corner(), np.ones((3, 3), bool))


def test_a_kind_that_cannot_reach_the_shares_says_so():
    def dot(size, rng):
        return np.eye(*size, dtype=bool)

    with pytest.raises(ValueError, match=r"the mixture's object part gave no hole with a share from 0\.1 to 0\.75"):
        asuka(SIZE, rng(), only(shapes=1.0, union=0.0), dot)


@pytest.mark.parametrize("k", range(25))
def test_enlarged_masks_touch_exactly_three_quarters_of_the_patches(k):
    hole = draw("asuka-enlarged", (256, 256), item_rng(0, k))
    patches = hole.reshape(16, 16, 16, 16).any(axis=(1, 3))
    assert patches.sum() == 192


@given(nps.arrays(bool, st.tuples(st.integers(1, 70), st.integers(1, 70))), st.sampled_from([0.0, 0.5, 0.75, 1.0]))
def test_enlarge_only_adds_whole_patches(hole, part):
    larger = enlarge(hole, rng(), part)
    before, after = touched(hole), touched(larger)
    assert (larger | ~hole).all()
    assert after.sum() == max(before.sum(), round(part * before.size))
    added = (after & ~before).repeat(16, 0).repeat(16, 1)[: hole.shape[0], : hole.shape[1]]
    assert np.array_equal(larger, hole | added)
    assert not np.shares_memory(larger, hole)


def test_enlarge_never_uncovers():
    hole = np.ones((64, 64), bool)
    hole[:, :16] = False
    hole[:32, :16] = True  # 14 of 16 patches
    assert np.array_equal(enlarge(hole, rng()), hole)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hole": np.ones((4, 4))}, "hole: is float64"),
        ({"rng": 3}, "rng: is int"),
        ({"part": 1.5}, "part: is 1.5; accepted: a share"),
        ({"patch": 0}, "patch: is 0; accepted: an integer from 1 up"),
    ],
)
def test_enlarge_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        enlarge(**({"hole": np.ones((4, 4), bool), "rng": rng()} | arguments))


def test_a_mask_too_small_for_three_quarters_of_its_patches():
    def column(size, rng):
        return np.arange(size[1])[None, :].repeat(size[0], 0) < 8

    with pytest.raises(ValueError, match="always touches more than 75% of the patches"):
        asuka_enlarged((48, 16), rng(), only(shapes=1.0, union=0.0), column)


SCENE, OTHER = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
SCENE[:, :80] = True
OTHER[:80] = True
STROKE = lama.Mix(lama.Strokes((1, 1), 5, 200))


def test_paper_background_is_a_union():
    generator, how = rng(), Background(brush=STROKE)
    scene, other = SCENE & (np.arange(128) < 8), OTHER & (np.arange(128) < 8)[:, None]
    holes = [background(scene, other, generator, how) for _ in range(400)]
    assert all((hole | ~scene).all() for hole in holes)
    assert np.mean([(hole | ~other).all() for hole in holes]) == pytest.approx(0.5, abs=0.09)
    assert np.mean([(hole & ~scene & ~other).any() for hole in holes]) == pytest.approx(0.5, abs=0.09)
    assert PAPER.combine == "union"
    assert PAPER.brush == recipe("comodgan").parameters


def test_table_6_leaves_sources_out():
    generator, scene, other = rng(), SCENE & (np.arange(128) < 8), OTHER & (np.arange(128) < 8)[:, None]
    assert all(np.array_equal(background(scene, other, generator, SCENE_ALONE), scene) for _ in range(20))
    how = replace(SCENE_RANDOM, brush=STROKE)
    holes = [background(scene, other, generator, how) for _ in range(100)]
    assert all((hole | ~scene).all() for hole in holes)
    assert np.mean([(hole != scene).any() for hole in holes]) == pytest.approx(0.5, abs=0.17)
    assert np.mean([(hole | ~other).all() for hole in holes]) < 0.05


def test_v1_is_an_intersection():
    generator = rng()
    holes = [background(SCENE, OTHER, generator, MOEBIUS_V1) for _ in range(100)]
    assert not any((hole & ~SCENE).any() for hole in holes)
    assert 0.3 < np.mean([not (hole & ~OTHER).any() for hole in holes]) < 0.7


def test_v1_2_replaces_the_scene_and_widens():
    generator = rng()
    holes = [background(SCENE, OTHER, generator, MOEBIUS) for _ in range(200)]
    outside = np.zeros(SIZE, bool)
    outside[:, 80 + 6 :] = True  # 7 x 7 twice widens by 6
    assert 0.2 < np.mean([(hole & outside).any() for hole in holes]) < 0.6
    widened = [hole for hole in holes if (hole | ~SCENE).all() and not (hole & outside).any()]
    assert {int(hole.any(axis=0).sum()) - 80 for hole in widened} <= {0, 1, 2, 3, 4, 6}
    assert any(hole.any(axis=0).sum() > 80 for hole in widened)
    assert Background("v1_2", recipe("lama-medium-512").parameters) == MOEBIUS


def test_background_gives_a_new_array():
    for how in (PAPER, MOEBIUS, MOEBIUS_V1):
        for seed in range(8):
            assert not np.shares_memory(background(SCENE, OTHER, rng(seed), how), SCENE)


def test_background_refuses_other_sizes_and_types():
    with pytest.raises(ValueError, match=r"other: is of size \(3, 3\); accepted: that of scene, \(128, 128\)"):
        background(SCENE, np.ones((3, 3), bool), rng())
    with pytest.raises(ValueError, match="scene: is uint8"):
        background(SCENE.astype(np.uint8), OTHER, rng())
    with pytest.raises(ValueError, match="other: is list; accepted: a bool array"):
        background(SCENE, [[True]], rng())


@pytest.mark.parametrize("name", ["pixelhacker-background-moebius", "pixelhacker-background-moebius-v1"])
def test_empty_intersections_are_drawn_again(name):
    def far_apart(size, rng):
        hole = np.zeros(size, bool)
        hole[rng.integers(2) * (size[0] - 40) :][:40] = True
        return hole

    assert all(draw(name, (256, 256), item_rng(0, k), objects=far_apart).any() for k in range(20))
