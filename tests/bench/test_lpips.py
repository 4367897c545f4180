import os
from pathlib import Path

import numpy as np
import pytest

from tests.bench.samples import image

torch = pytest.importorskip("torch")

from retouch.bench.metrics import lpips, lpips_layers  # noqa: E402
from retouch.features.loaders import load_lpips  # noqa: E402
from retouch.features.lpips import Lpips  # noqa: E402

WEIGHTS = Path(os.environ.get("RETOUCH_WEIGHTS") or Path(__file__).resolve().parents[2].parent / "shared" / "weights")
needs_weights = pytest.mark.skipif(
    not (WEIGHTS / "lpips_v0.1_alex.safetensors").is_file(),
    reason="no LPIPS weights here (../shared/weights or RETOUCH_WEIGHTS)",
)


@pytest.fixture(scope="module", params=["alex", "vgg"])
def network(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = Lpips(request.param)
    for k in range(5):  # heads are never negative
        head = made.get_submodule(f"lin{k}").model[1].weight
        head.data.abs_()
    return made


def test_of_equal_images_is_zero(network):
    assert lpips(image(), image(), network) == 0


def test_layers_add_up_and_order_does_not_matter(network):
    a, b = image(), image(seed=1)
    layers = lpips_layers(a, b, network)
    assert layers.shape == (5,)
    assert (layers > 0).all()
    assert lpips(a, b, network) == pytest.approx(layers.sum(), abs=1e-12)
    assert lpips(b, a, network) == pytest.approx(lpips(a, b, network), rel=1e-5)


def test_an_image_has_its_value_whatever_else_is_in_the_batch(network):
    x, y = (torch.rand(3, 3, 40, 50) * 2 - 1 for _ in range(2))
    with torch.inference_mode():
        together = network(x, y)
        apart = torch.cat([network(a[None], b[None]) for a, b in zip(x, y, strict=True)])
    torch.testing.assert_close(together, apart, rtol=1e-5, atol=1e-7)


def test_the_reading_of_2dgs_is_another_value(network):
    a, b = image(), image(seed=1)
    assert lpips(a, b, network, reading="unit") != pytest.approx(lpips(a, b, network), rel=0.05)


def test_values_outside_the_range_are_refused(network):
    x = torch.zeros(1, 3, 40, 40)
    for bad, message in (
        (x + 127, "y: values reach from 127 to 127; accepted: -1 to 1"),
        (x * torch.nan, "y: values reach from nan"),
        (x[:, :1], "x, y: are"),
        (x[..., 1:], "x, y: are"),
    ):
        with pytest.raises(ValueError, match=message):
            network(x, bad)


def test_bad_input_is_refused(network):
    with pytest.raises(ValueError, match="a: is float64"):
        lpips(image() / 255, image(), network)
    with pytest.raises(ValueError, match="b: is "):
        lpips(image(), image(39), network)
    with pytest.raises(ValueError, match="sides of at least 32"):
        lpips(image(20), image(20), network)
    with pytest.raises(ValueError, match="reading: is 'raw'"):
        lpips(image(), image(), network, reading="raw")
    with pytest.raises(ValueError, match="net: is 'squeeze'"):
        Lpips("squeeze")


@needs_weights
@pytest.mark.parametrize("net", ["alex", "vgg"])
def test_with_public_weights(net, photo):
    network = load_lpips(net, WEIGHTS)
    # Every head weighs its channels without negative weights; blur is the more, the stronger it is.
    assert all((network.get_submodule(f"lin{k}").model[1].weight >= 0).all() for k in range(5))
    once = blurred(photo, 1)
    thrice = blurred(photo, 3)
    values = [lpips(photo, other, network) for other in (photo, once, thrice)]
    assert values[0] == 0
    assert 0.02 < values[1] < values[2] < 1.5


def blurred(x, times):
    x = x.astype(np.float64)
    for _ in range(times):
        p = np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge")
        x = (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] + p[1:-1, 1:-1]) / 5
    return x.round().astype(np.uint8)
