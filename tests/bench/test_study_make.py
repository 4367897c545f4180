from __future__ import annotations

import io
import re
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from retouch.bench.results import Picture
from retouch.bench.study import Design, Key, from_folders, from_results, make
from tests.bench.study_samples import METHODS, SIZE, page_data, write_folders, write_mask, write_photo
from tests.bench.test_results import make_results


def material(root, **options):
    return from_folders(write_folders(root, **options), root / "photos", root / "masks")


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("mode", ["best", "pairs"])
def test_no_byte_of_the_page_names_a_method_or_a_photo(tmp_path, mode):
    made = make(material(tmp_path), tmp_path / "out", Design(mode, images=5))
    for path in files(tmp_path / "out"):
        if path.name == "key.json":
            continue
        for name in (*METHODS, "scene", str(tmp_path)):
            assert name.encode() not in path.read_bytes().lower(), path
            assert name not in str(path.relative_to(tmp_path)).lower()
    assert files(made.page)
    assert made.key.parent == made.page.parent
    assert b"key.json" not in b"".join(path.read_bytes() for path in files(made.page))


def test_metadata_of_the_pictures_is_gone(tmp_path):
    folders = write_folders(tmp_path)
    exif = Image.Exif()
    exif[0x0131] = "zebrafill 1.0"  # Software
    for k in range(5):
        (folders[0] / f"scene{k}.png").unlink()
        write_photo(folders[0] / f"scene{k}.jpg", k, exif=exif, comment=b"zebrafill", quality=90)
    made = make(from_folders(folders, tmp_path / "photos", tmp_path / "masks"), tmp_path / "out", Design(images=5))
    for path in (made.page / "images").iterdir():
        content = path.read_bytes()
        chunks = {content[at - 4 : at] for at in _chunk_starts(content)}
        assert chunks == {b"IHDR", b"IDAT", b"IEND"}
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size, image.info) == ("PNG", "RGB", SIZE, {})


def _chunk_starts(content):
    at = 8
    while at < len(content):
        yield at + 8
        at += 12 + int.from_bytes(content[at : at + 4], "big")


def test_every_code_stands_for_the_pixels_that_the_key_says(tmp_path):
    made = make(material(tmp_path), tmp_path / "out", Design(images=5))
    key = Key.load(made.key)
    assert sorted(trial.name for trial in key.trials) == [f"scene{k}" for k in range(5)]
    for trial in key.trials:
        assert sorted(trial.options.values()) == sorted(METHODS)
        for code, method in trial.options.items():
            shown = pixels((made.page / "images" / f"{code}.png").read_bytes())
            assert np.array_equal(shown, pixels((tmp_path / method / f"{trial.name}.png").read_bytes()))


def test_nothing_under_the_hole_is_shown_and_the_rest_stays(tmp_path):
    made = make(material(tmp_path), tmp_path / "out", Design(images=5))
    hole = np.asarray(Image.open(tmp_path / "masks" / "scene0.png")) > 0
    seen = set()
    for trial in Key.load(made.key).trials:
        shown = pixels((made.page / "images" / f"{trial.photo}.png").read_bytes())
        photo = pixels((tmp_path / "photos" / f"{trial.name}.png").read_bytes())
        assert np.array_equal(shown[~hole], photo[~hole])
        seen.add(shown[hole].tobytes())
    assert len(seen) == 1


def test_the_page_knows_codes_in_their_own_order_and_the_papers_questions(tmp_path):
    made = make(material(tmp_path), tmp_path / "out", Design(images=4, repeats=3))
    data, key = page_data(made.page), Key.load(made.key)
    assert [question["name"] for question in data["questions"]] == ["context-stability", "visual-consistency"]
    assert key.questions == ("context-stability", "visual-consistency")
    assert (data["study"], data["repeats"], data["tie"]) == (key.study, 3, False)
    for trial in data["trials"]:
        assert trial["options"] == sorted(trial["options"])
        assert (trial["width"], trial["height"]) == SIZE
    assert made.screens == 2 * (4 + 3)


def test_codes_do_not_follow_the_methods(tmp_path):
    key = Key.load(make(material(tmp_path, images=40), tmp_path / "out").key)
    first = Counter(next(iter(trial.options.values())) for trial in key.trials)
    # Each of three methods is first of the sorted codes in 40/3 images; all of one method would be 3^-39.
    assert len(first) > 1


def test_the_seed_chooses_images_but_not_codes(tmp_path):
    given = material(tmp_path, images=8)
    keys = [
        Key.load(make(given, tmp_path / f"out{k}", Design(images=4, seed=seed)).key) for k, seed in enumerate((1, 1, 2))
    ]
    names = [[trial.name for trial in key.trials] for key in keys]
    assert names[0] == names[1] != names[2]
    codes = [{code for trial in key.trials for code in (trial.photo, *trial.options)} for key in keys]
    assert len(codes[0]) == 16
    assert not codes[0] & codes[1]
    assert len({key.study for key in keys}) == 3


def test_pairs_are_shown_equally_often(tmp_path):
    key = Key.load(make(material(tmp_path, images=7), tmp_path / "out", Design("pairs", images=7, tie=True)).key)
    shown = Counter(frozenset(trial.options.values()) for trial in key.trials)
    assert {len(pair) for pair in shown} == {2}
    assert sorted(shown.values()) == [2, 2, 3]


