"""Eq. 1: against diffusers' own estimate, and what may not matter."""

import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from retouch.methods.asuka.latents import augment, one_step  # noqa: E402
from retouch.methods.asuka.sample import NOISE  # noqa: E402
from retouch.ops.codec import Pixels, Vae  # noqa: E402
from retouch.train.seeds import integers  # noqa: E402

from .tiny_pipeline import photos, vae  # noqa: E402


def noises(count=3, seed=0):
    """z_0 and eps."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, count, 4, 5, 6, generator=generator)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_it_is_what_ddim_takes_for_the_photo(kind):
    config = NOISE | {"prediction_type": kind}
    latents, noise = noises()
    timesteps = torch.tensor([500, 731, 999])

    def denoise(x, t):
        return x[:, :4].tanh() + 0.1 * x[:, 5:] - t[:, None, None, None] / 5000

    found = one_step(denoise, latents, noise, timesteps, config)
    scheduler = diffusers.DDIMScheduler.from_config(config)
    scheduler.set_timesteps(1000)
    for k, t in enumerate(timesteps):
        noisy = scheduler.add_noise(latents[k : k + 1], noise[k : k + 1], t[None])
        out = denoise(torch.cat([noisy, noisy[:, :1] * 0, latents[k : k + 1]], 1), t[None])
        wanted = scheduler.step(out, t, noisy).pred_original_sample
        torch.testing.assert_close(found[k : k + 1], wanted, rtol=1e-4, atol=1e-4)


def test_the_network_sees_noisy_latent_empty_mask_and_photo():
    latents, noise = noises()
    timesteps = torch.tensor([500, 731, 999])
    seen = []

    def denoise(x, t):
        seen.append((x, t))
        return noise

    found = one_step(denoise, latents, noise, timesteps)
    torch.testing.assert_close(found, latents, rtol=1e-3, atol=1e-3)  # the true noise gives the photo back
    ((x, t),) = seen
    share = diffusers.DDIMScheduler.from_config(NOISE).alphas_cumprod[timesteps][:, None, None, None]
    torch.testing.assert_close(x[:, :4], share.sqrt() * latents + (1 - share).sqrt() * noise)
    assert not x[:, 4].any()
    assert torch.equal(x[:, 5:], latents)
    assert torch.equal(t, timesteps)


def test_noise_of_another_shape_is_refused():
    latents, noise = noises()
    with pytest.raises(ValueError, match=r"noise: has the shape \[3, 4, 5, 5\]; accepted: \[3, 4, 5, 6\]"):
        one_step(lambda x, _: x, latents, noise[..., 1:], torch.tensor([500]))


def shrinking(x, _):
    """A denoiser that is wrong by as much as the photo says."""
    return x[:, : x.shape[1] // 2] * 0.9 + 0.2 * x[:, x.shape[1] // 2 + 1 :]


@pytest.mark.parametrize("size", [(32, 48), (33, 41), (5, 7)])
def test_any_size_comes_back(size):
    images, _ = photos(2, *size)
    found = augment(shrinking, Vae(vae()), images, torch.tensor([1, 2]))
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found - images).abs().mean() > 0.01


def test_a_batch_equals_a_loop_and_the_seed_counts():
    images, _ = photos(2)
    codec, seeds = Vae(vae()), torch.tensor([5, 6])
    both = augment(shrinking, codec, images, seeds)
    for k in range(2):
        one = augment(shrinking, codec, images[k : k + 1], seeds[k : k + 1])
        torch.testing.assert_close(both[k : k + 1], one, rtol=1e-4, atol=1e-4)
    other = augment(shrinking, codec, images, torch.tensor([5, 7]))
    assert torch.equal(other[0], both[0])
    assert not torch.equal(other[1], both[1])


def test_timesteps_are_the_upper_half():
    drawn = []

    def denoise(x, t):
        drawn.append(t)
        return x[:, :3]

    images = torch.rand(400, 3, 1, 1)
    augment(denoise, Pixels(), images, torch.arange(400))
    (t,) = drawn
    assert 500 <= int(t.min()) < 510
    assert 990 <= int(t.max()) <= 999
    assert torch.equal(t, integers(torch.arange(400), 500, 1000, "timestep"))
