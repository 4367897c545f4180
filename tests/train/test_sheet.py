"""Fixed samples are filled and put side by side."""

import numpy as np
import pytest

pytest.importorskip("torch")

from retouch.train.fixed import fill_samples
from retouch.train.sheet import GAP, GREY, LINE, sheet

from .samples_for_tests import Painter, samples


def test_a_fill_changes_the_hole_only():
    recipe, three = Painter(0.5), samples(3)
    filled = fill_samples(recipe, recipe.networks, three, batch=2)
    assert [len(seeds) for _, _, seeds in recipe.seen] == [2, 1]
    assert [int(seed) for _, _, seeds in recipe.seen for seed in seeds] == [0, 1, 2]
    for sample, image in zip(three, filled, strict=True):
        assert image.dtype == np.uint8
        assert (image[sample.hole] == 128).all()
        assert (image[~sample.hole] == sample.photo[~sample.hole]).all()


def test_fills_out_of_range_are_clipped():
    for grey, value in ((1.7, 255), (-0.3, 0)):
        recipe = Painter(grey)
        (image,) = fill_samples(recipe, recipe.networks, samples(1))
        assert (image[samples(1)[0].hole] == value).all()


def test_each_row_shows_masked_filled_and_truth():
    two = samples(2)
    fills = [np.full_like(sample.photo, 7) for sample in two]
    picture = np.asarray(sheet(two, fills, "a title"))
    side = 32
    top, step = 2 * LINE + GAP, side + GAP
    assert picture.shape == (top + 2 * step, GAP + 3 * step, 3)
    for row, sample in enumerate(two):
        y = top + row * step
        masked, filled, truth = (picture[y : y + side, x : x + side] for x in (GAP + k * step for k in range(3)))
        assert (masked[sample.hole] == GREY).all()
        assert (masked[~sample.hole] == sample.photo[~sample.hole]).all()
        assert (filled == 7).all()
        assert (truth == sample.photo).all()
    assert (picture[:LINE] < 128).any(), "no title"


@pytest.mark.parametrize(("n", "fills"), [(0, 0), (2, 1)])
def test_another_number_of_fills_is_refused(n, fills):
    with pytest.raises(ValueError, match="accepted: one each, at least one"):
        sheet(samples(n), [sample.photo for sample in samples(fills)], "")


def test_pictures_of_several_sizes_are_refused():
    with pytest.raises(ValueError, match="accepted: one size"):
        sheet(samples(1, 32), [samples(1, 48)[0].photo], "")
