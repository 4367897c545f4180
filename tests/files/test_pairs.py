from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.files.listing import natural
from retouch.files.pairs import Pair, pair, read_csv


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make empty files, separated by blanks, below an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)

    def make(names):
        for name in names.split():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return make


def found(pairing):
    """(photo, mask, name) of each pair, and the files that take no part."""
    pairs = [(one.photo.as_posix(), one.mask.as_posix(), one.name) for one in pairing.pairs]
    return pairs, sorted(one.path.as_posix() for one in pairing.unpaired)


@pytest.mark.parametrize(
    "mask",
    ["a.png", "a.JPG", "a.mask.png", "a_mask.png", "a_MASK.PNG", "a.jpg.png", "a.jpg.mask.webp", "a.jpg_mask.tif"],
)
def test_conventions_in_a_folder_of_masks(tree, mask):
    tree(f"p/a.jpg m/{mask}")
    assert found(pair("p", "m")) == ([("p/a.jpg", f"m/{mask}", "a")], [])


@pytest.mark.parametrize("mask", ["a.mask.png", "a_mask.png", "a.jpg.mask.png"])
def test_conventions_in_the_folder_of_the_photos(tree, mask):
    tree(f"p/a.jpg p/{mask}")
    assert found(pair("p", "p")) == ([("p/a.jpg", f"p/{mask}", "a")], [])
    assert found(pair("p", "./p/../p")) == ([("p/a.jpg", f"./p/../p/{mask}".removeprefix("./"), "a")], [])


@pytest.mark.parametrize("masks", ["p", "m"])
def test_several_masks_of_one_photo(tree, masks):
    tree(f"p/a.png {masks}/a_mask010.png {masks}/a_mask001.png {masks}/a_mask2.png")
    assert found(pair("p", masks)) == (
        [("p/a.png", f"{masks}/a_mask{n}.png", f"a_mask{n}") for n in ("001", "2", "010")],
        [],
    )


def test_one_mask_for_all(tree):
    tree("p/b.jpg p/a.png logo.png")
    assert found(pair("p", "logo.png")) == ([("p/a.png", "logo.png", "a"), ("p/b.jpg", "logo.png", "b")], [])


def test_one_mask_for_all_among_the_photos(tree):
    tree("p/b.jpg p/a.png p/logo.png")
    assert found(pair("p", "p/logo.png")) == (
        [("p/a.png", "p/logo.png", "a"), ("p/b.jpg", "p/logo.png", "b")],
        ["p/logo.png"],
    )


def test_one_photo(tree):
    tree("p/a.jpg m/a.png m/b.png")
    assert found(pair("p/a.jpg", "m/b.png")) == ([("p/a.jpg", "m/b.png", "a")], [])
    assert found(pair("p/a.jpg", "m")) == ([("p/a.jpg", "m/a.png", "a")], ["m/b.png"])


def test_what_has_no_partner_is_reported(tree):
    tree("p/a.jpg p/b.jpg m/a.png m/c.png m/d_mask001.png")
    pairing = pair("p", "m")
    assert found(pairing) == ([("p/a.jpg", "m/a.png", "a")], ["m/c.png", "m/d_mask001.png", "p/b.jpg"])
    reasons = {one.path.name: one.reason for one in pairing.unpaired}
    assert "no mask" in reasons["b.jpg"]
    assert "no photo" in reasons["c.png"]


def test_mask_without_photo_in_the_same_folder_is_no_photo(tree):
    tree("p/a.jpg p/a_mask.png p/theatre_mask.jpg")
    assert found(pair("p", "p")) == ([("p/a.jpg", "p/a_mask.png", "a")], ["p/theatre_mask.jpg"])


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.png", "a.jpg"), ("a.png", "a_mask.png"), ("a_mask001.png", "a_mask001.jpg"), ("a.mask.png", "a_mask.png")],
)
def test_two_masks_that_fit_equally_are_an_error_naming_both(tree, first, second):
    tree(f"p/a.jpg m/{first} m/{second}")
    with pytest.raises(ValueError, match="masks: both") as caught:
        pair("p", "m")
    assert first in str(caught.value)
    assert second in str(caught.value)
    assert "a.jpg" in str(caught.value)


