"""Batch runs as a library: a batch equals a loop, failures are reported, finished results are skipped."""

import csv
import errno
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.batch import Unmasked, check_report, plan_batch, run_batch, write_report
from retouch.files.pairs import Pair, Unpaired
from retouch.mask.marks import Marks
from retouch.methods.base import Cancelled

COUNT = 4


@pytest.fixture
def pairs(tmp_path, photo, hole):
    """Four photos with masks on disk, the photos of several formats."""
    made = []
    for k, suffix in zip(range(COUNT), ("png", "bmp", "tif", "webp"), strict=True):
        file, mask = tmp_path / f"p{k}.{suffix}", tmp_path / f"p{k}.mask.png"
        Image.fromarray(np.roll(photo, k, axis=0)).save(file, **({"lossless": True} if suffix == "webp" else {}))
        Image.fromarray(np.roll(hole, k, axis=0)).save(mask)
        made.append(Pair(file, mask, f"p{k}"))
    return made


def statuses(report):
    return [outcome.status for outcome in report.outcomes]


def names_in(folder):
    """The names of all files and folders in a folder, hidden ones too, sorted."""
    return sorted(path.name for path in Path(folder).iterdir())


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_batch_equals_a_loop(tmp_path, pairs, jobs):
    report = run_batch(pairs, tmp_path / "out", jobs=jobs, seed=3, dilate=1)
    assert statuses(report) == ["filled"] * COUNT
    for pair, outcome in zip(pairs, report.outcomes, strict=True):
        assert outcome.item.output == tmp_path / "out" / pair.photo.name
        assert outcome.size == (120, 90)
        expected = retouch.fill(pair.photo, pair.mask, seed=3, dilate=1)
        assert np.array_equal(pixels(outcome.item.output), expected.array())


def test_a_failure_is_reported_and_stops_nothing(tmp_path, pairs):
    pairs[1].photo.write_bytes(b"damaged")
    Image.fromarray(np.ones((90, 120), bool)).save(pairs[2].mask)
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0)
    assert statuses(report) == ["filled", "failed", "failed", "filled"]
    assert "p1.bmp" in report.outcomes[1].error
    assert "covers the whole photo" in report.outcomes[2].error
    assert names_in(tmp_path / "out") == ["p0.png", "p3.webp"]


def test_any_exception_of_one_photo_is_its_own(tmp_path, pairs, monkeypatch):
    from retouch.filler import Filler

    run = Filler.run

    def fail_once(self, photo, *args, **options):
        if photo.source.format == "TIFF":
            raise MemoryError
        return run(self, photo, *args, **options)

    monkeypatch.setattr(Filler, "run", fail_once)
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0)
    assert statuses(report) == ["filled", "filled", "failed", "filled"]
    assert report.outcomes[2].error == "there is not enough memory"


def test_existing_results_are_skipped_and_stay(tmp_path, pairs):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/p2.tif").write_bytes(b"done before")
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0)
    assert statuses(report) == ["filled", "filled", "skipped", "filled"]
    assert (tmp_path / "out/p2.tif").read_bytes() == b"done before"


def test_overwrite_makes_them_anew(tmp_path, pairs):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/p2.tif").write_bytes(b"done before")
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0, overwrite=True)
    assert statuses(report) == ["filled"] * COUNT
    assert pixels(tmp_path / "out/p2.tif").shape == (90, 120, 3)


def test_a_result_that_appears_meanwhile_counts_as_skipped(tmp_path, pairs):
    def appear(step):
        if step.done == 1:
            (tmp_path / "out/p3.webp").write_bytes(b"by another run")

    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0, progress=appear)
    assert statuses(report) == ["filled", "filled", "filled", "skipped"]
    assert (tmp_path / "out/p3.webp").read_bytes() == b"by another run"


def test_progress_counts_what_is_to_be_done(tmp_path, pairs):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/p0.png").write_bytes(b"done before")
    steps = []
    run_batch(pairs, tmp_path / "out", model="smooth", jobs=2, progress=steps.append)
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert {step.outcome.item.photo.name for step in steps} == {"p1.bmp", "p2.tif", "p3.webp"}


def test_cancel_keeps_what_is_done(tmp_path, pairs):
    done = []
    with pytest.raises(Cancelled):
        run_batch(
            *(pairs, tmp_path / "out"), model="smooth", jobs=0, progress=done.append, cancel=lambda: len(done) == 2
        )
    assert names_in(tmp_path / "out") == ["p0.png", "p1.bmp"]


