"""`retouch data asuka-latents`."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import contents

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from retouch.data.training.photos import photos_in
from retouch.train.beside import beside
from tests.methods.asuka.tiny_files import write_base
from tests.methods.asuka.tiny_pipeline import unet

COUNT = 8
SIZES = [(40, 32), (33, 27), (24, 50), (32, 32)]  # width, height


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_base(tmp_path_factory.mktemp("model") / "base")


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The working directory, with eight photos of four sizes, half of them in a subfolder, one turned by EXIF."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "album/inner").mkdir(parents=True)
    for k in range(COUNT):
        width, height = SIZES[k % len(SIZES)]
        image = Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        exif = Image.Exif()
        exif[0x0112] = 6 if k == 2 else 1
        image.save(tmp_path / "album" / ("inner" if k % 2 else "") / f"p{k}.jpg", exif=exif)
    return tmp_path


def call(cli, base, *words, out="out"):
    return cli("data", "asuka-latents", "album", "-o", out, "--base", base, "--device", "cpu", *words)


def files(folder):
    """Names of all files below the folder, hidden ones too, with their bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def augmented(folder):
    return sorted(name for name in files(folder) if name.endswith(".png"))


def test_a_photo_of_every_ones_name_and_size(album, cli, base):
    answer = call(cli, base)
    made = augmented(album / "out")
    assert (answer.code, answer.out) == (0, "")
    assert 0 < len(made) < COUNT
    assert answer.err == f"retouch: {len(made)} photos augmented and {COUNT - len(made)} copied to out\n"
    photos = photos_in("album")
    for mine, other in zip(photos.items, beside(photos, album / "out").items, strict=True):
        before, after = mine.image(), other.image()
        assert before.size == after.size
        if other.photo.suffix == ".png":
            assert np.abs(np.asarray(before, float) - np.asarray(after, float)).mean() > 5
        else:
            assert other.photo.read_bytes() == mine.photo.read_bytes()


def test_shares_of_several_machines_give_the_same(album, cli, base):
    call(cli, base)
    for share in ("1/3", "2/3", "3/3"):
        assert call(cli, base, "--shard", share, out="other").code == 0
    assert files(album / "out") == files(album / "other")


def test_a_photo_does_not_depend_on_the_others(album, cli, base):
    call(cli, base, "--share", 1)
    for k in (0, 2, 4):
        (album / "album" / f"p{k}.jpg").unlink()
    call(cli, base, "--share", 1, out="fewer")
    assert len(augmented(album / "fewer")) == COUNT - 3
    assert files(album / "fewer").items() < files(album / "out").items()


def test_a_larger_share_holds_the_smaller_one_and_the_seed_counts(album, cli, base):
    call(cli, base, "--share", ".5")
    call(cli, base, "--share", ".8", out="more")
    call(cli, base, "--seed", 1, out="other")
    assert set(augmented(album / "out")) <= set(augmented(album / "more"))
    assert augmented(album / "out") != augmented(album / "other")


@pytest.mark.parametrize(("share", "count"), [(0, 0), (1, COUNT)])
def test_none_and_all(share, count, album, cli, base):
    call(cli, base, "--share", share)
    assert len(augmented(album / "out")) == count


def test_called_again_it_goes_on(album, cli, base):
    call(cli, base)
    before = contents(album / "out")
    for suffix in (".png", ".jpg"):
        next(path for path in sorted((album / "out").rglob(f"*{suffix}"))).unlink()
    answer = call(cli, base)
    assert answer.err == f"retouch: 1 photos augmented and 1 copied to out, {COUNT - 2} were there already\n"
    assert contents(album / "out") == before


def test_a_limit_takes_the_first(album, cli, base):
    assert "3 photos augmented" in call(cli, base, "--limit", 3, "--share", 1).err