def test_a_whole_name_is_preferred_to_its_beginning(tree):
    tree("p/x.jpg p/x_mask.jpg m/x.png m/x_mask.png")
    assert found(pair("p", "m")) == (
        [("p/x.jpg", "m/x.png", "x"), ("p/x_mask.jpg", "m/x_mask.png", "x_mask")],
        [],
    )


def test_photos_with_the_same_stem_keep_their_suffix(tree):
    tree("p/a.jpg p/a.png p/b.jpg m/a.png m/b.png")
    assert found(pair("p", "m")) == (
        [("p/a.jpg", "m/a.png", "a.jpg"), ("p/a.png", "m/a.png", "a.png"), ("p/b.jpg", "m/b.png", "b")],
        [],
    )


def test_photos_with_the_same_stem_and_masks_of_their_own(tree):
    tree("p/a.jpg p/a.png m/a.jpg.png m/a.png_mask001.png")
    assert found(pair("p", "m")) == (
        [("p/a.jpg", "m/a.jpg.png", "a"), ("p/a.png", "m/a.png_mask001.png", "a_mask001")],
        [],
    )


def test_no_two_results_get_one_name(tree):
    tree("p/a.jpg p/a.png p/a.jpg.png m/a.png m/a.jpg.png_mask.png")
    assert [one.name for one in pair("p", "m").pairs] == ["a.jpg", "a.jpg.png", "a.png"]
    tree("q/a.jpg q/a_mask1.jpg n/a.jpg_mask1.png n/a_mask1.png")
    assert [one.name for one in pair("q", "n").pairs] == ["a.jpg_mask1", "a_mask1.jpg"]


def test_natural_order(tree):
    tree("p/img10.jpg p/img9.jpg p/IMG1.jpg p/b.jpg m/img10.png m/img9.png m/IMG1.png m/b.png")
    assert [one.name for one in pair("p", "m").pairs] == ["b", "IMG1", "img9", "img10"]


@given(st.lists(st.text("aA0129_ é٣", max_size=6)))
def test_natural_key_is_a_total_order(texts):
    backwards = texts[::-1]
    assert sorted(texts, key=natural) == sorted(backwards, key=natural)
    assert all((natural(a) == natural(b)) == (a == b) for a in texts for b in texts)


def test_hidden_and_other_files_do_not_count(tree):
    tree("p/a.jpg p/.b.jpg p/notes.txt p/._a.jpg p/c.jpg.part p/.trash/d.jpg m/a.png m/.a.png m/a.txt m/b.npy")
    assert found(pair("p", "m", recursive=True)) == ([("p/a.jpg", "m/a.png", "a")], [])


def test_folders_named_like_photos_do_not_count(tree):
    tree("p/a.jpg p/b.jpg/x.txt m/a.png")
    assert found(pair("p", "m")) == ([("p/a.jpg", "m/a.png", "a")], [])


@pytest.mark.parametrize(
    "suffix", [".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif", ".heic", ".heif", ".JPG"]
)
def test_suffixes(tree, suffix):
    tree(f"p/a{suffix} m/a{suffix}")
    assert len(pair("p", "m").pairs) == 1


def test_recursive_keeps_subfolders(tree):
    tree("p/a.jpg p/x/a.jpg p/x/y/b.jpg m/a.png m/x/a_mask.png m/x/y/b.png")
    assert found(pair("p", "m", recursive=True)) == (
        [("p/a.jpg", "m/a.png", "a"), ("p/x/a.jpg", "m/x/a_mask.png", "x/a"), ("p/x/y/b.jpg", "m/x/y/b.png", "x/y/b")],
        [],
    )
    assert found(pair("p", "m")) == ([("p/a.jpg", "m/a.png", "a")], [])


def test_masks_folder_inside_the_photos_folder(tree):
    tree("p/a.jpg p/x/b.jpg p/masks/a.png p/masks/x/b.png")
    expected = [("p/a.jpg", "p/masks/a.png", "a"), ("p/x/b.jpg", "p/masks/x/b.png", "x/b")]
    assert found(pair("p", "p/masks", recursive=True)) == (expected, [])


