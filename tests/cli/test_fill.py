"""`retouch fill`: what it fills and how it tells."""

import json

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.mask import dilate
from tests.cli.conftest import pixels

FAST = ("-m", "smooth")


def marked(folder, *words, cli):
    """[H, W] bool: the hole that these words make, as --save-mask tells."""
    assert cli("fill", *words, *FAST, "-o", "out.png", "--save-mask", "hole.png", "--overwrite").code == 0
    return pixels(folder / "hole.png")


def test_the_hole_is_filled_and_nothing_else_changes(cli, folder, photo, hole):
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png")
    assert answer.code == 0
    assert answer.content == b""
    filled = pixels("out.png")
    assert np.array_equal(filled[~dilate(hole, 2)], photo[~dilate(hole, 2)])
    assert (filled[hole] != photo[hole]).any()


def test_the_last_line_says_what_was_written(cli, folder):
    lines = cli("fill", "photo.png", "mask.png", "-o", "out.png", *FAST).err.splitlines()
    assert lines[-1].startswith("retouch: wrote out.png (120 x 90 pixels) in ")


def test_it_is_what_the_library_gives(cli, folder, hole):
    cli(
        "fill", "photo.png", "mask.png", "-o", "out.png", "--seed", "7", "--dilate", "3", "--feather", "1", "--no-match"
    )
    expected = retouch.fill("photo.png", hole, seed=7, dilate=3, feather=1, match=False)
    assert np.array_equal(pixels("out.png"), expected.array())


def test_without_out_the_result_lies_beside_the_photo(cli, folder):
    (folder / "deep").mkdir()
    (folder / "photo.png").rename("deep/my.photo.png")
    assert cli("fill", "deep/my.photo.png", "mask.png", *FAST).code == 0
    assert (folder / "deep/my.photo.filled.png").exists()


def test_notes_are_one_line_each(cli, folder, hole):
    Image.fromarray(hole.astype(np.uint8)).save("mask.png")
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png", *FAST)
    assert "retouch: note: the mask has the values 0 and 1 only" in answer.err


def test_an_empty_mask_gives_the_photo_unchanged_and_says_so(cli, folder, photo):
    Image.fromarray(np.zeros((90, 120), bool)).save("mask.png")
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png")
    assert answer.code == 0
    assert "note: the mask is empty: the photo is returned unchanged" in answer.err
    assert np.array_equal(pixels("out.png"), photo)


def test_samples_are_numbered_and_are_those_of_their_seeds(cli, folder):
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--samples", "2", "--seed", "4").code == 0
    assert cli("fill", "photo.png", "mask.png", "-o", "single.png", "--seed", "5").code == 0
    assert np.array_equal(pixels("out_2.png"), pixels("single.png"))
    assert not np.array_equal(pixels("out_1.png"), pixels("out_2.png"))
    assert not (folder / "out.png").exists()


def test_boxes_and_mask_are_joined(cli, folder, hole):
    expected = hole.copy()
    expected[5:9, 3:13] = True
    expected[80:90, 0:5] = True
    words = ("photo.png", "mask.png", "--box", "3,5,10,4", "--box", "-5,80,10,40")
    assert np.array_equal(marked(folder, *words, cli=cli), expected)


def test_key_colour(cli, folder, photo, hole):
    photo[hole] = (255, 0, 255)
    photo[0, 0] = (250, 3, 255)
    Image.fromarray(photo).save("photo.png")
    assert np.array_equal(marked(folder, "photo.png", "--key", "#ff00ff", cli=cli), hole)
    hole[0, 0] = True
    assert np.array_equal(marked(folder, "photo.png", "--key", "f0f", "--key-tolerance", "5", cli=cli), hole)


def test_transparent_pixels_are_filled_and_become_opaque(cli, folder, photo, hole):
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    alpha[0, 0] = 200
    Image.fromarray(np.dstack([photo, alpha])).save("photo.png")
    assert np.array_equal(marked(folder, "photo.png", "--from-alpha", cli=cli), hole)
    filled = pixels("out.png")
    assert (filled[hole][:, 3] == 255).all()
    assert filled[0, 0, 3] == 200


