"""Panoptic annotations as pairs."""

import json

import numpy as np
import pytest

from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.sources import source_of
from retouch.data.lcg.stand_in import ColourAndPlace, Regions
from tests.data.lcg.pairs_for_tests import box_mask, numbers_png, panoptic, photo

SIZE = (60, 80)


def open_source(root, annotations, limits=None, **options):
    return source_of(
        root / "photos",
        segmenter=Regions(),
        scorer=ColourAndPlace(),
        limits=limits or Limits(),
        annotations=annotations,
        **options,
    )


@pytest.fixture
def numbers():
    """Segment numbers above 255 and 65535: a dog, sky, void in one corner, a speck of person."""
    found = np.full(SIZE, 187 + 256 * 3)  # sky
    found[20:50, 10:50] = 70_000  # dog
    found[:10, :10] = 0
    found[55:57, 60:62] = 9
    return found


ROWS = [
    {"id": 70_000, "category_id": 18, "iscrowd": 0},
    {"id": 187 + 256 * 3, "category_id": 187, "iscrowd": 0},
    {"id": 9, "category_id": 1, "iscrowd": 0},
]


def test_segments_become_pairs_and_void_belongs_to_none(tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    source = open_source(tmp_path, panoptic(tmp_path, {"a": (numbers, ROWS)}))
    assert (source.name, source.images) == ("panoptic", ("a.jpg",))
    done = source.label(0)
    assert [(pair.category.name, pair.category.role) for pair in done.pairs] == [
        ("dog", "foreground"),
        ("sky-other-merged", "background"),
    ]
    dog, sky = (pair.mask() for pair in done.pairs)
    assert np.array_equal(dog, box_mask(SIZE, 10, 20, 50, 50))
    assert np.array_equal(sky, numbers == 187 + 256 * 3)
    assert not sky[:10, :10].any()
    assert {(pair.image, pair.source, pair.score) for pair in done.pairs} == {("a.jpg", "panoptic", 1.0)}
    assert done.dropped == {"too small": 1}
    assert done.problems == ()


def test_crowds_are_left_out(tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    rows = [ROWS[0] | {"iscrowd": 1}, *ROWS[1:]]
    done = open_source(tmp_path, panoptic(tmp_path, {"a": (numbers, rows)})).label(0)
    assert [pair.category.name for pair in done.pairs] == ["sky-other-merged"]
    assert done.dropped["crowd"] == 1


def test_categories_are_told_by_name_whatever_their_number(tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    names = [{"id": 0, "name": "sky-other-merged"}, {"id": 1, "name": "Dog"}, {"id": 2, "name": "unicorn"}]
    rows = [
        {"id": 70_000, "category_id": 1},
        {"id": 187 + 256 * 3, "category_id": 0},
        {"id": 9, "category_id": 2},
    ]
    limits = Limits(area=(0.0, 0.9))
    done = open_source(tmp_path, panoptic(tmp_path, {"a": (numbers, rows)}, names), limits).label(0)
    assert [pair.category.name for pair in done.pairs] == ["dog", "sky-other-merged"]
    assert done.dropped == {"of another category": 1}


def test_the_folder_of_pngs_may_be_elsewhere(tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    file = panoptic(tmp_path, {"a": (numbers, ROWS)})
    (tmp_path / "panoptic").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="PNGs"):
        open_source(tmp_path, file)
    assert len(open_source(tmp_path, file, pngs=tmp_path / "elsewhere").label(0).pairs) == 2


def test_photos_that_do_not_fit_are_problems_and_the_others_are_labelled(tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    photo(tmp_path / "photos/small.jpg", (40, 30))
    photo(tmp_path / "photos/torn.jpg")
    photo(tmp_path / "photos/other.jpg")
    images = dict.fromkeys(("gone", "small", "torn", "other", "a"), (numbers, ROWS))
    source = open_source(tmp_path, panoptic(tmp_path, images))
    (tmp_path / "panoptic/torn.png").write_bytes(b"no PNG")
    numbers_png(tmp_path / "panoptic/other.png", np.full(SIZE, 5))
    done = [source.label(k) for k in range(5)]
    reasons = [each.problems[0].reason for each in done[:4]]
    assert "gone.png" in reasons[0]
    assert "'small.jpg' is 30x40 (height x width); its annotation is 60x80" in reasons[1]
    assert "not a readable PNG" in reasons[2]
    assert "only in one of PNG and JSON" in reasons[3]
    assert not any(each.pairs for each in done[:4])
    assert len(done[4].pairs) == 2


def test_photos_in_subfolders_are_found_by_name_if_there_is_one_only(tmp_path, numbers):
    photo(tmp_path / "photos/deep/a.jpg")
    for folder in ("one", "two"):
        photo(tmp_path / f"photos/{folder}/b.jpg")
    source = open_source(tmp_path, panoptic(tmp_path, dict.fromkeys(("a", "b"), (numbers, ROWS))))
    assert source.images == ("deep/a.jpg", "b.png")
    assert len(source.label(0).pairs) == 2
    assert "b.png" in source.label(1).problems[0].reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": []}, "annotates nothing"),
        ({"categories": []}, "has none of the 137 categories"),
        ({"categories": [{"id": 1, "name": "unicorn"}]}, "has none of the 137 categories"),
        ({"categories": [{"name": "dog"}]}, "'id' is None"),
        ({"categories": "dogs"}, "'categories' is no list"),
        ({"annotations": [7]}, "no list 'annotations'"),
    ],
)
def test_files_that_cannot_be_used_as_a_whole(change, message, tmp_path, numbers):
    photo(tmp_path / "photos/a.jpg")
    file = panoptic(tmp_path, {"a": (numbers, ROWS)})
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=message):
        open_source(tmp_path, file)


def test_a_folder_with_none_of_the_photos(tmp_path, numbers):
    photo(tmp_path / "photos/b.jpg")
    with pytest.raises(FileNotFoundError, match=r"holds none of the 1 annotated photos, such as 'a\.png'"):
        open_source(tmp_path, panoptic(tmp_path, {"a": (numbers, ROWS)}))


def test_pngs_without_annotations(tmp_path):
    photo(tmp_path / "photos/b.jpg")
    with pytest.raises(ValueError, match="pngs: is given without annotations"):
        open_source(tmp_path, None, pngs=tmp_path)
