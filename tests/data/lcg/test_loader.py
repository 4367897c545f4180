"""Batches of pairs as tensors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.data.lcg.loader import PairLoader  # noqa: E402
from retouch.data.lcg.pairs import read_pairs  # noqa: E402
from retouch.data.lcg.samples import PairSet, PairSettings  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from tests.data.lcg.pairs_for_tests import folder_of_pairs  # noqa: E402

SMALL = PairSettings(size=32)


def first(loader, n=3, start=0, **options):
    batches = loader.batches(start, batch=4, seed=5, **options)
    return [next(batches) for _ in range(n)]


def test_batches_are_what_the_training_loop_takes(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    loader = PairLoader(pairs, SMALL, Batch)
    samples = PairSet(pairs, SMALL, seed=5)
    assert loader.description == "4 foreground and 4 background pairs"
    for step, batch in enumerate(first(loader)):
        expected = [samples[4 * step + k] for k in range(4)]
        assert batch.labels.tolist() == [sample.label for sample in expected]
        assert batch.seeds.tolist() == [sample.drawn.seed for sample in expected]
        assert batch.photos.shape == (4, 3, 32, 32)
        assert np.array_equal(batch.holes[:, 0].numpy() == 1, np.stack([sample.drawn.hole for sample in expected]))
        assert batch.photos.max() <= 1


def test_processes_share_a_batch_and_runs_go_on(tmp_path):
    loader = PairLoader(read_pairs(folder_of_pairs(tmp_path)), SMALL, Batch)
    whole = first(loader)
    parts = [first(loader, rank=rank, processes=2) for rank in range(2)]
    for step in range(3):
        together = torch.cat([parts[0][step].photos, parts[1][step].photos])
        assert torch.equal(together, whole[step].photos)
    assert torch.equal(first(loader, 1, start=2)[0].holes, whole[2].holes)


def test_workers_change_nothing(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    one, two = (first(PairLoader(pairs, SMALL, Batch, workers=workers), 2) for workers in (0, 1))
    assert all(
        torch.equal(a.photos, b.photos) and torch.equal(a.labels, b.labels) for a, b in zip(one, two, strict=True)
    )


def test_unusable_pairs_are_told_and_hopeless_ones_are_an_error(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    (tmp_path / "photos/photo0.png").unlink()
    loader = PairLoader(pairs, SMALL, Batch)
    first(loader, 4)
    assert list(loader.unusable) == ["photo0.png"]
    for path in (tmp_path / "photos").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="none of 4 in a row can be used"):
        first(loader, 1)


def test_a_run_of_training_takes_pairs_and_goes_on_as_if_never_stopped(tmp_path):
    pytest.importorskip("accelerate")
    from retouch.train.config import Every, TrainConfig
    from retouch.train.loop import train
    from tests.train.recipes import SIDE, L1Recipe

    class Told(L1Recipe):
        """Knows the classes of all samples that it was trained on."""

        labels = ()

        def step(self, batch, k):
            self.labels = (*self.labels, *batch.labels.tolist())
            small = torch.nn.functional.interpolate(batch.photos, SIDE)
            yield from super().step(Batch(small, batch.holes[..., :SIDE, :SIDE], batch.seeds, batch.labels), k)

    data = PairLoader(read_pairs(folder_of_pairs(tmp_path)), PairSettings(size=16), Batch)
    every = Every(log=1, checkpoint=1, sheet=0, validation=0)
    recipes = [Told(), Told(), Told()]
    for recipe, out, steps in zip(recipes, ("whole", "parts", "parts"), (4, 2, 4), strict=True):
        train(recipe, data, TrainConfig(out=tmp_path / out, steps=steps, batch=4, device="cpu", every=every))
    assert sum(recipes[0].labels) == 8  # of 16 samples, two epochs
    assert recipes[1].labels + recipes[2].labels == recipes[0].labels
    weights = [recipe.networks["unet"].state_dict() for recipe in recipes]
    assert all(torch.equal(weights[0][key], weights[2][key]) for key in weights[0])


def test_what_is_wrong_is_said_at_once(tmp_path):
    pairs = read_pairs(folder_of_pairs(tmp_path))
    with pytest.raises(ValueError, match="workers"):
        PairLoader(pairs, SMALL, Batch, workers=-1)
    with pytest.raises(ValueError, match="multiple of the 3 processes"):
        first(PairLoader(pairs, SMALL, Batch), processes=3)
