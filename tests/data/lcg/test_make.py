"""Shards: whole or not there, resumable, divisible; and the page."""

import json
import os
import sys
from collections import Counter

import numpy as np
import pytest

from retouch.data.lcg.labelling import Labelled, Limits, Problem
from retouch.data.lcg.make import make_pairs
from retouch.data.lcg.page import write_page
from retouch.data.lcg.pairs import read_pairs
from retouch.data.lcg.record import read_record, read_told, shards_of
from tests.data.lcg.pairs_for_tests import Given, box_mask, photo

SIZE = (40, 50)


def given(n=7, start=0):
    """A source of n photos with a dog and a sky each."""
    sky = ("sky-other-merged", box_mask(SIZE, 0, 0, 50, 10))
    masks = {f"{start + k}.png": [("dog", box_mask(SIZE, 5, 15, 20 + k, 35)), sky] for k in range(n)}
    return Given(masks)


def make(root, source, **options):
    options = {"photos": root, "limits": Limits(), "per_shard": 3} | options
    return make_pairs(source, root / "pairs", **options)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_photos_are_labelled_into_shards_of_lines(tmp_path):
    done = make(tmp_path, given())
    assert (done.photos, done.pairs, done.kept) == (7, 14, 0)
    names = sorted(path.name for path in (tmp_path / "pairs").iterdir())
    assert names == [
        *("lcg.json", "pairs-00000.jsonl", "pairs-00001.jsonl", "pairs-00002.jsonl"),
        *("photos-00000.json", "photos-00001.json", "photos-00002.json"),
    ]
    lines = [json.loads(line) for path in shards_of(tmp_path / "pairs") for line in path.read_text().splitlines()]
    assert [line["image"] for line in lines] == [f"{k}.png" for k in range(7) for _ in range(2)]
    record = read_record(tmp_path / "pairs")
    assert (record.count, record.source, record.photos) == (7, "given", str(tmp_path))


def test_a_killed_run_keeps_its_finished_shards_and_goes_on(tmp_path):
    class Killed(Given):
        def label(self, k):
            if k == 5:
                raise KeyboardInterrupt
            return super().label(k)

    source = given()
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, Killed(dict(zip(source.images, source.masks, strict=True))))
    before = contents(tmp_path / "pairs")
    assert sorted(before) == ["lcg.json", "pairs-00000.jsonl", "photos-00000.json"]
    done = make(tmp_path, source)
    assert source.asked == [3, 4, 5, 6]
    assert (done.photos, done.pairs, done.kept, done.told.photos) == (4, 8, 1, 7)
    after = contents(tmp_path / "pairs")
    assert all(after[name] == content for name, content in before.items())
    make(tmp_path / "whole", given(), photos=tmp_path)
    assert contents(tmp_path / "whole/pairs") == after


def test_shares_divide_the_shards_and_together_are_the_whole(tmp_path):
    first, second = given(), given()
    assert make(tmp_path, first, share=(1, 2)).pairs == 8
    assert make(tmp_path, second, share=(2, 2)).pairs == 6
    assert (first.asked, second.asked) == ([0, 1, 2, 6], [3, 4, 5])
    make(tmp_path / "whole", given(), photos=tmp_path)
    assert contents(tmp_path / "whole/pairs") == contents(tmp_path / "pairs")


def test_more_shares_than_shards(tmp_path):
    done = make(tmp_path, given(), share=(5, 9))
    assert (done.photos, done.told.photos) == (0, 0)