def test_photos_folder_inside_the_masks_folder(tree):
    tree("m/a.png m/photos/a.jpg")
    assert found(pair("m/photos", "m", recursive=True)) == ([("m/photos/a.jpg", "m/a.png", "a")], [])


def test_globs(tree):
    tree("p/a.jpg p/b.png p/x/c.jpg p/a_mask001.png p/b_mask001.png p/x/c_mask.png")
    a = ("p/a.jpg", "p/a_mask001.png", "a_mask001")
    b = ("p/b.png", "p/b_mask001.png", "b_mask001")
    assert found(pair("p/*.jpg", "p/*_mask*.png")) == ([a], ["p/b_mask001.png"])
    assert found(pair("p/*", "p/*_mask*.png")) == ([a, b], [])
    assert found(pair("p", "p/*_mask*.png")) == ([a, b], [])
    assert found(pair("p/**/*.jpg", "p/**/*.png"))[0] == [a, ("p/x/c.jpg", "p/x/c_mask.png", "x/c")]


def test_glob_over_subfolders_keeps_them(tree):
    tree("p/1/a.jpg p/2/a.jpg m/1/a.png m/2/a.png")
    assert [one.name for one in pair("p/*/*.jpg", "m/*/*.png").pairs] == ["1/a", "2/a"]


def test_masks_beside_the_photos_told_apart_by_a_glob(tree):
    tree("p/a.jpg p/a.png p/b.jpg p/b.png")
    expected = [("p/a.jpg", "p/a.png", "a"), ("p/b.jpg", "p/b.png", "b")]
    assert found(pair("p/*.jpg", "p/*.png")) == (expected, [])
    assert found(pair("p/*.jpg", "p")) == (expected, [])
    assert found(pair("p", "p/*.png")) == (expected, [])


def test_a_name_with_brackets_is_no_glob_if_it_exists(tree):
    tree("p[1]/a[2].jpg m/a[2].png")
    assert found(pair("p[1]", "m")) == ([("p[1]/a[2].jpg", "m/a[2].png", "a[2]")], [])
    assert len(pair("p[1]/a[2].jpg", "m").pairs) == 1


def test_composed_and_decomposed_names_are_the_same(tree):
    tree(f"p/{unicodedata.normalize('NFC', 'café')}.jpg m/{unicodedata.normalize('NFD', 'café')}.png")
    assert len(pair("p", "m").pairs) == 1


@pytest.mark.parametrize(
    ("photos", "masks", "name"),
    [
        ("none", "m", "photos"),
        ("p", "none", "masks"),
        ("p/*.gif", "m", "photos"),
        ("empty", "m", "photos"),
        ("p", "n*", "masks"),
    ],
)
def test_nothing_there(tree, photos, masks, name):
    tree("p/a.jpg m/a.png empty/text.txt")
    with pytest.raises(FileNotFoundError, match=f"^{name}: ") as caught:
        pair(photos, masks)
    assert "\n" not in str(caught.value)


def test_file_without_image_suffix(tree):
    tree("list.txt m/a.png")
    with pytest.raises(ValueError, match=r"photos: 'list.txt' has no image suffix; accepted: \.jpg"):
        pair("list.txt", "m")


def test_order_of_the_folder_does_not_matter(tree, monkeypatch):
    tree("p/a.jpg p/b.jpg p/c.jpg m/a.png m/b.png m/d.png m/e.png")
    first = pair("p", "m")
    walk = os.walk
    monkeypatch.setattr(os, "walk", lambda top: ((at, dirs, files[::-1]) for at, dirs, files in walk(top)))
    assert pair("p", "m") == first


def write(text, encoding="utf-8"):
    Path("sub").mkdir(exist_ok=True)
    path = Path("sub/list.csv")
    path.write_bytes(text.encode(encoding))
    return path


def test_csv(tree):
    path = write("photo,mask\na.jpg,m/a.png\nx/b.jpg,m/b.png\n../c.jpg,m/c.png\n")
    assert read_csv(path) == [
        Pair(Path("sub/a.jpg"), Path("sub/m/a.png"), "a"),
        Pair(Path("sub/x/b.jpg"), Path("sub/m/b.png"), "x/b"),
        Pair(Path("sub/../c.jpg"), Path("sub/m/c.png"), "c"),
    ]