def test_the_page_loads_nothing_from_elsewhere(tmp_path):
    made = make(material(tmp_path), tmp_path / "out", Design(images=5))
    for name in ("index.html", "study.css", "plan.js", "study.js", "data.js"):
        text = (made.page / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//cdn|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", text), name


def test_a_benchmark_runs_pictures_make_a_study(tmp_path):
    write_folders(tmp_path, images=3)
    pictures = tuple(
        Picture(
            k=k,
            holes="objects",
            name=f"scene{k}",
            photo=f"photos/scene{k}.png",
            hole=f"masks/scene{k}.png",
            # The last picture lacks a model, as when its fill failed.
            filled={method: f"{method}/scene{k}.png" for method in METHODS[: 3 if k < 2 else 2]},
        )
        for k in range(3)
    )
    make_results(models=METHODS, pictures=pictures).save(tmp_path)
    found = from_results(tmp_path)
    assert found.methods == METHODS
    assert [item.name for item in found.items] == ["objects/0/scene0", "objects/1/scene1"]
    assert Key.load(make(found, tmp_path / "out", Design(images=2, repeats=2)).key).methods == METHODS
    (tmp_path / METHODS[0] / "scene1.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"from: there is no file .*scene1\.png"):
        from_results(tmp_path)


def test_a_benchmark_run_without_pictures_or_second_model_is_refused(tmp_path):
    make_results(models=METHODS, pictures=()).save(tmp_path)
    with pytest.raises(ValueError, match="names no picture that all models filled"):
        from_results(tmp_path)
    make_results(models=("smooth",)).save(tmp_path)
    with pytest.raises(ValueError, match="only 'smooth' to compare"):
        from_results(tmp_path)


def test_folders_must_hold_the_same_names(tmp_path):
    folders = write_folders(tmp_path)
    (folders[1] / "scene3.png").unlink()
    with pytest.raises(ValueError, match=r"'zebrafill' holds 'scene3' and 'quokkafill' does not \(1 such names\)"):
        from_folders(folders, tmp_path / "photos", tmp_path / "masks")
    write_photo(folders[1] / "scene3.jpg", 3)
    write_photo(folders[1] / "scene3.png", 3)
    with pytest.raises(ValueError, match="'scene3' in two formats"):
        from_folders(folders, tmp_path / "photos", tmp_path / "masks")


def test_photos_and_masks_must_be_there(tmp_path):
    folders = write_folders(tmp_path)
    (tmp_path / "masks" / "scene2.png").unlink()
    with pytest.raises(ValueError, match="no photo with mask for the fill 'scene2'"):
        from_folders(folders, tmp_path / "photos", tmp_path / "masks")
    with pytest.raises(FileNotFoundError, match="folders: there is no folder"):
        from_folders([*folders, tmp_path / "nowhere"], tmp_path / "photos", tmp_path / "masks")


def test_a_photo_in_two_formats_is_refused(tmp_path):
    folders = write_folders(tmp_path)
    write_photo(tmp_path / "photos" / "scene1.jpg", 9)
    with pytest.raises(ValueError, match=r"photos: .* holds 'scene1' in two formats"):
        from_folders(folders, tmp_path / "photos", tmp_path / "masks")


def test_methods_must_be_two_and_different(tmp_path):
    folders = write_folders(tmp_path)
    with pytest.raises(ValueError, match="only 'zebrafill' to compare"):
        from_folders(folders[:1], tmp_path / "photos", tmp_path / "masks")
    shutil.copytree(folders[0], tmp_path / "other" / "zebrafill")
    with pytest.raises(ValueError, match="two are named 'zebrafill'"):
        from_folders([folders[0], tmp_path / "other" / "zebrafill"], tmp_path / "photos", tmp_path / "masks")


def test_bad_pictures_are_named_and_nothing_is_left(tmp_path):
    folders = write_folders(tmp_path)
    given = from_folders(folders, tmp_path / "photos", tmp_path / "masks")
    before = files(tmp_path)
    for spoil, error, words in (
        (lambda path: write_photo(path, 1, (30, 16)), ValueError, r"scene4\.png' has 30x16 pixels, its photo 24x16"),
        (lambda path: path.write_bytes(b"no picture"), (OSError, ValueError), r"scene4\.png"),
    ):
        spoil(folders[2] / "scene4.png")
        with pytest.raises(error, match=words):
            make(given, tmp_path / "out", Design(images=5))
        assert files(tmp_path) == before
        assert not list(tmp_path.glob(".study*"))


@pytest.mark.parametrize(("size", "words"), [((30, 16), "has 30x16 pixels"), (None, "has no hole")])
def test_bad_masks_are_named(tmp_path, size, words):
    given = material(tmp_path)
    path = tmp_path / "masks" / "scene1.png"
    if size:
        write_mask(path, size)
    else:
        Image.new("L", SIZE).save(path)
    with pytest.raises(ValueError, match=rf"masks: .*scene1\.png' {words}"):
        make(given, tmp_path / "out", Design(images=5))


def test_out_must_be_new_and_its_parent_there(tmp_path):
    given = material(tmp_path)
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="out: exists already"):
        make(given, tmp_path / "out", Design(images=5))
    with pytest.raises(FileNotFoundError, match="out: its parent folder does not exist"):
        make(given, tmp_path / "no" / "out", Design(images=5))


def test_fewer_images_than_asked_for_are_refused(tmp_path):
    with pytest.raises(ValueError, match="images: 40 are asked for and 5 are there; accepted: up to 5"):
        make(material(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mode": "worst"}, "mode: is 'worst'"),
        ({"images": 0}, "images: is 0"),
        ({"images": 3, "repeats": 4}, "repeats: is 4; accepted: 0 to the number of images, 3"),
        ({"repeats": -1}, "repeats: is -1"),
        ({"tie": True}, 'tie: stands with mode "best"'),
        ({"seed": -1}, "seed: is -1"),
    ],
)
def test_bad_designs_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Design(**wrong)


def test_progress_counts_the_images(tmp_path):
    told = []
    make(material(tmp_path), tmp_path / "out", Design(images=3, repeats=0), progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]
