"""The segmenter and the scorer that were not learned."""

import numpy as np
import pytest

from retouch.data.categories import category
from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.photos import photo_source
from retouch.data.lcg.select import WORDS, best_category
from retouch.data.lcg.stand_in import ColourAndPlace, Regions
from tests.data.layouts_for_tests import save
from tests.data.lcg.pairs_for_tests import box_mask, photo

SIZE = (120, 160)
SKY, GRASS, RED = (150, 190, 240), (60, 140, 50), (220, 20, 20)


@pytest.fixture
def scene():
    """[H, W, 3] uint8: sky above, grass below, a red box between."""
    image = np.empty((*SIZE, 3), np.uint8)
    image[:60], image[60:] = SKY, GRASS
    image[40:80, 60:100] = RED
    return image


def test_regions_follow_colours(scene):
    pytest.importorskip("skimage")
    masks = Regions().propose(scene)
    areas = [int(mask.sum()) for mask in masks]
    assert areas == sorted(areas, reverse=True)
    box = box_mask(SIZE, 60, 40, 100, 80)
    overlap = max((mask & box).sum() / (mask | box).sum() for mask in masks)
    assert overlap > 0.8


def test_a_box_gets_the_regions_inside_and_nothing_outside(scene):
    pytest.importorskip("skimage")
    boxes = np.array([[50.0, 30.0, 110.0, 90.0], [0.5, 0.5, 5.0, 5.0]])
    inside, nothing = Regions().propose(scene, boxes)
    box = box_mask(SIZE, 60, 40, 100, 80)
    assert (inside & box).sum() / (inside | box).sum() > 0.8
    assert not (inside & ~box_mask(SIZE, 50, 30, 110, 90)).any()
    assert np.array_equal(nothing, box_mask(SIZE, 0, 0, 5, 5))  # no region lies in it: the box itself


@pytest.mark.parametrize(
    ("box", "name"),
    [
        ((0, 0, 160, 40), "sky-other-merged"),
        ((0, 80, 160, 120), "grass-merged"),
        ((60, 40, 100, 80), "flower"),
        ((10, 70, 40, 100), "tree-merged"),
        ((60, 5, 100, 35), "rock-merged"),
    ],
)
def test_guesses_by_colour_and_place(scene, box, name):
    found, score = best_category(scene, box_mask(SIZE, *box), ColourAndPlace())
    assert found is category(name)
    assert 0.5 <= score <= 1


def test_guesses_are_probabilities_and_less_sure_near_the_limit(scene):
    scorer = ColourAndPlace(border=0.1)
    sides = 2 * (SIZE[0] + SIZE[1]) - 4
    sure = scorer.score(scene, box_mask(SIZE, 0, 0, 160, 20), WORDS)
    unsure = scorer.score(scene, box_mask(SIZE, 20, 0, 20 + round(0.11 * sides), 20), WORDS)
    assert sure.sum() == pytest.approx(1)
    assert unsure.sum() == pytest.approx(1)
    assert unsure.max() < sure.max()


def test_a_guess_that_is_not_asked_for(scene):
    assert ColourAndPlace().score(scene, box_mask(SIZE, 0, 0, 160, 40), ["dog", "cat"]).tolist() == [0.5, 0.5]


def test_bare_photos_give_pairs_of_both_classes(scene, tmp_path):
    pytest.importorskip("skimage")
    from PIL import Image

    save(Image.fromarray(scene), tmp_path / "photos/deep/scene.png")
    (tmp_path / "photos/torn.jpg").write_bytes(b"nothing")
    source = photo_source(tmp_path / "photos", Regions(), ColourAndPlace(), Limits())
    assert source.images == ("deep/scene.png", "torn.jpg")
    done = source.label(0)
    assert {pair.category.role for pair in done.pairs} == {"foreground", "background"}
    assert {pair.source for pair in done.pairs} == {"regions + colour and place"}
    assert all(pair.size == SIZE for pair in done.pairs)
    torn = source.label(1)
    assert torn.pairs == ()
    assert "torn.jpg" in torn.problems[0].reason


def test_a_folder_that_is_missing_or_empty(tmp_path):
    with pytest.raises(FileNotFoundError, match="photos: there is no folder"):
        photo_source(tmp_path / "nowhere", Regions(), ColourAndPlace())
    photo(tmp_path / "photo.png")
    (tmp_path / "bare").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no image file"):
        photo_source(tmp_path / "bare", Regions(), ColourAndPlace())
