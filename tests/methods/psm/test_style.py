"""Style: mapped latents with their average, and the global feature."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.psm.style import Mapping, Style  # noqa: E402


def mapping(size=6):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Mapping(size).eval()


def latents(batch=4, size=6, seed=1):
    return torch.randn(batch, size, generator=torch.Generator().manual_seed(seed))


def test_only_the_direction_of_a_latent_counts():
    made, z = mapping(), latents()
    torch.testing.assert_close(made(3 * z), made(z))
    assert not torch.allclose(made(-z), made(z))


def test_truncation_goes_towards_the_average():
    made, z = mapping(), latents()
    made.average.copy_(torch.arange(6.0))
    torch.testing.assert_close(made(z, 0.0), made.average.expand(4, 6))
    torch.testing.assert_close(made(z, 0.25), made.average + 0.25 * (made(z) - made.average))
    torch.testing.assert_close(made(z, torch.tensor(0.25)), made(z, 0.25))


def test_the_average_follows_in_training_only():
    made, z = mapping(), latents()
    w = made(z)
    assert torch.equal(made.average, torch.zeros(6))
    made.train()(z)
    torch.testing.assert_close(made.average, 0.005 * w.mean(0).detach())
    made(z)
    torch.testing.assert_close(made.average, (1 - 0.995**2) * w.mean(0).detach())
    assert not made.average.requires_grad


def test_the_average_is_saved():
    made = mapping()
    made.average.fill_(2)
    other = mapping()
    other.load_state_dict(made.state_dict())
    assert torch.equal(other.average, torch.full((6,), 2.0))


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (16, 16), (8, 20)])
def test_global_feature_of_any_size(size):
    made = Style(channels=5, latent=6, feature=7).eval()
    coarsest = torch.randn(4, 5, *size, generator=torch.Generator().manual_seed(2))
    style = made(coarsest, latents())
    assert style.shape == (4, 13)
    torch.testing.assert_close(style[:, :6], made.mapping(latents()))
    changed = made(2 * coarsest, latents()) != style
    assert not changed[:, :6].any()
    assert changed[:, 6:].any()
