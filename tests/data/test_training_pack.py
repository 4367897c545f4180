"""Packed photos give the same samples."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from retouch.data import pack, packed_bytes, photos_in
from retouch.data.training import pack as module
from tests.data.layouts_for_tests import picture, save
from tests.data.photos_for_tests import SMALL, folder_of, same, stream


def test_packed_samples_are_the_same(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "photos", n=3, suffix="jpg")
    save(picture(7, (50, 40)).convert("RGBA"), folder / "sub" / "deep.png")
    monkeypatch.setattr(module, "SHARD", 10_000)
    done = []
    packed = pack(photos_in(folder), tmp_path / "out", progress=lambda *step: done.append(step))
    assert (packed.photos, packed.unusable) == (4, ())
    assert done == [(k, 4) for k in range(1, 5)]
    assert len(list((tmp_path / "out").glob("*.tar"))) > 1
    one, other = stream(folder), stream(tmp_path / "out")
    assert all(same(one[p], other[p]) for p in range(8))


def test_names_with_dots_and_equal_names_keep_apart(tmp_path):
    for name in ("a.b.png", "a_b.png", "dog.png", "dog.jpg", "dog-2.png"):
        save(picture(0, (40, 40)), tmp_path / "in" / name)
    pack(photos_in(tmp_path / "in"), tmp_path / "out")
    packed = [item.name for item in photos_in(tmp_path / "out").items]
    assert sorted(packed) == ["a_b", "a_b-2", "dog", "dog-2", "dog-3"]


def test_photos_are_scaled_down_and_never_up(tmp_path):
    folder = folder_of(tmp_path / "in", n=1, size=(120, 90))
    save(picture(1, (30, 20)), folder / "small.png")
    pack(photos_in(folder), tmp_path / "out", short_side=45)
    sizes = [item.image().size for item in photos_in(tmp_path / "out").items]
    assert sizes == [(60, 45), (30, 20)]


def test_the_estimate_is_near(tmp_path):
    photos = photos_in(folder_of(tmp_path / "in", n=6, size=(120, 90)))
    for short_side in (None, 50):
        folder = pack(photos, tmp_path / f"out-{short_side}", short_side=short_side).folder
        written = sum(path.stat().st_size for path in folder.iterdir())
        assert packed_bytes(photos, short_side) == pytest.approx(written, rel=0.2)


def test_unusable_photos_are_left_out_and_named(tmp_path):
    folder = folder_of(tmp_path / "in", n=3)
    (folder / "photo1.png").write_bytes(b"")
    packed = pack(photos_in(folder), tmp_path / "out")
    assert [item.name for item in photos_in(tmp_path / "out").items] == ["photo0", "photo2"]
    assert [unusable.name for unusable in packed.unusable] == ["photo1"]


def test_nothing_usable_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="data: none of 1 photos can be used; the first: photo 'a'"):
        pack(photos_in(tmp_path / "in"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_stopped_run_leaves_nothing(tmp_path):
    photos = photos_in(folder_of(tmp_path / "in"))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(photos, tmp_path / "out", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_is_refused(tmp_path, monkeypatch):
    photos = photos_in(folder_of(tmp_path / "in"))
    with pytest.raises(ValueError, match=r"limit: the photos take 0.0 GB; accepted: 0.0 GB; lower short_side"):
        pack(photos, tmp_path / "out", limit=1000)
    with pytest.raises(FileExistsError, match=r"out: .* exists; choose another folder"):
        pack(photos, tmp_path / "in")
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        pack(photos, tmp_path / "nowhere" / "out")
    with pytest.raises(ValueError, match="short_side: is 4"):
        pack(photos, tmp_path / "out", short_side=4)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(OSError, match=r"the disk of .* has 0.0 GB"):
        pack(photos, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_scaled_photos_still_make_samples(tmp_path):
    folder = folder_of(tmp_path / "in", n=2, size=(200, 150))
    pack(photos_in(folder), tmp_path / "out", short_side=64)
    near, far = stream(tmp_path / "out", SMALL)[0], stream(folder, SMALL)[0]
    assert np.array_equal(near.hole, far.hole)
    assert 0 < np.abs(near.photo.astype(int) - far.photo).mean() < 12
