"""Which photos take part: folders, shards, lists."""

import re
import subprocess
import sys

import numpy as np
import pytest

from retouch.data import photos_in
from tests.data.layouts_for_tests import disc, picture, save, shard
from tests.data.photos_for_tests import folder_of, same, stream


def names(photos):
    return [item.name for item in photos.items]


def test_torch_is_not_needed():
    code = "import sys, retouch.data; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_folder_with_its_subfolders_in_natural_order(tmp_path):
    for name in ("b/10.png", "b/9.png", "a.png", "a.mask.png"):
        save(picture(0, (8, 8)), tmp_path / name)
    photos = photos_in(tmp_path)
    assert names(photos) == ["a", "b/9", "b/10"]
    assert [item.k for item in photos.items] == [0, 1, 2]
    assert photos.name == tmp_path.name


def test_several_sources(tmp_path):
    photos = photos_in([folder_of(tmp_path / "b", n=2), folder_of(tmp_path / "a", n=1)])
    assert names(photos) == ["photo0", "photo1", "photo0"]
    assert [item.k for item in photos.items] == [0, 1, 2]
    assert photos.name == "b, a"


def test_no_source_at_all(tmp_path):
    with pytest.raises(ValueError, match="data: names no folder"):
        photos_in([])
    with pytest.raises(FileNotFoundError, match=r"data: .*holds no image file"):
        photos_in(tmp_path)
    with pytest.raises(FileNotFoundError, match="data: there is no file or folder"):
        photos_in(tmp_path / "nowhere")
    save(disc((8, 8)), tmp_path / "a.mask.png")
    with pytest.raises(FileNotFoundError, match="holds masks and no photo"):
        photos_in(tmp_path)


def test_shards_give_the_samples_of_the_folder(tmp_path):
    folder = folder_of(tmp_path / "folder", n=4)
    files = [(f"photo{k}.png", (folder / f"photo{k}.png").read_bytes()) for k in range(4)]
    (tmp_path / "shards").mkdir()
    shard(tmp_path / "shards" / "0.tar", files[:3])
    shard(tmp_path / "shards" / "1.tar", files[3:])
    from_folder, from_shards = stream(folder), stream(tmp_path / "shards")
    assert all(same(from_folder[p], from_shards[p]) for p in range(8))


def test_a_photo_missing_from_a_shard_is_passed_over(tmp_path):
    folder = folder_of(tmp_path / "folder", n=2)
    files = [(f"photo{k}.png", (folder / f"photo{k}.png").read_bytes()) for k in range(2)]
    files[1] = ("photo1.png", files[1][1][:100])
    samples = stream(shard(tmp_path / "0.tar", files))
    assert {samples[p].name for p in range(2)} == {"photo0"}


def test_lists_of_names(tmp_path):
    folder_of(tmp_path / "set", n=4)
    chosen = tmp_path / "list.txt"
    chosen.write_text("photo3\n\nphoto1.png\nphoto9\n")
    photos = photos_in(tmp_path / "set", chosen)
    assert names(photos) == ["photo1", "photo3"]
    assert [item.k for item in photos.items] == [0, 1]
    assert (photos.absent, photos.weights) == (1, None)


def test_lists_with_weights(tmp_path):
    folder_of(tmp_path / "set", n=3)
    chosen = tmp_path / "list.csv"
    chosen.write_text("file,source,weight\nset/photo2.png,rooms,2.5\nset/photo0.png,people,\n")
    photos = photos_in(tmp_path / "set", chosen)
    assert names(photos) == ["photo0", "photo2"]
    assert np.array_equal(photos.weights, [1, 2.5])


def test_rows_of_other_folders_are_not_taken_for_photos_of_the_same_name(tmp_path):
    for part in ("train", "val"):
        folder_of(tmp_path / part, n=2)
    chosen = tmp_path / "list.csv"
    chosen.write_text("file\ntrain/photo0.png\nval/photo1.png\n")
    photos = photos_in(tmp_path / "train", chosen)
    assert (names(photos), photos.absent) == (["photo0"], 1)


def test_lists_made_elsewhere_find_photos_by_their_bare_name(tmp_path):
    folder_of(tmp_path / "set", n=2)
    chosen = tmp_path / "list.txt"
    chosen.write_text("somewhere/else/photo1.png\n")
    assert names(photos_in(tmp_path / "set", chosen)) == ["photo1"]


def test_a_bare_name_that_several_photos_have_finds_none(tmp_path):
    for part in ("a", "b"):
        folder_of(tmp_path / part, n=1)
    chosen = tmp_path / "list.txt"
    chosen.write_text("a/photo0.png\nelsewhere/photo0.png\n")
    photos = photos_in(tmp_path, chosen)
    assert (names(photos), photos.absent) == (["a/photo0"], 1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("list.csv", "name,weight\nphoto0,1\n", "has the columns name, weight; accepted: file, and perhaps weight"),
        ("list.csv", "", "has the columns none; accepted: file"),
        ("list.csv", "file\n", "names no photo"),
        ("list.txt", "\n \n", "names no photo"),
        ("list.txt", "photo0\nphoto0\n", "names 'photo0' twice"),
        ("list.txt", "cat\n", "names none of the 2 photos; its first row is 'cat', the first photo 'photo0'"),
        ("list.csv", "file,weight\nphoto0,-1\n", "gives 'photo0' the weight '-1'; accepted: numbers from 0 up"),
        ("list.csv", "file,weight\nphoto0,much\n", "gives 'photo0' the weight 'much'"),
        ("list.csv", "file,weight\nphoto0,nan\n", "gives 'photo0' the weight 'nan'"),
        ("list.csv", "file,weight\nphoto0,0\n", "gives every photo the weight 0"),
    ],
)
def test_bad_lists(tmp_path, name, text, message):
    folder_of(tmp_path / "set", n=2)
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=f"list_file: .*{re.escape(message)}"):
        photos_in(tmp_path / "set", tmp_path / name)


def test_lists_that_cannot_be_read(tmp_path):
    folder_of(tmp_path / "set", n=1)
    with pytest.raises(FileNotFoundError, match="list_file: there is no file"):
        photos_in(tmp_path / "set", tmp_path / "nowhere.csv")
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(OSError, match="is not text in UTF-8"):
        photos_in(tmp_path / "set", tmp_path / "list.txt")
