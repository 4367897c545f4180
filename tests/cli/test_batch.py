"""`retouch batch`: pairing, skipping, telling, and its exit codes."""

import csv
import errno
import json
import os

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import contents, names_in, pixels

FAST = ("-m", "smooth")


@pytest.fixture
def album(folder, photo, hole):
    """photos/ with a.png, b.jpg and c.png, masks/ with a.png and b.png (c has none) and an orphan."""
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for name in ("a.png", "b.jpg", "c.png"):
        Image.fromarray(photo).save(folder / "photos" / name)
    for name in ("a.png", "b.png", "orphan.png"):
        Image.fromarray(hole).save(folder / "masks" / name)
    return folder


def batch(cli, *words):
    return cli("batch", *words, *FAST)


def outputs(folder="out"):
    return names_in(folder)


def test_folders(cli, album):
    answer = batch(cli, "photos", "masks", "out")
    assert answer.code == 0
    assert answer.content == b""
    assert outputs() == ["a.png", "b.jpg"]
    lines = answer.err.splitlines()
    assert lines[-1].startswith("retouch: out: 2 filled, 0 skipped (they exist), 0 failed, ")


def test_what_has_no_partner_is_told(cli, album):
    answer = batch(cli, "photos", "masks", "out")
    assert "retouch: note: photos/c.png is left out: the photo has no mask" in answer.err
    assert "retouch: note: masks/orphan.png is left out: the mask has no photo" in answer.err


def test_each_result_is_what_fill_gives(cli, album):
    batch(cli, "photos", "masks", "out", "--dilate", "4", "--seed", "2")
    assert cli("fill", "photos/b.jpg", "masks/b.png", "-o", "b.jpg", "--dilate", "4", "--seed", "2", *FAST).code == 0
    assert (album / "out/b.jpg").read_bytes() == (album / "b.jpg").read_bytes()


def test_globs_and_one_mask_for_all(cli, album):
    assert batch(cli, "photos/*.png", "masks/a.png", "out").code == 0
    assert outputs() == ["a.png", "c.png"]


def test_csv(cli, album):
    (album / "list.csv").write_text("photo,mask,output\nphotos/a.png,masks/b.png,x/one.webp\nphotos/c.png,mask.png,\n")
    assert batch(cli, "list.csv", "out").code == 0
    assert outputs() == ["photos", "x"]
    assert outputs("out/photos") == ["c.png"]
    assert outputs("out/x") == ["one.webp"]


def test_photos_without_masks_where_options_mark_the_hole(cli, album):
    assert batch(cli, "photos", "out", "--box", "10,10,20,20").code == 0
    assert outputs() == ["a.png", "b.jpg", "c.png"]
    assert pixels("out/c.png").shape == (90, 120, 3)


def test_expand_without_masks(cli, album):
    assert batch(cli, "photos", "out", "--expand", "5").code == 0
    assert pixels("out/c.png").shape == (100, 130, 3)


def test_subfolders(cli, album):
    (album / "photos/trip").mkdir()
    (album / "masks/trip").mkdir()
    (album / "photos/a.png").rename("photos/trip/d.png")
    (album / "masks/a.png").rename("masks/trip/d.png")
    assert batch(cli, "photos", "masks", "out", "--recursive").code == 0
    assert outputs() == ["b.jpg", "trip"]
    assert outputs("out/trip") == ["d.png"]


def test_results_below_the_photos_are_not_taken_for_photos(cli, album):
    words = ("photos", "masks/a.png", "photos/out", "--recursive")
    assert batch(cli, *words).code == 0
    assert outputs("photos/out") == ["a.png", "b.jpg", "c.png"]
    answer = batch(cli, *words)
    assert answer.code == 0
    assert "0 filled, 3 skipped" in answer.err
    assert outputs("photos/out") == ["a.png", "b.jpg", "c.png"]


def test_what_exists_is_skipped_unless_overwritten(cli, album):
    batch(cli, "photos", "masks", "out")
    whole = (album / "out/a.png").read_bytes()
    (album / "out/a.png").write_bytes(b"mine")
    answer = batch(cli, "photos", "masks", "out")
    assert (answer.code, (album / "out/a.png").read_bytes()) == (0, b"mine")
    assert "0 filled, 2 skipped (they exist), 0 failed" in answer.err
    assert batch(cli, "photos", "masks", "out", "--overwrite").code == 0
    assert (album / "out/a.png").read_bytes() == whole


def test_a_failure_is_told_at_the_end_with_code_1(cli, album):
    (album / "photos/a.png").write_bytes(b"damaged")
    answer = batch(cli, "photos", "masks", "out")
    assert answer.code == 1
    assert "retouch: failed: photos/a.png: " in answer.err
    assert "1 filled, 0 skipped (they exist), 1 failed" in answer.err
    assert outputs() == ["b.jpg"]


def test_notes_are_told_once_with_their_number(cli, album, hole):
    for name in ("a.png", "b.png"):
        Image.fromarray(hole.astype(np.uint8)).save(album / "masks" / name)
    answer = batch(cli, "photos", "masks", "out")
    assert answer.err.count("the mask has the values 0 and 1 only") == 1
    assert "(2 photos)" in answer.err