def test_samples_have_names_and_seeds(tmp_path, pairs):
    run_batch(pairs[:1], tmp_path / "out", jobs=0, samples=2, seed=5)
    assert names_in(tmp_path / "out") == ["p0_1.png", "p0_2.png"]
    expected = retouch.fill(pairs[0].photo, pairs[0].mask, seed=6)
    assert np.array_equal(pixels(tmp_path / "out/p0_2.png"), expected.array())


def test_format(tmp_path, pairs):
    run_batch(pairs, tmp_path / "out", model="smooth", jobs=0, format="png")
    assert names_in(tmp_path / "out") == [f"p{k}.png" for k in range(COUNT)]


def test_shards_share_everything_out(tmp_path, pairs):
    plans = [plan_batch(pairs, tmp_path / "out", samples=2, shard=(k, 3)) for k in (1, 2, 3)]
    names = [[item.output.name for item in plan.items] for plan in plans]
    assert sorted(name for share in names for name in share) == sorted(
        item.output.name for item in plan_batch(pairs, tmp_path, samples=2).items
    )
    assert names[1] == ["p1_1.bmp", "p1_2.bmp"]


def test_names_with_folders_and_own_outputs(tmp_path, pairs):
    own = [
        Pair(pairs[0].photo, pairs[0].mask, "sub/deep/p0"),
        Pair(pairs[1].photo, pairs[1].mask, "x", Path("other/name.jpg")),
    ]
    run_batch(own, tmp_path / "out", model="smooth", jobs=0)
    assert (tmp_path / "out/sub/deep/p0.png").exists()
    assert (tmp_path / "out/other/name.jpg").exists()


def test_marks_instead_of_masks(tmp_path, pairs):
    photos = [Unmasked(pair.photo, pair.name) for pair in pairs]
    marks = Marks(boxes=((10, 10, 20, 20),))
    report = run_batch(photos, tmp_path / "out", model="smooth", jobs=0, marks=marks, dilate=0)
    assert statuses(report) == ["filled"] * COUNT
    changed = (pixels(tmp_path / "out/p0.png") != pixels(pairs[0].photo)).any(axis=2)
    assert changed[10:30, 10:30].any()
    changed[10:30, 10:30] = False
    assert not changed.any()


def test_notes_and_seconds_are_in_the_outcome(tmp_path, pairs):
    Image.fromarray(np.zeros((90, 120), bool)).save(pairs[0].mask)
    report = run_batch(pairs[:1], tmp_path / "out", jobs=0)
    assert report.outcomes[0].notes == ("the mask is empty: the photo is returned unchanged",)
    assert 0 < report.outcomes[0].seconds <= report.seconds


