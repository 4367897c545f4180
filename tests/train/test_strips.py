"""Stored samples: made once, read as they were, batches from any step; what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.data.strips import RECORD, read_record, read_sample, sample_files  # noqa: E402
from retouch.data.training.photos import photos_in  # noqa: E402
from retouch.data.training.samples import TrainingSet  # noqa: E402
from retouch.methods.blend.make import make_samples, with_candidates  # noqa: E402
from retouch.train.strips import StoredLoader, StoredSet  # noqa: E402
from tests.methods.blend.tiny import PATCHES, SAMPLES, stored  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("blend"))


def again(folder, **changes):
    given = {"patches": PATCHES, "samples": SAMPLES, "count": 6, **changes}
    return make_samples(photos_in(folder.parent / "photos"), folder, **given)


def test_a_sample_comes_back_as_it_was_made(folder):
    drawn = TrainingSet(photos_in(folder.parent / "photos"), SAMPLES.model_copy(update={"flip": 0.0}))[4]
    made, read = with_candidates(drawn, PATCHES, 4), read_sample(sample_files(folder)[4], 3)
    assert np.array_equal(read.drawn.photo, drawn.photo)
    assert np.array_equal(read.drawn.hole, drawn.hole)
    assert np.array_equal(read.fills, made.fills)
    assert read.fills.shape == (3, 64, 64, 3)
    assert all(np.array_equal(fill[~drawn.hole], drawn.photo[~drawn.hole]) for fill in read.fills)


def test_called_again_it_goes_on_and_shares_give_the_same(folder, tmp_path):
    assert again(folder).kept == 6
    whole = {file.name: file.read_bytes() for file in sample_files(folder)}
    lost = sample_files(folder)[3]
    lost.unlink()
    done = again(folder)
    assert (done.written, done.kept) == (1, 5)
    assert lost.read_bytes() == whole[lost.name]
    for share in ((1, 2), (2, 2)):
        make_samples(
            photos_in(folder.parent / "photos"), tmp_path / "o", patches=PATCHES, samples=SAMPLES, count=6, shard=share
        )
    assert {file.name: file.read_bytes() for file in sample_files(tmp_path / "o")} == whole


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": PATCHES[:1]}, "holds samples of other patches"),
        ({"seed": 1}, "holds samples of other seed"),
        ({"samples": SAMPLES.model_copy(update={"size": 32})}, "holds samples of other samples"),
    ],
)
def test_samples_of_other_settings_are_not_mixed(folder, changes, message):
    with pytest.raises(FileExistsError, match=message):
        again(folder, **changes)


def test_other_files_are_left_alone(folder, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    photos = photos_in(folder.parent / "photos")
    with pytest.raises(FileExistsError, match="holds files that this command did not write"):
        make_samples(photos, tmp_path, patches=PATCHES, samples=SAMPLES, count=1)
    with pytest.raises(NotADirectoryError, match=r"out: .*letter.txt' is a file"):
        make_samples(photos, tmp_path / "letter.txt", patches=PATCHES, samples=SAMPLES, count=1)


@pytest.mark.parametrize(
    ("changes", "message"), [({"shard": (3, 2)}, "shard: is 3/2"), ({"count": 0}, "count"), ({"seed": -1}, "seed")]
)
def test_bad_numbers_are_refused(folder, tmp_path, changes, message):
    given = {"patches": PATCHES, "samples": SAMPLES, "count": 1, **changes}
    with pytest.raises(ValueError, match=message):
        make_samples(photos_in(folder.parent / "photos"), tmp_path / "o", **given)


def test_an_epoch_has_every_sample_once_and_photos_are_flipped_with_their_fills(folder):
    files = sample_files(folder)
    plain, flipped = (StoredSet(files, 3, flip, seed=2) for flip in (0.0, 1.0))
    assert sorted(plain[k].drawn.name for k in range(6)) == [file.stem for file in files]
    assert [plain[k].drawn.name for k in range(6)] != [plain[k].drawn.name for k in range(6, 12)]
    one, other = plain[3], flipped[3]
    assert np.array_equal(one.drawn.photo[:, ::-1], other.drawn.photo)
    assert np.array_equal(one.drawn.hole[:, ::-1], other.drawn.hole)
    assert np.array_equal(one.fills[:, :, ::-1], other.fills)


def test_batches_can_be_entered_at_any_step_and_hold_the_candidates(folder):
    made = StoredLoader(folder, size=64)
    place = {"batch": 2, "seed": 3}
    whole, late = made.batches(0, **place), made.batches(2, **place)
    third = [next(whole) for _ in range(3)][2]
    batch = next(late)
    assert torch.equal(batch.labels, third.labels)
    assert torch.equal(batch.photos, third.photos)
    assert torch.equal(batch.seeds, third.seeds)
    assert batch.labels.shape == (2, 3, 3, 64, 64)
    known = (batch.holes == 0)[:, None].expand_as(batch.labels)
    assert torch.equal(batch.labels[known], batch.photos[:, None].expand_as(batch.labels)[known])
    assert len(made) == 6
    assert "4 photos" in made.description


def test_the_stream_is_known_by_what_makes_it(folder):
    one = StoredLoader(folder, size=64).fingerprint
    assert one == StoredLoader(folder, size=64, workers=1).fingerprint
    assert one != StoredLoader(folder, size=64, flip=0.0).fingerprint


def test_what_is_no_folder_of_samples_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"has no {RECORD}"):
        StoredLoader(tmp_path, size=64)
    (tmp_path / RECORD).write_bytes((folder / RECORD).read_bytes())
    with pytest.raises(FileNotFoundError, match="has no sample"):
        StoredLoader(tmp_path, size=64)
    (tmp_path / RECORD).write_text("{}")
    with pytest.raises(ValueError, match=r"is damaged: Field required"):
        read_record(tmp_path)
    with pytest.raises(ValueError, match=r"data.size: is 128; accepted: 64, that of the samples"):
        StoredLoader(folder, size=128)


def test_damaged_samples_are_named(folder, tmp_path):
    good = sample_files(folder)[0]
    with pytest.raises(ValueError, match=r"0000000.png' is 320x64 pixels; accepted: 4 squares in a row"):
        read_sample(good, 2)
    bad = tmp_path / "0000007.png"
    bad.write_bytes(good.read_bytes()[:300])
    with pytest.raises(OSError, match=r"0000007.png' is damaged"):
        read_sample(bad, 3)
    with pytest.raises(FileNotFoundError):
        read_sample(tmp_path / "0000008.png", 3)