def test_progress_counts_all_photos_of_the_share(tmp_path):
    make(tmp_path, given(), share=(1, 2))
    (tmp_path / "pairs/pairs-00000.jsonl").unlink()
    calls = []
    make(tmp_path, given(), share=(1, 2), progress=lambda *step: calls.append(step))
    assert calls == [(1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize(
    ("options", "source", "named"),
    [
        ({"per_shard": 4}, given(), "per_shard was 3, is 4"),
        ({"limits": Limits(score=0.6)}, given(), "score was 0.5, is 0.6"),
        ({"limits": Limits(area=(0.02, 0.8))}, given(), "area was"),
        ({}, given(start=1), "names was"),
        ({}, given(6), "names was"),
    ],
)
def test_pairs_of_other_photos_or_settings_are_not_mixed(options, source, named, tmp_path):
    make(tmp_path, given())
    before = contents(tmp_path / "pairs")
    with pytest.raises(FileExistsError, match=named):
        make(tmp_path, source, **options)
    assert contents(tmp_path / "pairs") == before


def test_photos_may_lie_elsewhere(tmp_path):
    make(tmp_path, given())
    assert make(tmp_path, given(), photos=tmp_path / "elsewhere").kept == 3


def test_shards_without_record_and_a_damaged_record(tmp_path):
    make(tmp_path, given())
    record = tmp_path / "pairs/lcg.json"
    record.write_text('{"count": 7}')
    with pytest.raises(ValueError, match="is damaged"):
        make(tmp_path, given())
    record.unlink()
    with pytest.raises(FileExistsError, match=r"did not write, and no lcg\.json; choose another"):
        make(tmp_path, given())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_text(tmp_path):
    good, torn = (os.fsdecode(name) for name in (b"caf\xe9.png", b"\xff.png"))
    photo(tmp_path / good, SIZE[::-1])

    class Odd(Given):
        def label(self, k):
            return super().label(k) if k == 0 else Labelled(problems=(Problem(torn, f"photo {torn!r}: is torn"),))

    dog = ("dog", box_mask(SIZE, 5, 15, 20, 35))
    done = make(tmp_path, Odd({good: [dog], torn: []}))
    assert done.told.problems[0][0] == "\\udcff.png"
    pairs = read_pairs(tmp_path / "pairs")
    assert pairs.photo(0, pairs[0]).is_file()
    write_page(pairs, done.told, tmp_path / "page.html", "Pairs")
    assert (tmp_path / "page.html").read_text().count("<img") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": (0, 2)}, "share: is 0/2"),
        ({"share": (3, 2)}, "share: is 3/2"),
        ({"per_shard": 0}, "per_shard"),
    ],
)
def test_bad_arguments_write_nothing(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        make(tmp_path, given(), **options)
    assert not (tmp_path / "pairs").exists()


class Troubled(Given):
    """The second photo has a problem, the third loses a mask."""

    def label(self, k):
        if k == 1:
            return Labelled(problems=(Problem("1.png", "photo '1.png': is <torn>"),))
        done = super().label(k)
        return Labelled(done.pairs[:1], Counter({"too small": 1})) if k == 2 else done


def troubled(root):
    for k in range(3):
        photo(root / f"{k}.png", SIZE[::-1], k)
    source = given(3)
    make(root, Troubled(dict(zip(source.images, source.masks, strict=True))), per_shard=2)
    return root / "pairs"


def test_what_became_of_photos_is_kept_for_every_shard(tmp_path):
    told = read_told(shards_of(troubled(tmp_path)))
    assert told.photos == 3
    assert told.dropped == {"too small": 1}
    assert told.problems == (("1.png", "photo '1.png': is <torn>"),)


def test_the_page_counts_and_shows_pairs(tmp_path):
    folder = troubled(tmp_path)
    page = tmp_path / "page.html"
    pairs, told = read_pairs(folder), read_told(shards_of(folder))
    write_page(pairs, told, page, "Pairs & more")
    text = page.read_text()
    assert "<h1>Pairs &amp; more</h1>" in text
    assert "3 photos gave 3 pairs of photo and mask: 1 background, 2 foreground." in text
    assert "1 too small" in text
    assert "is &lt;torn&gt;" in text
    assert text.count('<img src="data:image/webp') == 3
    for name, count in (("dog", 2), ("sky-other-merged", 1)):
        assert f'<td>{name}</td><td class="n">{count}</td>' in text
    assert "http" not in text  # nothing is fetched
    write_page(pairs, told, page, "Again", each=1)
    assert page.read_text().count("<img") == 2


def test_a_photo_that_has_gone_is_told_on_the_page(tmp_path):
    folder = troubled(tmp_path)
    (tmp_path / "0.png").unlink()
    write_page(read_pairs(folder), read_told(shards_of(folder)), tmp_path / "page.html", "Pairs")
    assert (tmp_path / "page.html").read_text().count("The photo is missing.") == 2


def test_masks_are_tinted_where_they_are(tmp_path):
    import base64
    import io
    import re

    from PIL import Image

    folder = troubled(tmp_path)
    write_page(read_pairs(folder), read_told(shards_of(folder)), tmp_path / "page.html", "Pairs")
    first = re.search(r'base64,([^"]+)" alt="sky', (tmp_path / "page.html").read_text())
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(first[1])))).astype(int)  # [h, w, 3]
    plain = np.asarray(Image.open(tmp_path / "0.png").resize(shown.shape[1::-1])).astype(int)
    change = np.abs(shown - plain).mean(-1)  # [h, w]; the sky is the upper quarter
    edge = shown.shape[0] // 4
    assert change[: edge - 4].mean() > 3 * change[edge + 4 :].mean()
