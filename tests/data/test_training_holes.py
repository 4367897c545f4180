"""Mixtures of recipes, and the holes that grow."""

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from retouch.data import Curriculum, ratio_range
from retouch.data.training.mixture import draw_hole, holes_from, parse_mixture
from retouch.holes import draw, item_rng, share
from tests.data.layouts_for_tests import disc, save


def names(text):
    return [(part.recipe.name, part.weight) for part in parse_mixture(text)]


def test_mixtures_are_read():
    assert names("box") == [("box", 1)]
    assert names("mat-256-large:0.5, objects : 2") == [("mat-256-large", 0.5), ("objects", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("object:0.5", "holes: recipe 'object' is unknown; did you mean 'objects'?"),
        ("box,mat-256-larg:1", "did you mean 'mat-256-large'?"),
        ("", "holes: recipe '' is unknown"),
        ("box:", "'box:' has no positive weight"),
        ("box:0", "'box:0' has no positive weight"),
        ("box:-1", "no positive weight"),
        ("box:nan", "no positive weight"),
        ("box:inf", "no positive weight"),
        ("box:1,box:2", "names 'box' twice"),
    ],
)
def test_bad_mixtures(text, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        parse_mixture(text)


def test_weights_are_kept():
    holes = holes_from("centre:3,outpaint-all:1")  # the middle is hole in the one and known in the other
    middles = [draw_hole(holes, 32, 0, item_rng(0, k))[16, 16] for k in range(400)]
    assert np.mean(middles) == pytest.approx(0.75, abs=0.07)


def test_one_recipe_draws_as_it_does_alone():
    assert np.array_equal(
        draw_hole(holes_from("mat-256-large"), 64, 3, item_rng(0, 5)), draw("mat-256-large", (64, 64), item_rng(0, 5))
    )


def test_objects_of_a_folder(tmp_path):
    save(Image.new("L", (10, 10), 255), tmp_path / "square.png")
    hole = draw_hole(holes_from("objects", tmp_path), 64, 0, item_rng(0, 0))
    y, x = np.nonzero(hole)
    assert hole.sum() == (np.ptp(y) + 1) * (np.ptp(x) + 1)  # a square, no blob


def test_objects_that_nobody_takes(tmp_path):
    save(disc((10, 10)), tmp_path / "a.png")
    with pytest.raises(ValueError, match="objects: no recipe of 'box' takes shapes; one that does: objects"):
        holes_from("box", tmp_path)
    with pytest.raises(FileNotFoundError, match="objects"):
        holes_from("objects", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("epoch", "every", "high"), [(0, 20, 0.2), (19, 20, 0.2), (20, 20, 0.3), (79, 20, 0.5), (80, 20, 0.6), (3, 1, 0.5)]
)
def test_the_upper_end_grows_as_in_the_paper(epoch, every, high):
    assert ratio_range(epoch, Curriculum(every=every)) == (0.2, pytest.approx(high))


def test_the_range_is_full_at_the_end():
    assert ratio_range(10_000, Curriculum()) == (0.2, 0.6)


def test_bad_epochs_and_curricula():
    with pytest.raises(ValueError, match="epoch: is -1"):
        ratio_range(-1, Curriculum())
    with pytest.raises(ValidationError, match=r"low is 0.7; accepted: at most high, 0.6"):
        Curriculum(low=0.7)
    with pytest.raises(ValidationError, match="evry"):
        Curriculum(evry=1)


def test_holes_grow_with_the_epochs():
    holes = holes_from("2dgs-train", curriculum=Curriculum(every=1))
    means = [np.mean([share(draw_hole(holes, 256, epoch, item_rng(0, k))) for k in range(60)]) for epoch in (0, 2, 4)]
    assert means[0] + 0.03 < means[1] < means[2] - 0.03


def test_after_the_ramp_holes_are_those_without_curriculum():
    grown = holes_from("2dgs-train", curriculum=Curriculum(every=1))
    assert np.array_equal(
        draw_hole(grown, 128, 4, item_rng(0, 1)), draw_hole(holes_from("2dgs-train"), 128, 0, item_rng(0, 1))
    )


def test_a_curriculum_leaves_other_recipes_alone_and_needs_one_of_its_own():
    both = holes_from("2dgs-train:1,centre:1", curriculum=Curriculum())
    shares = {round(share(draw_hole(both, 64, 0, item_rng(0, k))), 3) for k in range(30)}
    assert 0.25 in shares
    with pytest.raises(ValueError, match="curriculum: no recipe of 'box' has a nominal ratio; one that has"):
        holes_from("box", curriculum=Curriculum())
