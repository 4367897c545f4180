"""Reading the pairs of folders."""

import numpy as np
import pytest

from retouch.data.lcg.pairs import joined, read_pairs
from retouch.data.lcg.statistics import spread, statistics
from tests.data.lcg.pairs_for_tests import box_mask, folder_of_pairs


def test_pairs_are_found_in_order(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    assert len(pairs) == 8
    assert [pairs[k].image for k in range(8)] == [f"photo{k // 2}.png" for k in range(8)]
    assert pairs.labels().tolist() == [1, 0] * 4
    assert np.array_equal(pairs[6].mask(), box_mask((64, 96), 13, 20, 50, 50))
    assert pairs.photo(6, pairs[6]) == tmp_path / "photos/photo3.png"
    assert pairs.of("background").tolist() == [1, 3, 5, 7]


def test_photos_may_lie_elsewhere(tmp_path):
    folder = folder_of_pairs(tmp_path)
    (tmp_path / "photos").rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError, match="photos: there is no folder"):
        read_pairs(folder)
    pairs = read_pairs(folder, tmp_path / "moved")
    assert pairs.photo(0, pairs[0]).is_file()


def test_folders_are_joined_each_with_its_photos(tmp_path):
    one, two = (read_pairs(folder_of_pairs(tmp_path / name, n)) for name, n in (("a", 4), ("b", 2)))
    both = joined([one, two])
    assert len(both) == 12
    assert [both[k] for k in range(12)] == [one[k] for k in range(8)] + [two[k] for k in range(4)]
    assert both.photo(8, both[8]) == tmp_path / "b/photos/photo0.png"
    with pytest.raises(ValueError, match="names no folder"):
        joined([])


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0.5), (0.2, 0.2), (0.0, 0.0), (1.0, 1.0)])
def test_weights_balance_the_classes(share, expected, tmp_path):
    folder = folder_of_pairs(tmp_path)
    shard = folder / "pairs-00000.jsonl"
    shard.write_text("".join(shard.read_text().splitlines(keepends=True)[:5]))  # one background pair less
    pairs = read_pairs(folder)
    weights = pairs.weights(share)
    assert len(pairs.of("background")) == 3
    assert weights.sum() == pytest.approx(1)
    assert weights[pairs.of("foreground")].sum() == pytest.approx(expected)
    assert len(set(weights[pairs.of("foreground")])) == 1


def without(folder, role):
    for shard in folder.glob("*.jsonl"):
        shard.write_text("".join(x for x in shard.read_text().splitlines(keepends=True) if role not in x))


def test_a_class_without_pairs(tmp_path):
    folder = folder_of_pairs(tmp_path)
    without(folder, '"background"')
    pairs = read_pairs(folder)
    with pytest.raises(ValueError, match="there is no background pair"):
        pairs.weights()
    assert pairs.weights(1.0).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match=r"foreground: is 1\.5"):
        pairs.weights(1.5)


def test_folders_without_pairs(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no lcg\.json"):
        read_pairs(tmp_path)
    folder = folder_of_pairs(tmp_path)
    without(folder, "ground")
    with pytest.raises(ValueError, match="holds no pair"):
        read_pairs(folder)
    for shard in folder.glob("*.jsonl"):
        shard.unlink()
    with pytest.raises(FileNotFoundError, match="holds no finished shard"):
        read_pairs(folder)


def test_a_damaged_line_is_named(tmp_path):
    folder = folder_of_pairs(tmp_path)
    shard = folder / "pairs-00001.jsonl"
    shard.write_text(shard.read_text().replace('"dog"', '"dragon"'))
    with pytest.raises(ValueError, match=r"pairs-00001\.jsonl', line 1: category 'dragon' is unknown"):
        read_pairs(folder)


def test_a_shard_that_changes_under_a_run(tmp_path):
    folder = folder_of_pairs(tmp_path)
    pairs = read_pairs(folder)
    (folder / "pairs-00001.jsonl").write_text("x\n")
    with pytest.raises(ValueError, match=r"pairs-00001\.jsonl', byte 0"):
        pairs[6]
    (folder / "pairs-00001.jsonl").unlink()
    with pytest.raises(FileNotFoundError):
        pairs[6]


def test_statistics_of_categories(tmp_path):
    rows = statistics(read_pairs(folder_of_pairs(tmp_path)))
    assert [(row.category.name, row.pairs) for row in rows] == [
        ("sky-other-merged", (1, 3, 5, 7)),
        ("dog", (0, 2, 4, 6)),
    ]
    assert rows[0].area == pytest.approx(17.5 / 64)
    assert rows[0].score == 1


def test_spread():
    assert spread(list(range(10)), 3) == [0, 3, 6]
    assert spread([4, 5], 6) == [4, 5]
