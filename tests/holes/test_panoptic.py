"""Panoptic annotations with void and crowd."""

import json

import numpy as np
import pytest
from PIL import Image

from retouch.holes import foreground, read_panoptic
from retouch.holes.panoptic import read_numbers

PERSON, SKY = 1, 187
NUMBERS = np.array([[0, 300, 300], [70000, 70000, 5]])  # void, a person, sky, a crowd
ROWS = [
    {"id": 300, "category_id": PERSON, "iscrowd": 0},
    {"id": 70000, "category_id": SKY, "iscrowd": 0},
    {"id": 5, "category_id": PERSON, "iscrowd": 1},
]
CATEGORIES = [{"id": PERSON, "isthing": 1}, {"id": SKY, "isthing": 0}]


def write(folder, numbers=NUMBERS, rows=ROWS, **changes):
    (folder / "panoptic").mkdir(exist_ok=True)
    rgb = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=-1).astype(np.uint8)
    Image.fromarray(rgb).save(folder / "panoptic" / "a.png")
    content = {"annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": rows}], "categories": CATEGORIES}
    path = folder / "panoptic.json"
    path.write_text(json.dumps(content | changes))
    return path


def test_segments_void_and_crowd(tmp_path):
    (image,) = read_panoptic(write(tmp_path))
    person, sky, crowd = image.segments()
    assert np.array_equal(person.hole, NUMBERS == 300)
    assert (person.thing, person.crowd) == (True, False)
    assert np.array_equal(sky.hole, NUMBERS == 70000)
    assert not sky.thing
    assert crowd.crowd
    assert np.array_equal(image.void(), NUMBERS == 0)
    assert not any((part.hole & image.void()).any() for part in image.segments())


def test_without_crowds_and_the_foreground_with_them(tmp_path):
    (image,) = read_panoptic(write(tmp_path))
    assert [part.category for part in image.segments(crowds=False)] == [PERSON, SKY]
    covered = foreground(image.segments(), (2, 3))
    assert np.array_equal(covered, (NUMBERS == 300) | (NUMBERS == 5))


def test_pngs_in_another_folder(tmp_path):
    path = write(tmp_path)
    (tmp_path / "panoptic").rename(tmp_path / "pngs")
    (image,) = read_panoptic(path, tmp_path / "pngs")
    assert len(image.segments()) == 3
    with pytest.raises(FileNotFoundError, match=r"with the PNGs of .* does not exist"):
        read_panoptic(path)


def test_numbers_that_the_json_does_not_know(tmp_path):
    (image,) = read_panoptic(write(tmp_path, rows=ROWS[:2]))
    with pytest.raises(ValueError, match="segment 5 is only in one of PNG and JSON"):
        image.segments()


def test_segments_that_the_png_does_not_have(tmp_path):
    (image,) = read_panoptic(write(tmp_path, rows=[*ROWS, {"id": 8, "category_id": PERSON}]))
    with pytest.raises(ValueError, match="segment 8 is only in one of PNG and JSON"):
        image.segments()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": None}, "no list 'annotations'"),
        ({"categories": {}}, "no list 'categories'"),
        ({"annotations": [{"image_id": 1, "file_name": "a.png"}]}, "'segments_info' is None; accepted: list"),
        ({"annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [3]}]}, "not a list of objects"),
        ({"annotations": [{"file_name": "a.png", "segments_info": []}]}, "'image_id' is None"),
        ({"annotations": [{"image_id": 1, "file_name": 3, "segments_info": []}]}, "'file_name' is 3"),
    ],
)
def test_damaged_json(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        read_panoptic(write(tmp_path, **changes))


def test_damaged_pngs(tmp_path):
    path = tmp_path / "a.png"
    for content in (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"panoptic: .*a\.png' is not a readable PNG"):
            read_numbers(path)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(ValueError, match="is not a readable PNG"):
        read_numbers(path)
    Image.new("L", (4, 4)).save(path)
    with pytest.raises(ValueError, match="is of mode L; accepted: RGB"):
        read_numbers(path)
    with pytest.raises(FileNotFoundError):
        read_numbers(tmp_path / "nothing.png")
