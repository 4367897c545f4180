"""PSM as a method: contract, seeds, options, progress."""

import numpy as np
import pytest

from retouch.catalogue import CARDS
from retouch.filler import Filler
from retouch.methods.base import Cancelled
from retouch.methods.psm.method import Psm, PsmOptions
from retouch.settings import split


class Arithmetic:
    """A runner without weights: neighbours' values, the latent as a tint; surest at the top of the image."""

    latent_size = 4

    def __init__(self):
        self.truncations, self.taus = [], []

    def __call__(self, x, m0, m, u, tau, latents, truncation):
        self.truncations.append(truncation)
        self.taus.append(tau)
        around = sum(np.roll(x, shift, axis) for shift in (-3, 3) for axis in (2, 3)) / 4
        mean = around + 0.1 * truncation * latents[:, :3, None, None] + 0.05 * u
        rows = np.linspace(-4, -1, x.shape[2], dtype=np.float32)[:, None]
        return mean, np.broadcast_to(rows, x.shape).astype(np.float32)


@pytest.fixture
def runner():
    return Arithmetic()


@pytest.fixture
def method(runner):
    return Psm(runner)


def inputs(count=2, side=64):
    rng = np.random.default_rng(0)
    images = rng.random((count, side, side + 32, 3), np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[0, 10:30, 20:50] = True
    masks[1:, 30:60, 5:40] = True
    images[masks] = 0
    return images, masks


def test_the_contract(method):
    images, masks = inputs()
    before = images.copy(), masks.copy()
    filled = method(images, masks, PsmOptions(), seeds=[1, 2])
    assert filled.images.shape == images.shape
    assert filled.images.dtype == filled.uncertainty.dtype == np.float32
    assert filled.uncertainty.shape == masks.shape
    assert np.array_equal(filled.images[~masks], images[~masks])
    assert 0 <= filled.images.min() <= filled.images.max() <= 1
    assert filled.images[masks].std() > 0.05
    assert np.array_equal(images, before[0])
    assert np.array_equal(masks, before[1])


def test_uncertainty_is_sigma_in_the_hole_and_zero_outside(method):
    images, masks = inputs()
    told = method(images, masks, PsmOptions()).uncertainty
    sigma = np.exp(np.linspace(-4, -1, 64) / 2)[:, None] * np.ones_like(told)
    np.testing.assert_allclose(told[masks], sigma[masks], rtol=1e-5)
    assert (told[~masks] == 0).all()


def test_what_lies_under_the_hole_does_not_matter(method):
    images, masks = inputs()
    other = images.copy()
    other[masks] = 1
    a, b = (method(given, masks, PsmOptions(), seeds=[1, 2]) for given in (images, other))
    assert np.array_equal(a.images, b.images)
    assert np.array_equal(a.uncertainty, b.uncertainty)


def test_batch_equals_loop_and_seeds_matter(method):
    images, masks = inputs(3)
    images[2], masks[2] = images[1], masks[1]
    together = method(images, masks, PsmOptions(noise=0.5), seeds=[5, 6, 7])
    for k in range(3):
        alone = method(images[k : k + 1], masks[k : k + 1], PsmOptions(noise=0.5), seeds=[5 + k])
        assert np.array_equal(alone.images[0], together.images[k])
    assert not np.array_equal(together.images[1], together.images[2])


def test_latent_and_noise_are_both_drawn_from_the_seed(method):
    images, masks = inputs()
    quiet = [method(images, masks, PsmOptions(noise=0), seeds=seeds).images for seeds in ([1, 2], [3, 4])]
    assert not np.array_equal(*quiet)  # the latents differ
    images[1], masks[1] = images[0], masks[0]
    same = method(images, masks, PsmOptions(noise=0, truncation=0), seeds=[1, 2]).images
    noisy = method(images, masks, PsmOptions(noise=0.9, truncation=0), seeds=[1, 2]).images
    assert np.array_equal(same[0], same[1])
    assert not np.array_equal(noisy[0], noisy[1])


def test_options_reach_the_network_and_the_spread(method, runner):
    images, masks = inputs()
    method(images, masks, PsmOptions())
    assert runner.taus == [0, 0.25, 0.5, 0.75]
    assert set(runner.truncations) == {1.0}
    runner.taus.clear()
    method(images, masks, PsmOptions(iterations=2, truncation=0.5))
    assert runner.taus == [0, 0.5]
    assert runner.truncations[-1] == 0.5
    linear, cubic = (method(images, masks, PsmOptions(schedule=name, noise=0.5)).images for name in ("linear", "cubic"))
    assert not np.array_equal(linear, cubic)


@pytest.mark.parametrize("hole", [True, False])
def test_all_hole_and_no_hole(method, hole):
    images, masks = inputs()
    masks[:] = hole
    filled = method(images, masks, PsmOptions())
    assert np.isfinite(filled.images).all()
    assert np.array_equal(filled.images, images) != hole
    assert filled.uncertainty.any() == hole


def test_progress_shows_mean_uncertainty_and_known_set(method):
    images, masks = inputs()
    told = []
    filled = method(images, masks, PsmOptions(), progress=told.append)
    assert [(one.stage, one.step, one.steps) for one in told] == [("iteration", t, 4) for t in (1, 2, 3, 4)]
    assert np.array_equal(told[-1].preview(), filled.images)
    left = []
    for one in told:
        mean, uncertainty, known = one.panels()
        assert mean.shape == uncertainty.shape == known.shape == images.shape
        assert np.array_equal(mean, one.preview())
        assert np.array_equal(known[~masks], images[~masks])
        missing = (known == 0.5).all(axis=3)
        assert (uncertainty[missing] == 1).all()
        assert (uncertainty[~masks] == 0).all()
        left.append(np.count_nonzero(missing))
    assert left == [np.count_nonzero(masks) * k // 4 for k in (3, 2, 1, 0)]


def test_cancel_is_asked_before_each_iteration(method, runner):
    images, masks = inputs()
    with pytest.raises(Cancelled):
        method(images, masks, PsmOptions(), cancel=lambda: len(runner.taus) == 3)
    assert len(runner.taus) == 3


def test_nan_weights_are_told(method):
    images, masks = inputs()
    broken = Psm(type("Broken", (), {"latent_size": 2, "__call__": lambda self, x, *_: (x * np.nan, x)})())
    with pytest.raises(ValueError, match="network: gives NaN or infinite values in iteration 1 of 4"):
        broken(images, masks, PsmOptions())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iterations": 0}, "iterations: .*got 0"),
        ({"noise": -1}, "noise: .*got -1"),
        ({"truncation": 1.5}, "truncation: .*got 1.5"),
        ({"schedule": "quick"}, "schedule: .*'linear', 'cosine', 'cubic' or 'sqrt', got 'quick'"),
        ({"iteration": 2}, "did you mean 'iterations'"),
    ],
)
def test_options_out_of_their_range(given, message):
    with pytest.raises(ValueError, match=message):
        split(given, PsmOptions, "psm")


def test_in_a_photo_of_any_size(method, photo, hole):
    """90 x 120 is neither a multiple of 32 nor is every window 64 pixels wide."""
    filler = Filler(CARDS[0], method)
    result = filler.run(photo, hole, dilate=0, feather=0, seed=3)
    assert np.array_equal(result.image[~hole], photo[~hole])
    assert not np.array_equal(result.image[hole], photo[hole])
    assert (result.uncertainty[hole] > 0).all()
    assert (result.uncertainty[~hole] == 0).all()
    assert np.array_equal(result.image, filler.run(photo, hole, dilate=0, feather=0, seed=3).image)
    assert not np.array_equal(result.image, filler.run(photo, hole, dilate=0, feather=0, seed=4).image)
