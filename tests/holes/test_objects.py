"""Object shapes from folders, annotation files and thin air."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retouch.holes import AnnotatedObjects, FolderObjects, SyntheticBlobs, draw, item_rng, objects_from, place, share
from retouch.holes.objects import read_shape, scaled
from tests.holes import test_coco, test_panoptic


def rng(seed=0):
    return np.random.default_rng(seed)


def png(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def disc(height, width):
    y, x = np.mgrid[0:height, 0:width]
    return ((y + 0.5) / height * 2 - 1) ** 2 + ((x + 0.5) / width * 2 - 1) ** 2 < 1


def framed():
    """A shape that does not touch its picture's edges."""
    pixels = np.zeros((40, 60), np.uint8)
    pixels[10:20, 30:50] = 255
    return pixels


def test_tight_crops_are_placed(tmp_path):
    png(tmp_path / "disc.png", disc(30, 50).astype(np.uint8) * 255)
    source = objects_from(tmp_path)
    holes = [source((100, 120), rng(k)) for k in range(40)]
    spans = [np.flatnonzero(hole.any(axis=0)) for hole in holes]
    widths = [int(span[-1] - span[0] + 1) for span in spans]
    assert min(widths) >= 29
    assert max(widths) <= 91
    assert len({int(span[0]) for span in spans}) > 10
    for hole, width in zip(holes, widths, strict=True):
        assert hole.shape == (100, 120)
        assert np.count_nonzero(hole) == pytest.approx(np.pi / 4 * width * width * 0.6, rel=0.15)


def test_full_frames_are_scaled_as_they_are(tmp_path):
    png(tmp_path / "frame.png", framed())
    hole = objects_from(tmp_path)((80, 120), rng())
    expected = np.zeros((80, 120), bool)
    expected[20:40, 60:100] = True
    assert np.array_equal(hole, expected)


def test_placing_can_be_asked_for_or_against(tmp_path):
    png(tmp_path / "frame.png", framed())
    placed = objects_from(tmp_path, placed=True)
    assert len({placed((80, 120), rng(k)).tobytes() for k in range(5)}) == 5
    png(tmp_path / "frame.png", np.full((5, 5), 255, np.uint8))
    assert objects_from(tmp_path, placed=False)((8, 9), rng()).all()


def test_folders_below_and_other_files(tmp_path):
    png(tmp_path / "people" / "A.PNG", framed())
    (tmp_path / "readme.txt").write_text("no picture")
    source = objects_from(str(tmp_path))
    assert isinstance(source, FolderObjects)
    assert [file.name for file in source.files] == ["A.PNG"]


def test_polarity_and_two_valued_pictures(tmp_path):
    one_bit = tmp_path / "bit.png"
    Image.fromarray(framed() > 0).save(one_bit)
    zero_one = png(tmp_path / "01.png", (framed() > 0).astype(np.uint8))
    colour = png(tmp_path / "rgb.png", np.repeat(framed()[..., None], 3, axis=2))
    for path in (one_bit, zero_one, colour):
        assert np.array_equal(read_shape(path), framed() > 0)
    assert not read_shape(png(tmp_path / "grey.png", np.full((3, 3), 127, np.uint8))).any()


def test_bad_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist; accepted: a folder of PNGs or a JSON file"):
        objects_from(tmp_path / "nothing")
    with pytest.raises(ValueError, match="holds no PNG"):
        objects_from(tmp_path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        draw("objects", (64, 64), item_rng(0, 0), objects=tmp_path / "nothing")


def test_bad_pictures(tmp_path):
    black = png(tmp_path / "black.png", np.zeros((5, 5), np.uint8))
    with pytest.raises(ValueError, match=r"black\.png' has no white pixel"):
        objects_from(tmp_path)((10, 10), rng())
    black.write_bytes(b"no png")
    with pytest.raises(ValueError, match=r"black\.png' is not a readable PNG"):
        objects_from(tmp_path)((10, 10), rng())
    source = objects_from(tmp_path)
    black.unlink()
    with pytest.raises(FileNotFoundError):
        source((10, 10), rng())


def test_coco_file_without_its_crowds(tmp_path):
    path = test_coco.write(tmp_path, {"images": test_coco.IMAGES, "annotations": test_coco.ROWS})
    source = objects_from(path)
    assert isinstance(source, AnnotatedObjects)
    seen = {tuple(np.flatnonzero(source((4, 6), rng(k)).any(axis=0)).tolist()) for k in range(30)}
    assert seen == {(1, 2), (5,)}


@pytest.mark.parametrize(("stuff", "number"), [(False, 300), (True, 70000)])
def test_panoptic_things_or_stuff_without_crowd_and_void(tmp_path, stuff, number):
    source = objects_from(test_panoptic.write(tmp_path), stuff=stuff)
    for k in range(10):
        assert np.array_equal(source((2, 3), rng(k)), number == test_panoptic.NUMBERS)


def test_annotation_files_without_objects(tmp_path):
    path = test_coco.write(tmp_path, {"images": test_coco.IMAGES, "annotations": []})
    with pytest.raises(ValueError, match="annotates no object"):
        objects_from(path)
    path = test_coco.write(tmp_path, {"images": test_coco.IMAGES, "annotations": test_coco.ROWS[1:2]})
    with pytest.raises(ValueError, match="no object in 1000 annotated images"):
        objects_from(path)((4, 6), rng())
    path.write_text(json.dumps({"nothing": []}))
    with pytest.raises(ValueError, match="no list 'annotations'"):
        objects_from(path)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 90), st.integers(1, 90), st.integers(0, 9))
def test_placed_shapes_are_whole_and_inside(height, width, canvas_height, canvas_width, seed):
    hole = place(np.ones((height, width), bool), (canvas_height, canvas_width), rng(seed))
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    assert hole.shape == (canvas_height, canvas_width)
    assert np.count_nonzero(hole) == len(rows) * len(columns) >= 1
    assert max(len(rows), len(columns)) <= max(1, round(0.9 * min(canvas_height, canvas_width)))


def test_empty_shapes_are_not_placed():
    with pytest.raises(ValueError, match="shape: has no True pixel"):
        place(np.zeros((4, 4), bool), (10, 10), rng())


def test_thin_shapes_do_not_vanish():
    line = np.zeros((100, 100), bool)
    line[:, 50] = True
    assert scaled(line, (10, 10)).any()


def test_scaling_keeps_the_area():
    assert share(scaled(disc(50, 70), (200, 200))) == pytest.approx(np.pi / 4, abs=0.01)


def test_blobs_lie_on_the_canvas_and_differ():
    source = SyntheticBlobs()
    holes = [source((120, 90), rng(k)) for k in range(20)]
    assert all(hole.shape == (120, 90) and 0.003 < share(hole) < 0.7 for hole in holes)
    assert len({hole.tobytes() for hole in holes}) == 20


def test_a_source_of_ones_own():
    def corner(size, rng):
        hole = np.zeros(size, bool)
        hole[:3, :3] = True
        return hole

    assert draw("pixelhacker-foreground", (64, 64), item_rng(0, 0), objects=corner).sum() == 9
