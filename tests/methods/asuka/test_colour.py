"""Colour augmentation: each transform against known values, and draws that follow from the seeds."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

torch = pytest.importorskip("torch")

from retouch.methods.asuka import colour  # noqa: E402
from retouch.methods.asuka.decoder_config import Jitter  # noqa: E402


def pixel(*rgb):
    return torch.tensor(rgb)[None, :, None, None]  # [1, 3, 1, 1]


@pytest.fixture
def photos():
    return torch.from_numpy(np.random.default_rng(0).random((5, 3, 12, 10), np.float32))


def test_known_values():
    assert torch.allclose(colour.brightness(pixel(0.2, 0.5, 0.9), 1.5), pixel(0.3, 0.75, 1.0))
    red, green = pixel(1.0, 0.0, 0.0), pixel(0.0, 1.0, 0.0)
    assert torch.allclose(colour.grey(red), pixel(0.2989))
    assert torch.allclose(colour.saturation(red, 0.0), pixel(0.2989, 0.2989, 0.2989))
    assert torch.allclose(colour.saturation(pixel(0.5, 0.4, 0.3), 2.0), pixel(0.5816, 0.3816, 0.1816), atol=1e-3)
    two = torch.cat([pixel(0.0, 0.0, 0.0), pixel(1.0, 1.0, 1.0)], 3)
    assert torch.allclose(colour.contrast(two, 0.5), torch.tensor([0.25, 0.75]).expand(1, 3, 1, 2), atol=1e-4)
    assert torch.allclose(colour.hue(red, 1 / 3), green, atol=1e-6)
    assert torch.allclose(colour.hue(red, -1 / 6), pixel(1.0, 0.0, 1.0), atol=1e-6)


@pytest.mark.parametrize("turn", [-0.5, -0.03, 0.0, 0.017, 0.4])
def test_hue_is_that_of_hsv(photos, turn):
    found = colour.hue(photos, turn).permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    for given, ours in zip(photos.permute(0, 2, 3, 1).reshape(-1, 3).tolist(), found, strict=True):
        h, s, v = colorsys.rgb_to_hsv(*given)
        np.testing.assert_allclose(ours, colorsys.hsv_to_rgb((h + turn) % 1, s, v), atol=2e-6)


def test_greys_have_no_hue():
    grey = pixel(0.4, 0.4, 0.4)
    assert torch.equal(colour.hue(grey, 0.3), grey)


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize(
    ("name", "theirs"), [("brightness", "Brightness"), ("contrast", "Contrast"), ("saturation", "Color")]
)
def test_the_others_are_pillows(photos, name, theirs, factor):
    """But for Pillow's rounding to whole levels."""
    levels = (photos[:1] * 255).round()
    image = Image.fromarray(levels[0].permute(1, 2, 0).byte().numpy())
    expected = np.asarray(getattr(ImageEnhance, theirs)(image).enhance(factor), np.float32)
    found = getattr(colour, name)(levels / 255, factor)[0].permute(1, 2, 0).numpy() * 255
    np.testing.assert_allclose(found, expected, atol=1.6)


def test_a_photos_colours_follow_from_its_own_seed(photos):
    seeds, config = torch.arange(5) + 11, Jitter()
    out = colour.jitter(photos, seeds, config)
    assert torch.equal(out[3:4], colour.jitter(photos[3:4], seeds[3:4], config))
    assert not torch.equal(out, colour.jitter(photos, seeds + 1, config))
    assert ((out >= 0) & (out <= 1)).all()


def test_strengths_span_their_ranges():
    """Brightness alone: the factor of a grey pixel lies in [0.85, 1.15) and fills the range."""
    config = Jitter(brightness=0.15, contrast=0, saturation=0, hue=0)
    grey = torch.full((400, 3, 1, 1), 0.5)
    factors = colour.jitter(grey, torch.arange(400), config)[:, 0, 0, 0] / 0.5
    assert 0.85 <= factors.min() < 0.86
    assert 1.14 < factors.max() <= 1.15


def test_the_order_is_drawn(photos):
    """Brightness that clamps and saturation do not commute: both orders occur for the same strengths."""
    config = Jitter(brightness=1, contrast=0, saturation=1, hue=0)
    one = photos[:1].expand(60, -1, -1, -1)
    drawn = 2 * colour.uniform(torch.arange(60), (4,), "colour jitter").double() - 1
    out, orders = colour.jitter(one, torch.arange(60), config), set()
    for k in range(60):
        b, s = 1 + drawn[k, 0].item(), 1 + drawn[k, 2].item()
        first = colour.saturation(colour.brightness(one[k : k + 1], b), s)
        second = colour.brightness(colour.saturation(one[k : k + 1], s), b)
        if not torch.allclose(first, second):
            orders.add("brightness first" if torch.allclose(out[k : k + 1], first) else "saturation first")
            assert torch.allclose(out[k : k + 1], first) or torch.allclose(out[k : k + 1], second)
    assert orders == {"brightness first", "saturation first"}


def test_nothing_asked_for_changes_nothing(photos):
    config = Jitter(brightness=0, contrast=0, saturation=0, hue=0)
    assert torch.equal(colour.jitter(photos, torch.arange(5), config), photos)
