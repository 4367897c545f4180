"""Every model of the catalogue that needs no download holds to the contract of `methods.base`."""

import numpy as np
import pytest

from retouch.catalogue import CARDS, find, load_method
from retouch.methods.base import Cancelled

pytestmark = pytest.mark.parametrize("name", [card.name for card in CARDS if not card.size_mb])


def inputs(method, count=2, seed=0):
    side = max(method.needs.smallest, 24)
    height, width = (-(-n // method.needs.multiple) * method.needs.multiple for n in (side, side + 16))
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.2, 0.7, width, dtype=np.float32)[None, None, :, None]
    images = (ramp + 0.2 * rng.random((count, height, width, 3))).astype(np.float32)
    masks = np.zeros((count, height, width), bool)
    masks[0, 5:12, 6:18] = True
    masks[1:, 8:20, 20:30] = True
    images[masks] = 0
    return images, masks


@pytest.fixture
def method(name):
    return load_method(find(name))


def run(method, images, masks, **more):
    return method(images, masks, method.needs.options(), **more)


def test_output_has_the_shape_range_and_type_promised(method):
    images, masks = inputs(method)
    filled = run(method, images, masks).images
    assert filled.shape == images.shape
    assert filled.dtype == np.float32
    assert np.isfinite(filled).all()
    assert filled.min() >= 0
    assert filled.max() <= 1
    assert not np.array_equal(filled[masks], images[masks])


def test_known_pixels_and_inputs_are_left_alone(method):
    images, masks = inputs(method)
    before = images.copy(), masks.copy()
    filled = run(method, images, masks).images
    assert np.array_equal(filled[~masks], images[~masks])
    assert np.array_equal(images, before[0])
    assert np.array_equal(masks, before[1])


def test_batch_equals_loop(method):
    images, masks = inputs(method, count=3)
    together = run(method, images, masks, seeds=[5, 6, 7]).images
    for k in range(3):
        alone = run(method, images[k : k + 1], masks[k : k + 1], seeds=[5 + k]).images
        assert np.array_equal(alone[0], together[k])


def test_same_seed_same_result(method):
    images, masks = inputs(method)
    a, b = (run(method, images, masks, seeds=[1, 2]).images for _ in range(2))
    assert np.array_equal(a, b)


def test_seeds_matter_exactly_where_the_card_says_so(method):
    rng = np.random.default_rng(3)
    images = rng.random((2, 64, 64, 3)).astype(np.float32)
    images[1] = images[0]
    masks = np.zeros((2, 64, 64), bool)
    masks[:, 20:44, 20:44] = True
    first, second = run(method, images, masks, seeds=[1, 2]).images
    assert np.array_equal(first, second) != method.needs.stochastic


def test_the_smallest_declared_size_works(method):
    side = -(-method.needs.smallest // method.needs.multiple) * method.needs.multiple
    images = np.full((1, side, side + method.needs.multiple, 3), 0.5, np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[0, 0, 0] = True
    images[masks] = 0
    filled = run(method, images, masks).images
    assert filled[0, 0, 0] == pytest.approx(0.5, abs=0.01)


def test_progress_ends_and_cancel_is_asked(method):
    images, masks = inputs(method)
    steps = []
    run(method, images, masks, progress=steps.append)
    assert steps[-1].step == steps[-1].steps
    with pytest.raises(Cancelled):
        run(method, images, masks, cancel=lambda: True)
