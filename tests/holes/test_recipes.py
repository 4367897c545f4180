"""Named recipes: what `draw` gives and refuses."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.holes import RECIPES, SyntheticBlobs, draw, item_rng, recipe, share
from retouch.holes.measured import MEASURED, measured

NAMES = [each.name for each in RECIPES]
SQUARE = {"lama-thin-512-places", "lama-medium-512-places", "lama-thick-512-places"}
CROPPED = {name for name in NAMES if name.endswith("-test")}


@pytest.mark.parametrize("name", NAMES)
def test_draws_a_hole_of_the_size_asked_for(name):
    size = (192, 192) if name in SQUARE | CROPPED else (176, 240)
    hole = draw(name, size, item_rng(3, 0))
    assert hole.dtype == np.bool_
    assert hole.shape == size
    assert 0 < share(hole) < 1
    assert hole.flags.c_contiguous
    assert hole.flags.writeable


@pytest.mark.parametrize("name", NAMES)
def test_item_depends_on_seed_and_number_only(name):
    size = (128, 128)
    backwards = [draw(name, size, item_rng(5, k)) for k in (2, 1, 0)][::-1]
    forwards = [draw(name, size, item_rng(5, k)) for k in range(3)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    if not name.startswith(("centre", "outpaint-all")):
        assert not all(np.array_equal(forwards[0], other) for other in forwards[1:])


@pytest.mark.parametrize("name", sorted(CROPPED))
def test_lama_test_recipes_crop_to_the_shorter_side(name):
    assert draw(name, (192, 300), item_rng(0, 0)).shape == (192, 192)
    assert draw(name, (300, 192), item_rng(0, 0)).shape == (192, 192)


def test_another_seed_gives_another_mask():
    a, b = (draw("comodgan", (256, 256), item_rng(seed, 0)) for seed in (0, 1))
    assert not np.array_equal(a, b)


@given(st.integers(64, 200), st.integers(64, 200), st.sampled_from(["mat-256-small", "lama-thin-256", "deepfill-v2"]))
def test_any_size(height, width, name):
    assert draw(name, (height, width), item_rng(0, 0)).shape == (height, width)


@pytest.mark.parametrize("name", ["mat-512-large", "lama-thick-256", "2dgs-small", "deepfill-v2", "asuka"])
@pytest.mark.parametrize("ratio", [(0.2, 0.3), (0.3, 0.45)])
def test_ratio_is_kept(name, ratio):
    shares = [share(draw(name, (256, 256), item_rng(1, k), ratio=ratio)) for k in range(10)]
    assert all(ratio[0] <= part <= ratio[1] for part in shares)


@pytest.mark.parametrize(("name", "low", "high"), [("2dgs-small-exact", 0.2, 0.4), ("2dgs-large-exact", 0.4, 0.6)])
def test_exact_recipes_keep_their_ratio(name, low, high):
    shares = [share(draw(name, (256, 256), item_rng(0, k))) for k in range(40)]
    assert low <= min(shares) < max(shares) <= high


def test_as_coded_2dgs_does_not_keep_its_ratio():
    shares = [share(draw("2dgs-large", (256, 256), item_rng(0, k))) for k in range(60)]
    assert np.mean(np.array(shares) < 0.4) > 0.25


def test_unreachable_ratio_says_what_the_recipe_gives():
    with pytest.raises(ValueError, match=r"recipe 'lama-thin-256' gave no hole .* 0.9 to 1 in 1000 tries") as error:
        draw("lama-thin-256", (256, 256), item_rng(0, 0), ratio=(0.9, 1))
    assert "its holes had 0.0" in str(error.value)


def test_ratio_outside_the_recipes_own():
    with pytest.raises(ValueError, match=r"ratio: .* gives 0.2 to 0.4 only"):
        draw("2dgs-small-exact", (256, 256), item_rng(0, 0), ratio=(0.5, 0.6))


@pytest.mark.parametrize("ratio", [(0.4, 0.2), (-0.1, 0.5), (0, 1.1), (0.2,), 0.3, "ab", (float("nan"), 1)])
def test_bad_ratio(ratio):
    with pytest.raises(ValueError, match=r"ratio: is .*accepted"):
        draw("comodgan", (256, 256), item_rng(0, 0), ratio=ratio)


@pytest.mark.parametrize(
    "size", [256, (256,), (0, 256), (256, -1), (256.0, 256), (True, 256), (1 << 17, 8), "ab", None]
)
def test_bad_size(size):
    with pytest.raises(ValueError, match=r"size: is .*accepted"):
        draw("comodgan", size, item_rng(0, 0))


@pytest.mark.parametrize("rng", [0, None, np.random.RandomState(0)])
def test_bad_rng(rng):
    with pytest.raises(ValueError, match=r"rng: is .*accepted: a numpy.random.Generator"):
        draw("comodgan", (64, 64), rng)


@pytest.mark.parametrize(("seed", "k"), [(-1, 0), (0, -1), (0.5, 0), (0, "1"), (True, 0)])
def test_bad_seed_or_number(seed, k):
    with pytest.raises(ValueError, match="accepted: an integer from 0 up"):
        item_rng(seed, k)


@pytest.mark.parametrize(
    ("wrong", "right"), [("mat-512-larg", "mat-512-large"), ("2dgs_small", "2dgs-small"), ("CoModGAN", "comodgan")]
)
def test_unknown_recipe_suggests_the_nearest(wrong, right):
    with pytest.raises(ValueError, match=f"recipe '{wrong}' is unknown; did you mean '{right}'"):
        recipe(wrong)


def test_unknown_recipe_far_from_all_lists_them():
    with pytest.raises(ValueError, match=r"is unknown; known: mat-512-large, .*"):
        recipe("zzzzzz")
    with pytest.raises(ValueError, match="accepted: a name"):
        recipe(3)


def test_objects_where_none_are_taken():
    with pytest.raises(ValueError, match=r"objects: recipe 'comodgan' takes none; those that do: objects, asuka"):
        draw("comodgan", (64, 64), item_rng(0, 0), objects=SyntheticBlobs())


@pytest.mark.parametrize("name", ["lama-thick-256", "lama-medium-512"])
def test_too_small_for_the_boxes(name):
    with pytest.raises(ValueError, match=r"accepted: sides from .* pixels up"):
        draw(name, (20, 200), item_rng(0, 0))


def test_places_recipe_is_square():
    with pytest.raises(ValueError, match="accepted: a square"):
        draw("lama-thin-512-places", (256, 300), item_rng(0, 0))


def test_brush_wider_than_the_mask():
    with pytest.raises(ValueError, match="gave no hole"):
        draw("deepfill-v2-brush", (2, 2), item_rng(0, 0))


def test_names_are_kebab_case_and_unique():
    assert len(set(NAMES)) == len(NAMES)
    assert all(name == name.lower() and "_" not in name for name in NAMES)


def test_every_recipe_has_statistics():
    assert [row.name for row in MEASURED] == NAMES
    with pytest.raises(LookupError, match="no statistics of recipe 'nothing'"):
        measured("nothing")


@pytest.mark.parametrize("name", ["mat-256-small", "lama-train-256", "2dgs-regular", "outpaint", "asuka-enlarged"])
def test_statistics_are_those_of_the_recipe(name):
    row, side = measured(name), recipe(name).native
    shares = [share(draw(name, (side, side), item_rng(11, k))) for k in range(200)]
    assert abs(np.mean(shares) - row.mean) < 4 * row.std / np.sqrt(200) + 0.002


def test_the_documented_table_is_the_list():
    page = (Path(__file__).resolve().parents[2] / "docs" / "holes.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert list(rows) == NAMES
    for each, row in zip(RECIPES, MEASURED, strict=True):
        assert f"| {each.source} |" in rows[each.name]
        assert f"| {each.native} | {row.mean:.3f} ± {row.std:.3f} | {row.parts:.2f} |" in rows[each.name]
