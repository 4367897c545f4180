"""Folders of masks: written whole, taken up again, never mixed."""

import json

import numpy as np
import pytest
from PIL import Image

from retouch.holes import draw, files, item_rng, write_holes

SMALL = {"size": (64, 80), "seed": 4}


def read(path):
    with Image.open(path) as image:
        assert image.mode == "1"
        return np.asarray(image)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_one_bit_pngs_a_sheet_and_a_record(tmp_path):
    done = write_holes("2dgs-small", tmp_path / "new" / "masks", count=3, **SMALL)
    folder = tmp_path / "new" / "masks"
    assert names(folder) == ["000000.png", "000001.png", "000002.png", "holes.json", "sheet.png"]
    for k in range(3):
        assert np.array_equal(read(files.mask_path(folder, k)), draw("2dgs-small", (64, 80), item_rng(4, k)))
    assert (done.made, done.kept, done.sheet) == (3, 0, folder / "sheet.png")
    assert json.loads((folder / "holes.json").read_text())["recipe"] == "2dgs-small"


def test_a_stopped_run_goes_on(tmp_path):
    class Stop(Exception):
        pass

    def stop(step, steps):
        if step == 2:
            raise Stop

    with pytest.raises(Stop):
        write_holes("2dgs-small", tmp_path, count=5, progress=stop, **SMALL)
    assert names(tmp_path) == ["000000.png", "000001.png", "holes.json"]
    before = (tmp_path / "000000.png").stat().st_mtime_ns
    done = write_holes("2dgs-small", tmp_path, count=5, **SMALL)
    assert (done.made, done.kept) == (3, 2)
    assert (tmp_path / "000000.png").stat().st_mtime_ns == before
    assert np.array_equal(read(tmp_path / "000004.png"), draw("2dgs-small", (64, 80), item_rng(4, 4)))


def test_more_masks_are_added_and_fewer_keep_the_rest(tmp_path):
    write_holes("2dgs-small", tmp_path, count=2, **SMALL)
    assert write_holes("2dgs-small", tmp_path, count=4, **SMALL).made == 2
    assert write_holes("2dgs-small", tmp_path, count=1, **SMALL).made == 0
    assert json.loads((tmp_path / "holes.json").read_text())["count"] == 4
    assert "000003.png" in names(tmp_path)


@pytest.mark.parametrize("change", [{"seed": 5}, {"size": (64, 64)}, {"ratio": (0.2, 0.9)}])
def test_other_settings_are_refused(tmp_path, change):
    write_holes("2dgs-small", tmp_path, count=2, **SMALL)
    before = read(tmp_path / "000001.png")
    with pytest.raises(FileExistsError, match=r"holds 000000\.png of other settings"):
        write_holes("2dgs-small", tmp_path, count=2, **(SMALL | change))
    assert np.array_equal(read(tmp_path / "000001.png"), before)


def test_foreign_files_are_refused(tmp_path):
    (tmp_path / "000001.png").write_bytes(b"mine")
    (tmp_path / "notes.txt").write_text("mine too")
    with pytest.raises(FileExistsError, match=r"holds 000001\.png that this command did not write"):
        write_holes("2dgs-small", tmp_path, count=2, **SMALL)
    assert names(tmp_path) == ["000001.png", "notes.txt"]
    assert (tmp_path / "000001.png").read_bytes() == b"mine"


def test_overwrite_leaves_no_old_mask_among_the_new(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_holes("2dgs-small", tmp_path, count=5, **SMALL)
    write_holes("2dgs-regular", tmp_path, count=2, overwrite=True, **SMALL)
    assert names(tmp_path) == ["000000.png", "000001.png", "holes.json", "notes.txt", "sheet.png"]
    assert np.array_equal(read(tmp_path / "000001.png"), draw("2dgs-regular", (64, 80), item_rng(4, 1)))


def test_objects_folder_is_part_of_the_settings(tmp_path):
    for name, part in (("a", 20), ("b", 30)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.arange(40)[None, :].repeat(40, 0) < part).save(tmp_path / name / "x.png")
    out = tmp_path / "out"
    write_holes("objects", out, size=(40, 40), count=1, objects=tmp_path / "a")
    assert read(out / "000000.png").sum() == 800
    with pytest.raises(FileExistsError, match="of other settings"):
        write_holes("objects", out, size=(40, 40), count=1, objects=tmp_path / "b")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "2dgs-smal"}, "did you mean"),
        ({"count": 0}, "count: is 0; accepted: an integer from 1 up"),
        ({"seed": -1}, "seed: is -1"),
        ({"size": (0, 5)}, "size: is"),
        ({"name": "centre", "ratio": (0.9, 1.0)}, "gave no hole"),
        ({"objects": "."}, "takes none|holds no PNG"),
    ],
)
def test_bad_arguments_write_nothing(tmp_path, monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    arguments = {"name": "2dgs-small", "folder": tmp_path / "out", "count": 2} | SMALL | change
    with pytest.raises(ValueError, match=message):
        write_holes(**arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"count": "x"}', "{}"])
def test_damaged_record(tmp_path, content):
    (tmp_path / "holes.json").write_text(content)
    with pytest.raises(ValueError, match=r"its record .* is damaged"):
        write_holes("2dgs-small", tmp_path, count=1, **SMALL)


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(FileExistsError):
        write_holes("2dgs-small", tmp_path / "out", count=1, **SMALL)
