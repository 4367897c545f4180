"""Test sets built as MISATO was."""

import json

import numpy as np
import pytest
import typer
from PIL import Image

from retouch.cli.data import data
from retouch.data import dataset, make_misato
from tests.data.layouts_for_tests import picture, save


@pytest.fixture
def photos(tmp_path):
    """Two categories of three photos each; "indoor" sorts before "landscape" but comes after it in MISATO."""
    for k in range(3):
        save(picture(k, (90, 70)), tmp_path / "photos/landscape" / f"l{k}.png")
        save(picture(k + 5, (70, 90)), tmp_path / "photos/indoor" / f"i{k}.png")
    return tmp_path / "photos"


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def holes(folder):
    return [pixels(path) for path in sorted((folder / "mask").iterdir())]


def size_of(path):
    """(width, height) of a photo of the fixture."""
    return (90, 70) if path.stem.startswith("l") else (70, 90)


def test_photos_are_centre_squares_in_order_of_categories(photos, tmp_path):
    done = make_misato(photos, tmp_path / "out", size=64)
    assert (done.made, done.kept, done.unusable) == (6, 0, ())
    assert done.folder == tmp_path / "out/64"
    names = [f"{k:04d}.png" for k in range(6)]
    assert sorted(path.name for path in (done.folder / "image").iterdir()) == names
    assert sorted(path.name for path in (done.folder / "mask").iterdir()) == names
    first = picture(0, (90, 70)).crop((10, 0, 80, 70)).resize((64, 64), Image.Resampling.BICUBIC)
    assert np.array_equal(pixels(done.folder / "image/0000.png"), np.asarray(first))


def test_holes_are_of_a_fifth_to_four_fifths(photos, tmp_path):
    done = make_misato(photos, tmp_path / "out", size=64)
    drawn = holes(done.folder)
    assert len(drawn) == 6
    assert all(set(np.unique(hole)) == {0, 255} for hole in drawn)
    assert all(0.2 <= (hole > 0).mean() <= 0.8 for hole in drawn)
    assert len({hole.tobytes() for hole in drawn}) == 6


def test_the_result_is_read_as_misato(photos, tmp_path):
    make_misato(photos, tmp_path / "out", size=512)
    found = dataset("misato-512", tmp_path / "out", limit=6)
    assert [item.name for item in found.items] == [f"{k:04d}" for k in range(6)]
    assert found.items[5].hole().shape == (512, 512)


def test_called_again_it_goes_on_and_changes_nothing(photos, tmp_path):
    done = make_misato(photos, tmp_path / "out", size=64)
    before = contents(done.folder)
    for name in ("image/0002.png", "mask/0004.png"):
        (done.folder / name).unlink()
    again = make_misato(photos, tmp_path / "out", size=64)
    assert (again.made, again.kept) == (2, 4)
    assert contents(done.folder) == before


def test_the_seed_changes_holes_only(photos, tmp_path):
    one, two = (make_misato(photos, tmp_path / f"out{seed}", size=64, seed=seed).folder for seed in (0, 1))
    a, b = contents(one), contents(two)
    assert all((a[name] == b[name]) == name.startswith("image") for name in a)


def test_a_number_of_each_category(photos, tmp_path):
    done = make_misato(photos, tmp_path / "out", size=64, per_category=2)
    assert done.made == 4


def test_foreground_is_never_hole(photos, tmp_path):
    for name in ("l0", "l1", "l2", "i0", "i1", "i2"):
        size = (90, 70) if name.startswith("l") else (70, 90)
        mask = np.zeros(size[::-1], np.uint8)
        mask[20:50, 20:50] = 255
        save(Image.fromarray(mask), tmp_path / "things" / f"{name}.png")
    done = make_misato(photos, tmp_path / "out", size=70, foreground=tmp_path / "things")
    landscape, indoor = holes(done.folder)[:3], holes(done.folder)[3:]
    assert not any(hole[20:50, 10:40].any() for hole in landscape)
    assert not any(hole[10:40, 20:50].any() for hole in indoor)
    assert all(0.2 <= (hole > 0).mean() <= 0.8 for hole in [*landscape, *indoor])