def test_a_damaged_photo_is_named_and_the_rest_is_done(album, cli, base):
    whole = (album / "album/p0.jpg").read_bytes()
    (album / "album/p0.jpg").write_bytes(whole[: len(whole) // 2])
    (album / "album/p4.jpg").write_bytes(b"no photo")
    answer = call(cli, base)
    assert answer.code == 1
    assert "note: p0 was left out: " in answer.err
    assert "note: p4 was left out: " in answer.err
    assert len(files(album / "out")) == COUNT - 2 + 1  # and the record
    (album / "album/p0.jpg").write_bytes(whole)
    (album / "album/p4.jpg").write_bytes(whole)
    assert call(cli, base).code == 0
    beside(photos_in("album"), album / "out")


def test_photos_in_shards(album, cli, base):
    import tarfile

    with tarfile.open(album / "part-00000.tar", "w") as tar:
        for path in sorted((album / "album").rglob("*.jpg")):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            tar.addfile(entry, BytesIO(path.read_bytes()))
    words = ("data", "asuka-latents", "part-00000.tar", "-o", "out", "--base", base, "--device", "cpu")
    assert cli(*words).code == 0
    beside(photos_in("part-00000.tar"), album / "out")


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("nowhere", "-o", "out", "--base", "BASE"), "photos: there is no file or folder 'nowhere'"),
        (("album", "-o", "out"), "--base"),
        (("album", "-o", "out", "--base", "nowhere"), "base: nowhere is no folder; accepted: a folder in diffusers'"),
        (("album", "-o", "out", "--base", "album"), "base: album has no unet"),
        (("album", "-o", "out", "--base", "plain"), "base: the denoiser has 5 input channels; accepted: 9"),
        (("album", "-o", "file", "--base", "BASE"), "out: 'file' is a file"),
        (("album", "-o", "album/out", "--base", "BASE"), "out: 'album/out' lies in the folder of photos"),
        (("album", "-o", "full", "--base", "BASE"), "out: 'full' holds files that this command did not write"),
        (("twice", "-o", "out", "--base", "BASE"), "photos: two are called 'a'"),
        (("album", "-o", "out", "--base", "BASE", "--share", "2"), "--share"),
        (("album", "-o", "out", "--base", "BASE", "--limit", "0"), "--limit"),
        (("album", "-o", "out", "--base", "BASE", "--shard", "2"), "--shard: is '2'; accepted: i/n"),
        (("album", "-o", "out", "--base", "BASE", "--shard", "3/2"), "accepted: i/n with i from 1 to n"),
        (("album", "-o", "out", "--base", "BASE", "--device", "tpu9"), "tpu9"),
    ],
)
def test_refused_before_anything_is_written(words, saying, album, cli, base):
    (album / "file").write_bytes(b"")
    for folder, name in (("full", "notes.txt"), ("twice", "a.jpg"), ("twice", "a.png")):
        (album / folder).mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(album / folder / name, format="PNG")
    if "plain" in words:
        import shutil

        shutil.copytree(base, album / "plain")
        shutil.rmtree(album / "plain/unet")
        unet(channels=5).save_pretrained(album / "plain/unet")
    before = contents(album)
    answer = cli("data", "asuka-latents", *(base if word == "BASE" else word for word in words))
    assert answer.code == 2
    assert saying in answer.err
    assert len(answer.err.splitlines()) == 1
    assert contents(album) == before


def test_a_folder_of_other_settings_is_kept(album, cli, base):
    call(cli, base)
    before = contents(album / "out")
    answer = call(cli, base, "--share", ".7")
    assert answer.code == 2
    assert "out: 'out' holds photos of other settings" in answer.err
    assert contents(album / "out") == before


def test_a_damaged_record_is_told(album, cli, base):
    call(cli, base)
    assert json.loads((album / "out/asuka-latents.json").read_text()) == {"base": "base", "share": 0.5, "seed": 0}
    (album / "out/asuka-latents.json").write_text("{")
    answer = call(cli, base)
    assert answer.code == 2
    assert "asuka-latents.json' is damaged; delete it or choose another folder" in answer.err