def test_csv_absolute_paths_and_output(tree, tmp_path):
    photo, mask = tmp_path / "a.jpg", tmp_path / "b.png"
    pairs = read_csv(write(f'mask,output,photo\n"{mask}",y/out.webp,"{photo}"\n{mask},,{photo}\n'))
    assert pairs == [Pair(photo, mask, "y/out", Path("y/out.webp")), Pair(photo, mask, "a")]


def test_csv_of_spreadsheets(tree):
    path = write('photo , mask\r\n"a, b.jpg", ü.png \r\n\r\n', "utf-8-sig")
    assert read_csv(path) == [Pair(Path("sub/a, b.jpg"), Path("sub/ü.png"), "a, b")]


def test_csv_names_are_unique(tree):
    path = write("photo,mask\na.jpg,1.png\na.jpg,2.png\na.png,a_mask007.png\n/x/b.jpg,b.png\n/y/b.png,b.png\n")
    assert [one.name for one in read_csv(path)] == ["a.jpg_1", "a.jpg_2", "a_mask007", "b.jpg", "b.png"]


def test_results_that_keep_their_suffix_may_share_a_name(tree):
    tree("p/a.jpg p/a.png p/b.jpg p/b.JPG m/a.png m/b.png")
    assert [one.name for one in pair("p", "m", keep_suffix=True).pairs] == ["a", "a", "b.JPG", "b.jpg"]
    assert [one.name for one in pair("p/a.*", "m/b.png", keep_suffix=True).pairs] == ["a", "a"]
    path = write("photo,mask,output\na.jpg,1.png,\na.png,2.png,\nb.jpg,2.png,a.webp\nb.png,2.png,a.jpg\n")
    names = ["a.jpg_1", "a", "a", "a.jpg"]
    assert [one.name for one in read_csv(path, keep_suffix=True)] == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the header is missing"),
        ("a.jpg,b.png\n", r"line 1: the header is a.jpg,b.png; accepted: photo,mask"),
        ("photo;mask\na.jpg;b.png\n", "line 1: the header is photo;mask"),
        ("photo,mask,ouput\na.jpg,b.png,c.png\n", "line 1: the header"),
        ("photo,mask,mask\na.jpg,b.png,c.png\n", "line 1: the header"),
        ("photo,mask\n", "no row"),
        ("photo,mask\na.jpg,b.png\nc.jpg\n", "line 3: mask is empty"),
        ("photo,mask\n,b.png\n", "line 2: photo is empty"),
        ("photo,mask\n.,b.png\n", "line 2: photo is .; accepted: the path of a file"),
        ("photo,mask\na.jpg,../..\n", "line 2: mask is"),
        ("photo,mask\na.jpg,b.png,c.png\n", "line 2: has more fields"),
        ('photo,mask\na.jpg,"b.png\n', "line 2: "),
        ("photo,mask,output\na.jpg,b.png,../c.png\n", "line 2: output is '../c.png'"),
        ("photo,mask,output\na.jpg,b.png,/c.png\n", "line 2: output is '/c.png'"),
        ("photo,mask,output\na.jpg,b.png,c.txt\n", "line 2: output is 'c.txt'"),
        ("photo,mask,output\na.jpg,b.png,c.png\nd.jpg,b.png,c.png\n", "line 2 and .*line 3 would both write 'c.png'"),
        ("photo,mask\na.jpg,b.png\na.jpg,b.png\n", "line 2 and .*line 3 would both write"),
    ],
)
def test_wrong_csv(tree, text, words):
    with pytest.raises(ValueError, match=words) as caught:
        read_csv(write(text))
    assert "list.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv_of_another_encoding_or_missing(tree, tmp_path):
    with pytest.raises(ValueError, match="UTF-8"):
        read_csv(write("photo,mask\nü.jpg,b.png\n", "latin-1"))
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        read_csv("nothing.csv")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "list.csv"
    path.write_bytes(b"photo,mask\n" + content)
    try:
        pairs = read_csv(path)
    except ValueError as error:
        assert "list.csv" in str(error)  # noqa: PT017 - some are well-formed
    else:
        assert all(one.name for one in pairs)
