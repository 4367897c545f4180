"""Photos in WebDataset shards."""

import gzip

import numpy as np
import pytest

from retouch.data import dataset, shard_items
from tests.data.layouts_for_tests import disc, picture, shard


@pytest.fixture
def two_shards(tmp_path):
    size = (40, 30)
    first = [(f"a/{k}.{part}", image) for k in (3, 1) for part, image in (("png", picture(k, size)), ("json", b"{}"))]
    second = [("./b.png", picture(9, size)), ("b.mask.png", disc(size)), ("b.cls", b"4")]
    shard(tmp_path / "set-10.tar", second)
    shard(tmp_path / "set-9.tar", first)
    return tmp_path


def test_order_is_that_of_shards_and_within_them(two_shards):
    items = shard_items(two_shards)
    assert [(item.k, item.name) for item in items] == [(0, "a/3"), (1, "a/1"), (2, "b")]


def test_photos_and_masks_are_read_from_the_middle_of_a_tar(two_shards):
    items = dataset("folder", two_shards).items
    assert np.array_equal(np.asarray(items[1].image()), np.asarray(picture(1, (40, 30))))
    assert np.array_equal(items[2].hole(), np.asarray(disc((40, 30))) > 127)
    assert items[0].mask is None


def test_one_shard_alone(two_shards):
    assert [item.name for item in shard_items(two_shards / "set-10.tar")] == ["b"]


def test_the_number_is_checked_in_shards_too(two_shards):
    with pytest.raises(ValueError, match="holds 3 photos; split 'all' of 'places365-val' has 36500"):
        dataset("places365-val", two_shards)
    assert len(dataset("places365-val", two_shards, limit=2).items) == 2


def test_no_shard(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no shard"):
        shard_items(tmp_path)


def test_a_key_in_two_shards(tmp_path):
    for name in ("1.tar", "2.tar"):
        shard(tmp_path / name, [("x.png", picture(0, (8, 8)))])
    with pytest.raises(ValueError, match="both hold a photo 'x'"):
        shard_items(tmp_path)


def test_two_photos_of_one_key(tmp_path):
    shard(tmp_path / "1.tar", [("x.png", picture(0, (8, 8))), ("x.jpg", b"")])
    with pytest.raises(ValueError, match="holds two photos 'x'"):
        shard_items(tmp_path)


def test_a_shard_without_photos(tmp_path):
    shard(tmp_path / "1.tar", [("x.txt", b"words")])
    with pytest.raises(OSError, match="holds no photo"):
        shard_items(tmp_path)


@pytest.mark.parametrize("content", [b"not a tar at all" * 100, gzip.compress(b"0" * 10240)])
def test_what_is_no_tar(content, tmp_path):
    (tmp_path / "1.tar").write_bytes(content)
    with pytest.raises(OSError, match="is no uncompressed tar or is damaged"):
        shard_items(tmp_path)


def test_a_shard_that_was_cut_names_the_photo(tmp_path):
    path = shard(tmp_path / "1.tar", [("x.png", picture(0, (64, 64)))])
    (item,) = shard_items(path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(OSError, match=r"1\.tar:x\.png is cut"):
        item.image()