def test_dry_run_writes_nothing(cli, album):
    (album / "out").mkdir()
    (album / "out/a.png").write_bytes(b"mine")
    before = contents(album)
    answer = batch(cli, "photos", "masks", "out", "--dry-run", "--format", "png")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "photos/a.png + masks/a.png -> out/a.png (exists: skipped)",
        "photos/b.jpg + masks/b.png -> out/b.png",
    ]
    assert contents(album) == before


def test_shards(cli, album):
    assert batch(cli, "photos", "masks/a.png", "out", "--shard", "2/2").code == 0
    assert outputs() == ["b.jpg"]
    assert batch(cli, "photos", "masks/a.png", "out", "--shard", "1/2").code == 0
    assert outputs() == ["a.png", "b.jpg", "c.png"]


def test_samples(cli, album):
    assert cli("batch", "photos/a.png", "masks/a.png", "out", "--samples", "2").code == 0
    assert outputs() == ["a_1.png", "a_2.png"]


def test_reports(cli, album):
    (album / "photos/a.png").write_bytes(b"damaged")
    assert batch(cli, "photos", "masks", "out", "--report", "r.json").code == 1
    assert json.loads((album / "r.json").read_text())["counts"] == {"filled": 1, "skipped": 0, "failed": 1}
    assert batch(cli, "photos", "masks", "out", "--report", "r.csv").code == 1
    with (album / "r.csv").open(newline="") as file:
        rows = {row["photo"]: row["status"] for row in csv.DictReader(file)}
    assert rows == {
        "photos/a.png": "failed",
        "photos/b.jpg": "skipped",
        "photos/c.png": "unpaired",
        "masks/orphan.png": "unpaired",
    }


def test_a_report_that_cannot_be_written_is_an_error_and_the_results_stay(cli, album, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "r.json")

    monkeypatch.setattr("retouch.batch.report.atomic", full)
    answer = batch(cli, "photos", "masks", "out", "--report", "r.json")
    assert answer.code == 2
    assert "2 filled, 0 skipped (they exist), 0 failed" in answer.err
    assert answer.err.splitlines()[-1] == "retouch: error: r.json: No space left on device"
    assert outputs() == ["a.png", "b.jpg"]


def test_several_processes(cli, album):
    assert batch(cli, "photos", "masks/a.png", "out", "--jobs", "3").code == 0
    assert outputs() == ["a.png", "b.jpg", "c.png"]


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("photos", "masks", "none/out"), "folder 'none' does not exist"),
        (("photos", "masks", "photos"), "photos/a.png is one of the inputs"),
        (("photos", "masks", "photo.png"), "is a file; accepted: a folder"),
        (("none", "masks", "out"), "no file or folder 'none'"),
        (("photos", "none", "out"), "no file or folder 'none'"),
        (("photos", "none/*.png", "out"), "none/*.png"),
        (("photos", "out"), "PHOTOS MASKS OUT: 2 given"),
        (("out",), "PHOTOS MASKS OUT: 1 given"),
        (("photos", "masks", "more", "out"), "PHOTOS MASKS OUT: 4 given"),
        (("photos/c.png", "masks/orphan.png/..", "out"), "masks/orphan.png/.."),
        (("none.csv", "out"), "none.csv"),
        (("bad.csv", "out"), "bad.csv, line 1"),
        (("photos", "masks", "out", "--shard", "3/2"), "shard: is 3/2"),
        (("photos", "masks", "out", "--shard", "two"), "shard: is 'two'"),
        (("photos", "masks", "out", "--jobs", "0"), "--jobs"),
        (("photos", "masks", "out", "--report", "r.txt"), "r.txt"),
        (("photos", "masks", "out", "--report", "none/r.csv"), "folder 'none' does not exist"),
        (("bad.csv", "out", "--report", "bad.csv"), "bad.csv"),
        (("photos", "masks", "out", "--model", "nope"), "model 'nope' is unknown"),
        (("photos", "masks", "out", "-O", "x=1"), "option 'x' is unknown"),
        (("photos", "masks", "out", "-O", "jobs=1"), "option 'jobs' is unknown"),
        (("photos", "masks", "out", "--format", "xyz"), "format: 'xyz'"),
        (("photos", "masks", "out", "--samples", "99"), "samples: is 99"),
        (("photos", "masks", "out", "--dilate", "-4"), "dilate"),
    ],
)
def test_refused(cli, album, words, saying):
    (album / "bad.csv").write_text("picture,mask\na,b\n")
    before = contents(album)
    # The last --model counts.
    answer = cli("batch", *FAST, *words)
    assert answer.code == 2, answer
    errors = [line for line in answer.err.splitlines() if not line.startswith("retouch: note: ")]
    assert len(errors) == 1, answer.err
    assert errors[0].startswith("retouch: error: ")
    assert saying in errors[0]
    assert contents(album) == before


def test_no_pair_at_all(cli, album):
    answer = batch(cli, "photos/c.png", "masks/*.png", "out")
    assert answer.code == 2
    assert "retouch: error: no photo of photos/c.png has a mask in masks/*.png" in answer.err
