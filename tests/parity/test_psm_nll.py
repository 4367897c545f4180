"""Discretised-Gaussian NLL against values and gradients that were computed with 80 digits."""

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.train.losses.likelihood import gaussian_nll, gaussian_nll_map  # noqa: E402

pytestmark = needs_goldens


def close(ours, exact):
    """1e-9 of the exact value; where that is below 1, of 1."""
    np.testing.assert_allclose(ours.detach().numpy(), exact, rtol=1e-9, atol=1e-9)


def variables(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(a, dtype=np.float64)).requires_grad_() for a in arrays]


def test_grid():
    golden = np.load(PARITY / "psm" / "nll_grid.npz")
    axes = np.meshgrid(golden["y"], golden["mu"], golden["log_var"], indexing="ij")
    y, mean, log_variance = variables(*(a[None] for a in axes))  # [1, 9, 12, 12]
    nll = gaussian_nll_map(mean, log_variance, y)
    nll.sum().backward()
    close(nll[0], golden["nll"])
    close(log_variance.grad[0], golden["dnll_dlogvar"])
    close(mean.grad[0], golden["dnll_dmu"])


@pytest.fixture
def image():
    golden = np.load(PARITY / "psm" / "nll_map.npz")
    mean = 1.3 * fill().uniform("gold/psm/nll/mu", (2, 3, 6, 5))  # float32, stored as float64
    log_variance = 4 * fill().uniform("gold/psm/nll/log_var", (2, 3, 6, 5)) - 3
    np.testing.assert_array_equal(mean, golden["mu"])
    np.testing.assert_array_equal(log_variance, golden["log_var"])
    return golden, *variables(mean, log_variance, golden["y"])


def test_image(image):
    golden, mean, log_variance, y = image
    nll = gaussian_nll_map(mean, log_variance, y)
    nll.sum().backward()
    close(nll, golden["nll"])
    close(nll.sum((1, 2, 3)), golden["sum_per_sample"])
    close(log_variance.grad, golden["dnll_dlogvar"])
    close(mean.grad, golden["dnll_dmu_if_not_stopped"])


def test_loss(image):
    golden, mean, log_variance, y = image
    loss = gaussian_nll(mean, log_variance, y)
    loss.backward()
    close(loss, golden["sum_per_sample"].mean())
    close(2 * log_variance.grad, golden["dnll_dlogvar"])
    assert mean.grad is None


def test_loss_of_float32_with_colours_from_bytes(image):
    golden, mean, log_variance, _ = image
    y = torch.from_numpy(golden["k"]).to(torch.uint8).float() / 127.5 - 1
    log_variance = log_variance.detach().float().requires_grad_()
    loss = gaussian_nll(mean.detach().float(), log_variance, y)
    loss.backward()
    assert loss.item() == pytest.approx(float(golden["sum_per_sample"].mean()), rel=1e-6)
    np.testing.assert_allclose(2 * log_variance.grad.numpy(), golden["dnll_dlogvar"], rtol=1e-5, atol=1e-6)
