"""COCO and COCONut instance files."""

import json

import numpy as np
import pytest

from retouch.holes import foreground, read_coco
from retouch.holes.coco import segmentation_hole

IMAGES = [
    {"id": 7, "file_name": "a.jpg", "height": 4, "width": 6},
    {"id": 9, "file_name": "b.jpg", "height": 4, "width": 6},
]
ROWS = [
    {"id": 1, "image_id": 7, "category_id": 18, "iscrowd": 0, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]},
    {"id": 2, "image_id": 7, "category_id": 1, "iscrowd": 1, "segmentation": {"size": [4, 6], "counts": [0, 4, 20]}},
    {"id": 3, "image_id": 7, "category_id": 3, "iscrowd": 0, "segmentation": {"size": [4, 6], "counts": "d04"}},
]


def write(folder, content):
    path = folder / "instances.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_polygon_uncompressed_and_compressed(tmp_path):
    first, second = read_coco(write(tmp_path, {"images": IMAGES, "annotations": ROWS}))
    box, crowd, packed = first.segments()
    assert np.argwhere(box.hole).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert (box.category, box.crowd, box.thing) == (18, False, True)
    assert crowd.crowd
    assert np.array_equal(crowd.hole, np.arange(6)[None, :].repeat(4, 0) == 0)
    assert np.array_equal(packed.hole, np.arange(6)[None, :].repeat(4, 0) == 5)  # 20 known, 4 object
    assert second.segments() == []
    assert second.file_name == "b.jpg"


def test_crowds_can_be_left_out_but_are_foreground(tmp_path):
    image = read_coco(write(tmp_path, {"images": IMAGES, "annotations": ROWS}))[0]
    assert [part.category for part in image.segments(crowds=False)] == [18, 3]
    covered = foreground(image.segments(), image.size)
    assert covered.sum() == 4 + 4 + 4


def test_two_polygons_are_united():
    hole = segmentation_hole([[0, 0, 1, 0, 1, 1, 0, 1], [3, 3, 4, 3, 4, 4, 3, 4]], (4, 6))
    assert np.argwhere(hole).tolist() == [[0, 0], [3, 3]]


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (None, "accepted is a list of polygons"),
        ([], "accepted is a list of polygons"),
        ("text", "accepted is a list of polygons"),
        ([[1, 2, 3]], "at least three points"),
        ({"size": [6, 4], "counts": [24]}, r"is of size \[6, 4\]; the image has \[4, 6\]"),
        ({"counts": [24]}, "is of size None"),
        ({"size": [4, 6], "counts": [23]}, "cover 23 pixels"),
        ({"size": [4, 6]}, "run lengths"),
    ],
)
def test_damaged_segmentations_name_the_annotation(tmp_path, segmentation, message):
    rows = [{"id": 77, "image_id": 7, "category_id": 1, "segmentation": segmentation}]
    image = read_coco(write(tmp_path, {"images": IMAGES, "annotations": rows}))[0]
    with pytest.raises(ValueError, match=f"annotation 77: .*{message}"):
        image.segments()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not readable as JSON"),
        ('{"images": [', "not readable as JSON"),
        ("\x00\xff", "not readable as JSON"),
        ("[" * 100_000, "not readable as JSON"),
        ([], "no list 'images'"),
        ({"images": []}, "no list 'annotations'"),
        ({"images": [3], "annotations": []}, "no list 'images'"),
        ({"images": [{"id": "x"}], "annotations": []}, "'id' is 'x'; accepted: int"),
        ({"images": [{"id": 1, "file_name": "a", "height": 4}], "annotations": []}, "'width' is None; accepted: int"),
        ({"images": IMAGES, "annotations": [{"image_id": 3}]}, "is of image 3, which is not listed"),
        ({"images": IMAGES, "annotations": [{"image_id": True}]}, "'image_id' is True"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_coco(write(tmp_path, content))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_coco(tmp_path / "nothing.json")
