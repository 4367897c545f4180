"""`retouch batch` where OUT lies among the photos or masks, or holds them."""

import csv

import pytest
from PIL import Image

from tests.cli.conftest import contents, names_in

FAST = ("-m", "smooth")


@pytest.fixture
def album(folder, photo, hole):
    """photos/ with a.png and b.jpg, masks/ with two masks of a and one of b."""
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    for name in ("a.png", "b.jpg"):
        Image.fromarray(photo).save(folder / "photos" / name)
    for name in ("a_mask001.png", "a_mask002.png", "b.png"):
        Image.fromarray(hole).save(folder / "masks" / name)
    return folder


def batch(cli, *words):
    return cli("batch", *words, *FAST)


def refused(cli, folder, *words, saying):
    before = contents(folder)
    answer = batch(cli, *words)
    assert answer.code == 2, answer
    assert saying in answer.err.splitlines()[-1]
    assert contents(folder) == before


def test_out_holds_the_photos_one_of_which_has_several_masks(cli, album):
    for counts in ("3 filled, 0 skipped", "0 filled, 3 skipped"):
        answer = batch(cli, "photos", "masks", ".")
        assert answer.code == 0
        assert counts in answer.err
    assert {"a_mask001.png", "a_mask002.png", "b.jpg"} < set(names_in("."))


def test_all_photos_lie_in_out(cli, album):
    (album / "photos").rename("out")
    (album / "photos").mkdir()
    (album / "out").rename("photos/out")
    refused(cli, album, "photos", "mask.png", "photos/out", "-r", saying="nothing is left to fill")


def test_photos_in_out_are_told_and_results_are_not(cli, album):
    (album / "photos/out").mkdir()
    (album / "photos/b.jpg").rename("photos/out/mine.jpg")
    words = ("photos", "mask.png", "photos/out", "-r", "--report", "r.csv")
    for counts in ("1 filled, 0 skipped", "0 filled, 1 skipped"):
        answer = batch(cli, *words)
        assert answer.code == 0
        assert counts in answer.err
        notes = [line for line in answer.err.splitlines() if line.startswith("retouch: note: ")]
        assert notes == ["retouch: note: photos/out/mine.jpg is left out: it lies in OUT, among the results"]
        with (album / "r.csv").open(newline="") as file:
            rows = {row["photo"]: row["status"] for row in csv.DictReader(file)}
        assert rows["photos/out/mine.jpg"] == "unpaired"
        assert "photos/out/a.png" not in rows


def test_rows_of_a_csv_are_never_left_out(cli, album):
    (album / "out").mkdir()
    (album / "photos/b.jpg").rename("out/mine.jpg")
    rows = "photos/a.png,mask.png,a.png\nout/mine.jpg,mask.png,yours.jpg\nout/none.jpg,mask.png,none.jpg\n"
    (album / "list.csv").write_text(f"photo,mask,output\n{rows}")
    answer = batch(cli, "list.csv", "out")
    assert answer.code == 1
    assert "retouch: failed: out/none.jpg: " in answer.err
    assert "2 filled, 0 skipped (they exist), 1 failed" in answer.err
    assert names_in("out") == ["a.png", "mine.jpg", "yours.jpg"]


@pytest.mark.parametrize("out", ["masks", "masks/out", "./photos/../masks"])
def test_results_among_the_masks(cli, album, out):
    refused(cli, album, "photos", "masks", out, "--format", "webp", saying="the masks of masks and be taken")


def test_a_result_in_the_masks_folder_below_out(cli, album, photo):
    (album / "photos/masks").mkdir()
    (album / "photos/a.png").rename("photos/masks/b.png")
    (album / "masks/masks").mkdir()
    (album / "masks/b.png").rename("masks/masks/b.png")
    refused(cli, album, "photos", "masks", ".", "-r", saying="would lie among the masks")


@pytest.mark.parametrize("more", [(), ("-r",)])
def test_one_folder_of_photos_and_masks_may_hold_out(cli, album, more):
    for file in (album / "masks").iterdir():
        if "_mask" in file.name:
            file.rename(album / "photos" / file.name)
    for counts in ("2 filled, 0 skipped", "0 filled, 2 skipped"):
        assert counts in batch(cli, "photos", "photos", "photos/out", *more).err
    refused(cli, album, "photos", "photos", "photos", "--format", "webp", saying="would lie among the masks")
    assert "2 filled" in batch(cli, "photos/a.png", "photos", "photos/out", "--overwrite").err


def test_photos_among_the_masks_may_be_replaced(cli, album):
    (album / "masks/a_mask002.png").unlink()
    (album / "masks/a_mask001.png").rename("photos/a_mask.png")
    answer = batch(cli, "photos", "photos", "photos", "--overwrite")
    assert "1 filled" in answer.err
    assert names_in("photos") == ["a.png", "a_mask.png", "b.jpg"]


def test_results_take_the_suffix_into_their_name_only_where_they_clash(cli, album, photo):
    Image.fromarray(photo).save("photos/b.png")
    assert batch(cli, "photos", "mask.png", "out").code == 0
    assert names_in("out") == ["a.png", "b.jpg", "b.png"]
    assert batch(cli, "photos", "mask.png", "png", "--format", "png").code == 0
    assert names_in("png") == ["a.png", "b.jpg.png", "b.png.png"]
    assert batch(cli, "photos", "boxes", "--box", "9,9,9,9").code == 0
    assert names_in("boxes") == ["a.png", "b.jpg", "b.png"]
    assert batch(cli, "photos", "pngs", "--box", "9,9,9,9", "--format", "png").code == 0
    assert names_in("pngs") == ["a.png", "b.jpg.png", "b.png.png"]
