"""Batches are the same whatever makes them."""

import pickle
import shutil
from itertools import islice

import numpy as np
import pytest

from retouch.data import SampleSettings, TrainingSet, fixed_samples, photos_in
from tests.data.photos_for_tests import SMALL, folder_of, stream

torch = pytest.importorskip("torch")
loader = pytest.importorskip("retouch.data.training.loader")


def triple(photos, holes, seeds):
    return photos, holes, seeds


def loader_of(root, settings=SMALL, **given):
    return loader.Loader(photos_in(root), settings, triple, **given)


def batches(root, count, first=0, batch=4, seed=0, rank=0, processes=1, **given):
    stream = loader_of(root, **given).batches(first, batch=batch, seed=seed, rank=rank, processes=processes)
    return list(islice(stream, count))


def equal(some, others):
    return all(torch.equal(a, b) for one, other in zip(some, others, strict=True) for a, b in zip(one, other))  # noqa: B905


def test_a_batch_has_the_shapes_and_ranges_that_training_asks_for(tmp_path):
    photos, holes, seeds = batches(folder_of(tmp_path), 1)[0]
    assert (photos.shape, photos.dtype) == ((4, 3, 32, 32), torch.float32)
    assert (holes.shape, holes.dtype) == ((4, 1, 32, 32), torch.float32)
    assert (seeds.shape, seeds.dtype) == ((4,), torch.int64)
    assert set(holes.unique().tolist()) == {0.0, 1.0}
    sample = stream(tmp_path)[1]
    assert np.array_equal(photos[1].permute(1, 2, 0).numpy(), sample.photo.astype(np.float32) / 255)
    assert np.array_equal(holes[1, 0].numpy() == 1, sample.hole)
    assert seeds[1] == sample.seed


@pytest.mark.parametrize("given", [{"workers": 1}, {"workers": 2}, {"workers": 1, "context": "spawn"}])
def test_workers_change_nothing(tmp_path, given):
    folder_of(tmp_path)
    assert equal(batches(tmp_path, 5, **given), batches(tmp_path, 5))


def test_a_resumed_run_goes_on_with_the_same_batches(tmp_path):
    folder_of(tmp_path, n=5)
    assert equal(batches(tmp_path, 7)[3:], batches(tmp_path, 4, first=3))


def test_processes_share_the_batch_of_one(tmp_path):
    folder_of(tmp_path)
    parts = [batches(tmp_path, 3, batch=6, rank=rank, processes=2) for rank in range(2)]
    joined = [tuple(map(torch.cat, zip(*both, strict=True))) for both in zip(*parts, strict=True)]
    assert equal(joined, batches(tmp_path, 3, batch=6))


def test_other_seeds_give_other_batches(tmp_path):
    folder_of(tmp_path)
    assert not equal(batches(tmp_path, 1, seed=1), batches(tmp_path, 1, seed=2))


def test_fewer_photos_than_a_batch(tmp_path):
    photos, _, seeds = batches(folder_of(tmp_path, n=1), 1, batch=5)[0]
    assert len(set(seeds.tolist())) == len({photo.numpy().tobytes() for photo in photos}) == 5


@pytest.mark.parametrize("workers", [0, 1])
def test_unusable_photos_are_gathered_from_workers(tmp_path, workers):
    folder_of(tmp_path, n=3)
    (tmp_path / "photo1.png").write_bytes(b"")
    used = loader_of(tmp_path, workers=workers)
    assert len(list(islice(used.batches(0, batch=3, seed=0), 2))) == 2
    assert list(used.unusable) == ["photo1"]
    assert "is empty" in used.unusable["photo1"].reason


@pytest.mark.parametrize("workers", [0, 1])
def test_what_fails_is_told_in_one_line(tmp_path, workers):
    folder_of(tmp_path, n=2, size=(20, 20))
    with pytest.raises(ValueError, match="none of 2 photos in a row can be used") as caught:
        batches(tmp_path, 1, workers=workers)
    assert "\n" not in str(caught.value)


def test_the_global_generator_is_left_alone(tmp_path):
    folder_of(tmp_path)
    before = torch.random.get_rng_state()
    batches(tmp_path, 2)
    assert torch.equal(before, torch.random.get_rng_state())


def test_fingerprints_change_with_the_stream_and_not_with_the_place(tmp_path):
    folder_of(tmp_path / "one" / "set", n=3)
    prints = [loader_of(tmp_path / "one" / "set").fingerprint]
    shutil.move(tmp_path / "one", tmp_path / "two")
    prints.append(loader_of(tmp_path / "two" / "set").fingerprint)
    assert prints[0] == prints[1]
    prints = prints[:1] + [
        loader_of(tmp_path / "two" / "set", SMALL.model_copy(update=change)).fingerprint
        for change in ({"size": 48}, {"holes": "boxes"}, {"flip": 0.0})
    ]
    folder_of(tmp_path / "two" / "set", n=4)
    prints.append(loader_of(tmp_path / "two" / "set").fingerprint)
    (tmp_path / "list.csv").write_text("file,weight\nphoto0,1\nphoto1,2\nphoto2,1\nphoto3,1\n")
    weighted = photos_in(tmp_path / "two" / "set", tmp_path / "list.csv")
    prints.append(loader.Loader(weighted, SMALL, triple).fingerprint)
    assert len(set(prints)) == 6


def test_the_description_says_how_many_photos_of_what(tmp_path):
    assert loader_of(folder_of(tmp_path / "rooms", n=3)).description == "3 photos of rooms"


def test_a_data_set_for_another_loader(tmp_path):
    samples = TrainingSet(photos_in(folder_of(tmp_path, n=4)), SMALL)
    other = pickle.loads(pickle.dumps(samples))
    ready = torch.utils.data.DataLoader(other, batch_size=2, collate_fn=loader.to_tensors)
    assert equal(list(ready), batches(tmp_path, 2, batch=2))


def test_validation_samples_become_tensors(tmp_path):
    fixed = fixed_samples(photos_in(folder_of(tmp_path, n=3)), size=32, holes="centre")
    photos, holes, seeds = loader.to_tensors(fixed.samples)
    assert photos.shape == (3, 3, 32, 32)
    assert holes.mean() == pytest.approx(0.25)
    assert seeds.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"workers": -1}, "workers: is -1"),
        ({"prefetch": 0}, "prefetch: is 0"),
        ({"settings": SampleSettings(size=32, holes="bx")}, "did you mean 'box'"),
    ],
)
def test_bad_arguments_are_told_at_once(tmp_path, given, message):
    folder_of(tmp_path, n=1)
    with pytest.raises(ValueError, match=message):
        loader_of(tmp_path, **given)


def test_batches_that_cannot_be_divided(tmp_path):
    folder_of(tmp_path, n=1)
    with pytest.raises(ValueError, match="batch: is 5; accepted: a multiple of the 2 processes"):
        batches(tmp_path, 1, batch=5, processes=2)
