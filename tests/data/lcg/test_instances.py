"""Instance annotations as pairs: masks as they are, boxes through a segmenter."""

import numpy as np
import pytest

from retouch.data.categories import CATEGORIES, category
from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.objects365 import _COUNTERPARTS, counterpart
from retouch.data.lcg.sources import source_of
from retouch.holes import compress, encode_rle
from tests.data.lcg.pairs_for_tests import box_mask, instances, photo

SIZE = (60, 80)
LISTED = (5, "a.jpg", 80, 60)


class Whole:
    """A segmenter whose mask of a box is the box; it remembers the boxes."""

    name = "whole"

    def __init__(self):
        self.boxes = []

    def propose(self, image, boxes=None):
        self.boxes += np.round(boxes).astype(int).tolist()
        return [box_mask(image.shape[:2], *map(int, box)) for box in boxes]


class Thinks:
    """A scorer that takes everything for the same."""

    name = "thinks"

    def __init__(self, kind="cat", probability=0.6):
        self.kind, self.probability = category(kind), probability

    def score(self, image, mask, names):
        rest = (1 - self.probability) / (len(names) - 1)
        return np.array([self.probability if name == self.kind.words else rest for name in names])


def label(root, annotations, *, scorer=None, limits=None, **options):
    """What becomes of the one photo a.jpg, and the segmenter."""
    photo(root / "photos/a.jpg")
    segmenter = Whole()
    file = instances(root, [LISTED], annotations, **options)
    arguments = {"segmenter": segmenter, "scorer": scorer or Thinks(), "limits": limits or Limits()}
    return source_of(root / "photos", annotations=file, **arguments).label(0), segmenter


def row(number, **entries):
    return {"id": number, "image_id": 5, "category_id": 18, **entries}


def test_masks_are_taken_as_they_are_and_boxes_segmented_in_order(tmp_path):
    mask = box_mask(SIZE, 40, 30, 70, 55)
    code = {"size": list(SIZE), "counts": compress(encode_rle(mask))}
    annotations = [
        row(1, bbox=[5, 10, 20, 30]),
        row(2, segmentation=code, category_id=1),
        row(3, bbox=[50, 2, 20, 20], segmentation=[]),
        row(4, segmentation=[[0, 0, 20, 0, 20, 20, 0, 20]]),
    ]
    done, segmenter = label(tmp_path, annotations)
    assert segmenter.boxes == [[5, 10, 25, 40], [50, 2, 70, 22]]
    expected = [(5, 10, 25, 40), (40, 30, 70, 55), (50, 2, 70, 22), (0, 0, 20, 20)]
    assert [pair.category.name for pair in done.pairs] == ["dog", "person", "dog", "dog"]
    for pair, box in zip(done.pairs, expected, strict=True):
        assert np.array_equal(pair.mask(), box_mask(SIZE, *box))
    assert [pair.source for pair in done.pairs] == ["box + whole", "instances", "box + whole", "instances"]


def test_crowds_and_specks_are_left_out(tmp_path):
    done, segmenter = label(tmp_path, [row(1, bbox=[5, 10, 20, 30], iscrowd=1), row(2, bbox=[5, 10, 3, 3])])
    assert done.pairs == ()
    assert done.dropped == {"crowd": 1, "too small": 1}
    assert len(segmenter.boxes) == 1


def test_boxes_are_cut_off_at_the_edges(tmp_path):
    _, segmenter = label(tmp_path, [row(1, bbox=[-5, -5, 30, 30]), row(2, bbox=[60, 40, 50, 50])])
    assert segmenter.boxes == [[0, 0, 25, 25], [60, 40, 80, 60]]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"bbox": [90, 10, 20, 30]}, "annotation 1: its bbox .* has no pixel in the photo"),
        ({"bbox": [10, -40, 20, 30]}, "has no pixel"),
        ({"bbox": [10, 10, 0, 30]}, "has no pixel"),
        ({"bbox": [10, 10, float("nan"), 30]}, "is not finite"),
        ({"bbox": [1, 2, 30, 30], "category_id": [18]}, r"annotation 1: its category_id is \[18\]"),
        ({"bbox": [10, 10, 30]}, "has neither segmentation nor a bbox"),
        ({"bbox": "here"}, "has neither segmentation nor a bbox"),
        ({}, "has neither segmentation nor a bbox"),
        ({"segmentation": {"size": [60, 80], "counts": "~~"}}, "annotation 1: counts: letter"),
        ({"segmentation": {"size": [60, 80], "counts": [5]}}, "counts: cover 5 pixels"),
        ({"segmentation": {"size": [61, 80], "counts": [4880]}}, r"is of size \[61, 80\]"),
        ({"segmentation": [[1, 2, 3, 4]]}, "at least three points"),
        ({"segmentation": [[100, 100, 120, 100, 120, 120]]}, "annotation 1: covers no pixel"),
    ],
)
def test_damaged_annotations_are_problems_and_the_others_are_kept(entries, message, tmp_path):
    done, _ = label(tmp_path, [row(1, **entries), row(2, bbox=[5, 10, 20, 30])])
    assert len(done.pairs) == 1
    assert [problem.image for problem in done.problems] == ["a.jpg"]
    with pytest.raises(ValueError, match=message):
        raise ValueError(done.problems[0].reason)


def test_other_categories_are_named_by_the_scorer(tmp_path):
    names = [{"id": 18, "name": "Camel"}, {"id": 1, "name": "Person"}]
    annotations = [row(1, bbox=[5, 10, 20, 30]), row(2, bbox=[40, 10, 20, 30], category_id=1)]
    done, _ = label(tmp_path, annotations, scorer=Thinks("horse", 0.6), categories=names)
    assert [(pair.category.name, pair.score) for pair in done.pairs] == [("horse", 0.6), ("person", 1.0)]
    assert done.pairs[0].source == "box + whole + thinks"
    done, _ = label(tmp_path, annotations, scorer=Thinks("horse", 0.4), categories=names)
    assert [pair.category.name for pair in done.pairs] == ["person"]
    assert done.dropped == {"unsure": 1}


def test_without_a_list_of_categories_cocos_ids_count(tmp_path):
    done, _ = label(tmp_path, [row(1, bbox=[5, 10, 20, 30], category_id=3)], categories=None)
    assert [pair.category.name for pair in done.pairs] == ["car"]


def test_a_photo_of_another_size_or_none_is_a_problem(tmp_path):
    photo(tmp_path / "photos/a.jpg")
    photo(tmp_path / "photos/deep/b.jpg")
    images = [(5, "a.jpg", 81, 60), (6, "gone.jpg", 80, 60), (7, "deep/b.jpg", 80, 60)]
    file = instances(tmp_path, images, [row(1, bbox=[5, 10, 20, 30], image_id=7)])
    source = source_of(tmp_path / "photos", segmenter=Whole(), scorer=Thinks(), limits=Limits(), annotations=file)
    assert "its annotation is 60x81" in source.label(0).problems[0].reason
    assert "gone.jpg" in source.label(1).problems[0].reason
    assert len(source.label(2).pairs) == 1


def test_objects365s_counterparts_are_categories():
    assert counterpart("Stuffed Toy") is category("teddy bear")
    assert counterpart("Camel") is None
    names = {each.name for each in CATEGORIES}
    assert set(_COUNTERPARTS.values()) <= names
    assert not names & set(_COUNTERPARTS)  # what has its own category needs none
