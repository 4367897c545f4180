"""Data sets are found, ordered and counted; what is missing or wrong is said."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retouch.data import LAYOUTS, dataset, datasets, layout
from tests.data.layouts_for_tests import NAMES, disc, lay_out, picture, save

ALL = [each.name for each in LAYOUTS]


def test_all_data_sets_are_tested():
    assert sorted(ALL) == sorted(NAMES)


@pytest.mark.parametrize("name", ALL)
def test_photos_are_found_in_order(name, tmp_path):
    found = dataset(name, lay_out(name, tmp_path), limit=12)
    assert [item.k for item in found.items] == list(range(12))
    assert len({item.name for item in found.items}) == 12
    assert found.items[0].image().mode == "RGB"


def test_order_is_natural_not_alphabetical(tmp_path):
    found = dataset("celebahq", lay_out("celebahq", tmp_path), split="all", limit=12)
    assert [item.name for item in found.items] == [str(k) for k in range(12)]


@pytest.mark.parametrize("name", [each.name for each in LAYOUTS if each.splits[0].n is not None])
def test_another_number_is_refused(name, tmp_path):
    chosen = layout(name).splits[0]
    with pytest.raises(ValueError, match=f"holds 12 photos; split '{chosen.name}' of '{name}' has {chosen.n}"):
        dataset(name, lay_out(name, tmp_path))


@pytest.mark.parametrize("name", ALL)
def test_missing_data_says_where_it_is_obtained(name, tmp_path):
    expected = layout(name)
    if name == "folder":
        with pytest.raises(FileNotFoundError, match="holds no image file"):
            dataset(name, tmp_path)
    else:
        with pytest.raises(FileNotFoundError) as caught:
            dataset(name, tmp_path)
        assert expected.origin in str(caught.value)
        assert expected.expected in str(caught.value)
    with pytest.raises(FileNotFoundError, match=re.escape(expected.origin)):
        dataset(name, tmp_path / "nowhere")


def test_the_number_is_accepted_when_it_is_right(tmp_path, monkeypatch):
    root = lay_out("places365-val", tmp_path)
    small = replace(layout("places365-val"), splits=(replace(layout("places365-val").splits[0], n=12),))
    monkeypatch.setattr(datasets, "layout", lambda name: small)
    whole = dataset("places365-val", root)
    assert len(whole.items) == 12
    assert whole.limit is None


@pytest.mark.parametrize(("take", "first"), [("first", 0), ("last", 8)])
def test_splits_of_the_first_or_last(take, first, tmp_path, monkeypatch):
    root = lay_out("ffhq", tmp_path)
    part = replace(layout("ffhq").splits[0], n=4, take=take)
    monkeypatch.setattr(datasets, "layout", lambda name: replace(layout("ffhq"), splits=(part,)))
    numbers = [int(item.name.rsplit("/", 1)[-1]) for item in dataset("ffhq", root).items]
    assert numbers == list(range(first, first + 4))


def test_a_list_file_gives_photos_and_their_order(tmp_path):
    root = lay_out("celebahq", tmp_path)
    chosen = tmp_path / "mine.txt"
    chosen.write_text("7.jpg\n\n/somewhere/else/3.png\n11\n")
    found = dataset("celebahq", root, list_file=chosen, limit=5)
    assert [item.name for item in found.items] == ["7", "3", "11"]


def test_a_list_of_the_layout_is_found(tmp_path):
    root = lay_out("celebahq", tmp_path)
    (root / "val_2000.txt").write_text("5.jpg\n2.jpg\n")
    assert [item.name for item in dataset("celebahq", root, split="2dgs", limit=2).items] == ["5", "2"]
    with pytest.raises(ValueError, match="holds 2 photos; split '2dgs' of 'celebahq' has 2000"):
        dataset("celebahq", root, split="2dgs")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("3.jpg\n99.jpg\n", FileNotFoundError, "holds no photo '99.jpg' of the list"),
        ("3.jpg\n3.jpg\n", ValueError, "names '3.jpg' twice"),
        ("\n", ValueError, "names no photo"),
    ],
)
def test_bad_lists(text, kind, message, tmp_path):
    root = lay_out("celebahq", tmp_path)
    (root / "bad.txt").write_text(text)
    with pytest.raises(kind, match=message):
        dataset("celebahq", root, list_file=root / "bad.txt", limit=5)


def test_a_list_that_is_no_text_or_not_there(tmp_path):
    root = lay_out("celebahq", tmp_path)
    (root / "bad.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(OSError, match="is not text in UTF-8"):
        dataset("celebahq", root, list_file=root / "bad.txt")
    with pytest.raises(FileNotFoundError, match="list_file: there is no file"):
        dataset("celebahq", root, list_file=root / "none.txt")


def celeba(root, rows, parts):
    for name in ("val_2993.txt", "val_2000.txt"):
        (root / name).unlink()
    lines = ["idx orig_idx orig_file", *(f"{k} {k * 7} {k:06d}.jpg" for k in range(rows))]
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text("\n".join(lines))
    (root / "list_eval_partition.txt").write_text("".join(f"{k:06d}.jpg {part}\n" for k, part in enumerate(parts)))
    return root


def test_celebahq_splits_follow_from_celeba(tmp_path):
    root = celeba(lay_out("celebahq", tmp_path), 12, [0, 1, 2, 0, 1, 0, 0, 0, 0, 0, 1, 2])
    val = dataset("celebahq", root, split="mat", limit=99)
    train = dataset("celebahq", root, split="mat-train", limit=99)
    assert [item.name for item in val.items] == ["1", "4", "10"]
    assert [item.name for item in train.items] == ["0", "3", "5", "6", "7", "8", "9"]


def test_celeba_partition_with_gaps_is_refused(tmp_path):
    root = celeba(lay_out("celebahq", tmp_path), 12, [0, 1, 2])
    with pytest.raises(OSError, match=r"does not have '000003\.jpg'"):
        dataset("celebahq", root)
    (root / "list_eval_partition.txt").write_text("000000.jpg\n")
    with pytest.raises(OSError, match="row 1: has 1 columns; accepted: 2"):
        dataset("celebahq", root)


@pytest.mark.parametrize("rename", [lambda n: n, lambda n: f"00{n}", lambda n: n.replace(".jpg", ".png")])
def test_misato_masks_are_found_under_three_names(rename, tmp_path):
    for k in range(2):
        name = f"{k:04d}.jpg"
        save(picture(k, (512, 512)), tmp_path / "512/image" / name)
        save(disc((512, 512)), tmp_path / "512/mask" / rename(name))
    found = dataset("misato-512", tmp_path, limit=2)
    assert [item.mask.name for item in found.items] == [rename("0000.jpg"), rename("0001.jpg")]
    assert 0.15 < found.items[0].hole().mean() < 0.25


def test_misato_photo_without_mask(tmp_path):
    lay_out("misato-512", tmp_path)
    (tmp_path / "512/mask/0003.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"'0003\.png' has no mask"):
        dataset("misato-512", tmp_path, limit=12)


def test_any_folder_keeps_photos_without_mask_in_their_place(tmp_path):
    lay_out("folder", tmp_path, 3)
    (tmp_path / "photo1.mask.png").unlink()
    found = dataset("folder", tmp_path)
    assert [(item.k, item.name, item.mask is None) for item in found.items] == [
        (0, "photo0", False),
        (1, "photo1", True),
        (2, "photo2", False),
    ]
    with pytest.raises(ValueError, match="mask: 'photo1' has none"):
        found.items[1].hole()


def test_a_photo_is_rgb_whatever_its_file(tmp_path):
    save(Image.new("L", (20, 10), 77), tmp_path / "a.png")
    save(Image.new("CMYK", (20, 10), (0, 0, 0, 0)), tmp_path / "b.jpg")
    Image.fromarray(np.full((10, 20), 257 * 9, np.uint16)).save(tmp_path / "c.png")
    grey, cmyk, deep = (np.asarray(item.image()) for item in dataset("folder", tmp_path).items)
    assert grey.shape == cmyk.shape == deep.shape == (10, 20, 3)
    assert (grey == 77).all()
    assert (cmyk >= 253).all()
    assert (deep == 9).all()


def test_a_damaged_photo_is_named(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (item,) = dataset("folder", tmp_path).items
    with pytest.raises(OSError, match="photo 'bad'"):
        item.image()


@pytest.mark.parametrize("limit", [0, -1, 1.5, "3"])
def test_bad_limits(limit, tmp_path):
    with pytest.raises(ValueError, match="limit"):
        dataset("folder", tmp_path, limit=limit)


def test_unknown_names(tmp_path):
    with pytest.raises(ValueError, match="dataset 'celeba-hq' is unknown; did you mean 'celebahq'"):
        dataset("celeba-hq", tmp_path)
    with pytest.raises(ValueError, match="has none called 'val'; known: mat, mat-train, 2dgs, 2dgs-train, all"):
        dataset("celebahq", tmp_path, split="val")