@pytest.mark.parametrize(
    ("words", "change"),
    [
        (("--grow", "4"), lambda hole: dilate(hole, 4)),
        (("--shrink", "3"), lambda hole: ~dilate(~hole, 3)),
        (("--grow", "2", "--invert"), lambda hole: ~dilate(hole, 2)),
        (("--convention", "black"), lambda hole: ~hole),
    ],
)
def test_changes_of_the_mask(cli, folder, hole, words, change):
    assert np.array_equal(marked(folder, "photo.png", "mask.png", *words, cli=cli), change(hole))


def test_threshold_and_any_coverage(cli, folder):
    grey = np.zeros((90, 120), np.uint8)
    grey[40:50, 40:50], grey[60:70, 60:70] = 100, 5
    Image.fromarray(grey).save("mask.png")
    assert np.array_equal(marked(folder, "photo.png", "mask.png", "--threshold", "0.3", cli=cli), grey == 100)
    assert np.array_equal(marked(folder, "photo.png", "mask.png", "--any-coverage", cli=cli), grey > 0)


def test_resize_mask(cli, folder):
    Image.fromarray(np.eye(45, 60, dtype=bool)).save("mask.png")
    hole = marked(folder, "photo.png", "mask.png", "--resize-mask", cli=cli)
    assert np.array_equal(hole, np.eye(45, 60, dtype=bool).repeat(2, axis=0).repeat(2, axis=1))


def test_expand_paints_outwards(cli, folder, photo):
    assert cli("fill", "photo.png", "-o", "out.png", "--expand", "10,20%,0,5", *FAST).code == 0
    filled = pixels("out.png")
    assert filled.shape == (90 + 18 + 5, 120 + 10, 3)
    assert np.array_equal(filled[18 + 5 : 108 - 5, 10 + 5 :], photo[5:-5, 5:])


def test_avoid_is_not_copied_from(cli, folder, photo, hole):
    # Red is everywhere but around the hole, and must not come in.
    photo[...] = np.where(dilate(hole, 8)[..., None], photo, np.array([255, 0, 0], np.uint8))
    Image.fromarray(photo).save("photo.png")
    Image.fromarray(~dilate(hole, 8)).save("avoid.png")
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--avoid", "avoid.png", "--no-match").code == 0
    assert not (pixels("out.png")[hole] == (255, 0, 0)).all(axis=1).any()


def test_own_options_of_the_model_reach_it(cli, folder):
    assert cli("fill", "photo.png", "mask.png", "-o", "a.png", "-O", "patch_size=1").code == 0
    assert cli("fill", "photo.png", "mask.png", "-o", "b.png", "-O", "patch-size=7").code == 0
    assert not np.array_equal(pixels("a.png"), pixels("b.png"))


def test_another_format_by_suffix_and_by_option(cli, folder):
    assert cli("fill", "photo.png", "mask.png", "-o", "out.webp", *FAST).code == 0
    assert cli("fill", "photo.png", "mask.png", "--format", "bmp", *FAST).code == 0
    with Image.open("out.webp") as webp, Image.open("photo.filled.bmp") as bmp:
        assert (webp.format, bmp.format) == ("WEBP", "BMP")


def test_quality_that_means_nothing_is_noted(cli, folder):
    said = "retouch: note: --quality: a {} is written without it\n"
    words = ("fill", "photo.png", "mask.png", "--quality", "50", *FAST)
    for suffix in ("png", "tif", "bmp"):
        assert said.format({"tif": "TIFF"}.get(suffix, suffix.upper())) in cli(*words, "-o", f"q.{suffix}").err
    assert said.format("PNG") in cli(*words, "-o", "-").err
    assert said.format("BMP") in cli(*words, "-o", "-", "--format", "bmp").err
    for suffix in ("jpg", "webp"):
        assert "without it" not in cli(*words, "-o", f"q.{suffix}").err
    assert "without it" not in cli("fill", "photo.png", "mask.png", "-o", "none.png", *FAST).err