def test_quality_that_means_nothing_is_noted(tmp_path, pairs):
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0, quality=50)
    noted = [any("is written without it" in text for text in outcome.notes) for outcome in report.outcomes]
    assert noted == [True, True, True, False]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"jobs": -1}, "jobs: is -1"),
        ({"samples": 0}, "samples: is 0"),
        ({"quality": 101}, "quality: is 101"),
        ({"shard": (0, 2)}, "shard: is 0/2"),
        ({"shard": (3, 2)}, "shard: is 3/2"),
        ({"format": "xyz"}, "format: 'xyz'"),
        ({"model": "nope"}, "model 'nope' is unknown"),
        ({"patch": 3}, "option 'patch' is unknown"),
        ({"dilate": -3}, "dilate"),
        ({"max_pixels": 0}, "max_pixels"),
    ],
)
def test_bad_arguments(tmp_path, pairs, arguments, text):
    with pytest.raises(ValueError, match=text):
        run_batch(pairs, tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_raised_not_reported(tmp_path, pairs, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="extra 'cv'"):
        run_batch(pairs, tmp_path / "out", model="telea", jobs=0)


def test_two_results_of_one_name(tmp_path, pairs):
    twice = [pairs[0], Pair(pairs[0].photo, pairs[1].mask, "p0")]
    with pytest.raises(ValueError, match="would both be written to"):
        run_batch(twice, tmp_path / "out")


@pytest.mark.parametrize("link", [False, True])
def test_results_would_replace_the_photos(tmp_path, pairs, link):
    out = tmp_path
    if link:
        out = tmp_path / "link"
        out.symlink_to(tmp_path)
    before = pairs[0].photo.read_bytes()
    with pytest.raises(ValueError, match="is one of the inputs"):
        run_batch(pairs, out, model="smooth", jobs=0)
    assert pairs[0].photo.read_bytes() == before
    report = run_batch(pairs, out, model="smooth", jobs=0, overwrite=True)
    assert statuses(report) == ["filled"] * COUNT
    assert pairs[0].photo.read_bytes() != before


def test_folders_that_cannot_be(tmp_path, pairs):
    with pytest.raises(FileNotFoundError, match=r"folder '.*none' does not exist"):
        run_batch(pairs, tmp_path / "none/out")
    with pytest.raises(NotADirectoryError, match="is a file"):
        run_batch(pairs, pairs[0].photo)


def test_a_full_disk_fails_every_photo_and_leaves_nothing(tmp_path, pairs, monkeypatch):
    def full(_number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("retouch.atomic.os.fsync", full)
    report = run_batch(pairs, tmp_path / "out", model="smooth", jobs=0)
    assert statuses(report) == ["failed"] * COUNT
    assert "No space left" in report.outcomes[0].error
    assert names_in(tmp_path / "out") == []


def test_leftovers_of_killed_runs_are_removed_and_others_stay(tmp_path, pairs):
    out = tmp_path / "out"
    out.mkdir()
    hour_ago = time.time() - 3600
    for name in (".p0.png.abcd1234.part", ".other.png.abcd1234.part", ".p1.bmp.part", "p2.tif.part"):
        (out / name).write_bytes(b"half")
        os.utime(out / name, (hour_ago, hour_ago))
    hour_ahead = time.time() + 3600
    (out / ".p3.webp.abcd1234.part").write_bytes(b"of a run that is still going")
    os.utime(out / ".p3.webp.abcd1234.part", (hour_ahead, hour_ahead))
    run_batch(pairs, out, model="smooth", jobs=0)
    left = {name for name in names_in(out) if name.endswith(".part")}
    assert left == {".other.png.abcd1234.part", ".p1.bmp.part", "p2.tif.part", ".p3.webp.abcd1234.part"}


@pytest.fixture
def report(tmp_path, pairs):
    pairs[1].photo.write_bytes(b"damaged, with a comma")
    return run_batch(pairs, tmp_path / "out", model="smooth", jobs=0)


def test_report_as_csv(tmp_path, report):
    write_report(report, tmp_path / "r.csv", [Unpaired(tmp_path / "alone.png", "the photo has no mask")])
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["filled", "failed", "filled", "filled", "unpaired"]
    assert rows[1]["error"] == report.outcomes[1].error
    assert (rows[0]["width"], rows[0]["height"], rows[1]["width"]) == ("120", "90", "")
    assert rows[4]["error"] == "the photo has no mask"


def test_report_as_json(tmp_path, report):
    write_report(report, tmp_path / "r.json", [Unpaired(tmp_path / "alone.png", "the photo has no mask")])
    values = json.loads((tmp_path / "r.json").read_text())
    assert values["counts"] == {"filled": 3, "skipped": 0, "failed": 1}
    assert values["model"] == "smooth"
    assert values["photos"][0]["output"] == str(tmp_path / "out/p0.png")
    assert values["unpaired"] == [{"file": str(tmp_path / "alone.png"), "reason": "the photo has no mask"}]


@pytest.mark.parametrize("name", ["r.csv", "r.json"])
def test_a_report_names_files_whose_names_are_no_text(tmp_path, report, name):
    strange = Path(os.fsdecode(b"x\xff.png"))
    write_report(report, tmp_path / name, [Unpaired(strange, "the photo has no mask")])
    assert "x\\udcff.png" in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["r.csv", "r.json"])
def test_a_report_replaces_an_earlier_report_only(tmp_path, report, name):
    write_report(report, tmp_path / name)
    write_report(report, tmp_path / name)
    (tmp_path / name).write_text("photo,mask\na.png,b.png\n")
    with pytest.raises(FileExistsError, match="exists already"):
        check_report(tmp_path / name)
    with pytest.raises(ValueError, match="is the input itself"):
        check_report(tmp_path / name, [tmp_path / name])


def test_a_report_has_a_known_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"\.csv or \.json"):
        check_report(tmp_path / "report.txt")