def test_photos_that_cannot_be_used_are_named_and_the_others_kept(photos, tmp_path):
    (photos / "indoor/i1.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "things").mkdir()
    for path in photos.rglob("*.png"):
        if path.stem not in ("l2", "i1"):
            size = (10, 10) if path.stem == "l1" else size_of(path)
            Image.new("L", size, 0).save(tmp_path / "things" / path.name)
    done = make_misato(photos, tmp_path / "out", size=64, foreground=tmp_path / "things")
    assert done.made == 3
    assert [name for name, _ in done.unusable] == ["landscape/l1", "landscape/l2", "indoor/i1"]
    assert "foreground: of 'landscape/l1' is 10x10 pixels" in done.unusable[0][1]
    assert not (done.folder / "mask/0001.png").exists()


def test_foreground_that_covers_all_is_named(photos, tmp_path):
    for path in photos.rglob("*.png"):
        save(Image.new("L", size_of(path), 255), tmp_path / "things" / path.name)
    done = make_misato(photos, tmp_path / "out", size=64, foreground=tmp_path / "things")
    assert done.made == 0
    assert all("keep: leaves" in reason for _, reason in done.unusable)


def test_progress_counts_every_photo(photos, tmp_path):
    (photos / "indoor/i1.png").write_bytes(b"no photo")
    calls = []
    make_misato(photos, tmp_path / "out", size=64, progress=lambda done, of: calls.append((done, of)))
    assert calls[-1] == (6, 6)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_other_settings_are_not_mixed(photos, tmp_path):
    make_misato(photos, tmp_path / "out", size=64)
    before = contents(tmp_path / "out")
    with pytest.raises(FileExistsError, match="holds photos of other settings"):
        make_misato(photos, tmp_path / "out", size=64, seed=1)
    assert contents(tmp_path / "out") == before


def test_strangers_files_are_not_touched(photos, tmp_path):
    save(picture(0), tmp_path / "out/64/image/0000.png")
    with pytest.raises(FileExistsError, match="holds files that this command did not write"):
        make_misato(photos, tmp_path / "out", size=64)


def test_a_damaged_record(photos, tmp_path):
    done = make_misato(photos, tmp_path / "out", size=64)
    assert json.loads((done.folder / "misato.json").read_text())["size"] == 64
    (done.folder / "misato.json").write_text("{")
    with pytest.raises(ValueError, match=r"its record .* is damaged"):
        make_misato(photos, tmp_path / "out", size=64)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"size": 15}, ValueError, "size"),
        ({"seed": -1}, ValueError, "seed"),
        ({"per_category": 0}, ValueError, "per_category"),
        ({"objects": "nowhere"}, FileNotFoundError, "objects"),
        ({"foreground": "nowhere"}, FileNotFoundError, "foreground: there is no folder"),
    ],
)
def test_bad_arguments_write_nothing(options, kind, message, photos, tmp_path):
    with pytest.raises(kind, match=message):
        make_misato(photos, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_missing_or_without_photos(tmp_path):
    with pytest.raises(FileNotFoundError, match="photos: there is no folder"):
        make_misato(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "bare").mkdir()
    with pytest.raises(FileNotFoundError, match=r"photos: .* holds no image file"):
        make_misato(tmp_path / "bare", tmp_path / "out")


def command(*words):
    """Exit code of `retouch data WORDS`; errors come through."""
    app = typer.Typer()
    app.add_typer(data, name="data")
    code = typer.main.get_command(app).main(["data", *map(str, words)], standalone_mode=False)
    return code or 0


def test_the_command(photos, tmp_path, capsys):
    code = command("misato", photos, tmp_path / "out", "--size", 64, "--per-category", 1)
    assert code == 0
    assert len(list((tmp_path / "out/64/image").iterdir())) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "2 photos with masks written" in told.err
    assert "made-up blobs" in told.err


def test_the_command_names_what_it_left_out(photos, tmp_path, capsys):
    (photos / "indoor/i1.png").write_bytes(b"no photo")
    assert command("misato", photos, tmp_path / "out", "--size", 64) == 1
    assert "indoor/i1 was left out" in capsys.readouterr().err
    assert len(list((tmp_path / "out/64/image").iterdir())) == 5