def test_a_setting_without_option_of_its_own(cli, folder):
    image = Image.open("photo.png")
    image.putalpha(0)
    image.save("photo.png")
    words = ("fill", "photo.png", "mask.png", "-o", "out.png", *FAST)
    assert cli(*words, "-O", "opaque=true", "--dilate", "0").code == 0
    assert np.array_equal(pixels("out.png")[..., 3] == 255, pixels("mask.png"))


def test_quality_changes_the_size_of_the_file(cli, folder):
    cli("fill", "photo.png", "mask.png", "-o", "high.jpg", "--quality", "95", *FAST)
    cli("fill", "photo.png", "mask.png", "-o", "low.jpg", "--quality", "10", *FAST)
    assert (folder / "low.jpg").stat().st_size < (folder / "high.jpg").stat().st_size


def test_overwrite_replaces_even_the_input(cli, folder, photo, hole):
    assert cli("fill", "photo.png", "mask.png", "-o", "photo.png", "--overwrite", *FAST).code == 0
    assert (pixels("photo.png")[hole] != photo[hole]).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_odd_sizes_are_filled(cli, folder, shape):
    Image.fromarray(np.full((*shape, 3), 99, np.uint8)).save("photo.png")
    mask = np.zeros(shape, bool)
    mask[-1, -1] = shape != (1, 1)
    Image.fromarray(mask).save("mask.png")
    assert cli("fill", "photo.png", "mask.png", "-o", "out.png", "--compare", "c.png").code == 0
    assert pixels("out.png").shape == (*shape, 3)


def test_photo_through_standard_input_and_output(cli, folder):
    cli("fill", "photo.png", "mask.png", "-o", "out.png", *FAST)
    answer = cli("fill", "-", "mask.png", *FAST, stdin=(folder / "photo.png").read_bytes())
    assert answer.code == 0
    assert answer.content == (folder / "out.png").read_bytes()
    assert "wrote standard output (120 x 90 pixels)" in answer.err


def test_mask_through_standard_input(cli, folder):
    cli("fill", "photo.png", "mask.png", "-o", "out.png", *FAST)
    answer = cli("fill", "photo.png", "-", "-o", "two.png", *FAST, stdin=(folder / "mask.png").read_bytes())
    assert answer.code == 0
    assert (folder / "two.png").read_bytes() == (folder / "out.png").read_bytes()


def test_json_report(cli, folder, hole):
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png", "--json", "-", "--seed", "3", *FAST)
    report = json.loads(answer.out)
    assert report["retouch"] == retouch.__version__
    assert (report["photo"], report["mask"], report["size"]) == ("photo.png", "mask.png", [120, 90])
    assert report["model"] == "smooth"
    assert report["hole"] == pytest.approx(hole.mean(), abs=1e-5)
    (result,) = report["results"]
    assert (result["path"], result["seed"], result["width"], result["height"]) == ("out.png", 3, 120, 90)
    assert result["windows"] == [[0, 0, 120, 90, 120, 90]]
    assert {"read", "plan", "fill", "write"} <= result["seconds"].keys()
    assert result["notes"] == []


def test_json_into_a_file(cli, folder):
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png", "--json", "r.json", "--samples", "2", *FAST)
    assert answer.content == b""
    report = json.loads((folder / "r.json").read_text())
    assert [result["path"] for result in report["results"]] == ["out_1.png", "out_2.png"]


def test_json_goes_to_standard_error_where_the_photo_takes_standard_output(cli, folder):
    answer = cli("fill", "photo.png", "mask.png", "-o", "-", "--json", "-", *FAST)
    assert answer.content.startswith(b"\x89PNG")
    start, end = answer.err.index("{"), answer.err.rindex("}") + 1
    assert json.loads(answer.err[start:end])["results"][0]["path"] == "-"
