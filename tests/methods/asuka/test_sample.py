"""Stable Diffusion's sampling: equal to diffusers' own pipeline, no random draw inside, thin holes kept."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline  # noqa: E402

from retouch.methods.asuka.denoisers import unet_denoise  # noqa: E402
from retouch.methods.asuka.sample import NOISE, sample, schedule, solver  # noqa: E402
from retouch.methods.asuka.sampling import FluxSampling, Repaint, Sampling, draw  # noqa: E402
from retouch.ops.latents import clean, noise_in, shrink_mask, wanted  # noqa: E402

from .tiny_pipeline import WIDTH, unet, vae  # noqa: E402


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def inputs(count=2):
    mask = torch.zeros(count, 1, 4, 6)
    mask[:, :, 1:3, 2:5] = 1
    return mask, normal(count, 4, 4, 6), normal(count, 4, 4, 6, seed=1)


def run(denoise, sampling, count=2, **more):
    mask, masked, noise = inputs(count)
    with torch.no_grad():
        return list(sample(denoise, mask, masked, noise, sampling, **more))


def test_it_equals_the_pipeline_of_diffusers():
    network, tokens = unet(), normal(1, 64, WIDTH, seed=2)
    mask, masked, noise = inputs(1)
    peer = StableDiffusionInpaintPipeline(
        vae(), None, None, network, DDIMScheduler.from_config(NOISE), None, None, requires_safety_checker=False
    )
    peer.set_progress_bar_config(disable=True)
    theirs = peer(
        prompt_embeds=tokens,
        image=torch.rand(1, 3, 32, 48),
        mask_image=mask.repeat_interleave(8, 2).repeat_interleave(8, 3),
        masked_image_latents=masked,
        latents=noise,
        height=32,
        width=48,
        num_inference_steps=5,
        guidance_scale=1.0,
        output_type="latent",
    ).images
    ours = run(unet_denoise(network, tokens), Sampling(steps=5), count=1)
    torch.testing.assert_close(ours[-1].latents, theirs, rtol=1e-4, atol=1e-5)
    assert [(step.k, step.steps) for step in ours] == [(k, 5) for k in range(1, 6)]


@pytest.mark.parametrize("name", ["ddim", "dpm++"])
def test_a_denoiser_that_knows_the_photo_gives_the_photo(name):
    """The exact noise of z_t for one z_0 leads there, whatever the solver."""
    truth = normal(2, 4, 4, 6, seed=3)
    shares = solver(name).alphas_cumprod

    def denoise(x, t):
        share = shares[t]
        return (x[:, :4] - share.sqrt() * truth) / (1 - share).sqrt()

    steps = run(denoise, Sampling(steps=12, solver=name))
    # Stable Diffusion ends at its first step, where a trace of noise is left.
    torch.testing.assert_close(steps[-1].latents, truth, rtol=0, atol=0.15)
    for step in steps:
        torch.testing.assert_close(step.clean, truth, rtol=1e-2, atol=2e-3)


def test_what_the_denoiser_is_given():
    seen = []

    def denoise(x, t):
        seen.append((x, t))
        return x[:, :4]

    mask, masked, noise = inputs()
    run(denoise, Sampling(steps=4))
    assert [t.tolist() for _, t in seen] == [[751], [501], [251], [1]]
    for x, _ in seen:
        assert torch.equal(x[:, 4:5], mask)
        assert torch.equal(x[:, 5:], masked)
    assert torch.equal(seen[0][0][:, :4], noise)


@pytest.mark.parametrize("name", ["ddim", "dpm++"])
def test_a_start_leaves_out_the_first_steps(name):
    start, (_, _, noise) = normal(2, 4, 4, 6, seed=5), inputs()
    seen = []

    def denoise(x, t):
        seen.append((x[:, :4], t))
        return 0.9 * x[:, :4]

    sampling = Sampling(steps=10, solver=name, strength=0.4)
    steps = run(denoise, sampling, start=start)
    assert [(step.k, step.steps) for step in steps] == [(k, 4) for k in range(1, 5)]
    scheduler, timesteps = schedule(sampling)
    share = scheduler.alphas_cumprod[timesteps[0]]
    exact = 1e-5 if name == "ddim" else 0.02  # dpm++ rounds its times to whole steps
    torch.testing.assert_close(seen[0][0], share.sqrt() * start + (1 - share).sqrt() * noise, rtol=0, atol=exact)
    assert [t.item() for _, t in seen] == timesteps.tolist()


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_clean_turns_a_prediction_back(kind):
    z, noise, share = normal(2, 4, 3, 3), normal(2, 4, 3, 3, seed=1), torch.tensor(0.3)
    mixed = share.sqrt() * z + (1 - share).sqrt() * noise
    out = noise if kind == "epsilon" else share.sqrt() * noise - (1 - share).sqrt() * z
    torch.testing.assert_close(clean(mixed, out, share, kind), z)
    torch.testing.assert_close(noise_in(mixed, out, share, kind), noise)
    torch.testing.assert_close(wanted(z, noise, share, kind), out)


def test_a_stroke_of_one_pixel_stays_in_the_latent_mask():
    holes = torch.zeros(1, 1, 32, 32)
    holes[0, 0, 13, 3:30] = 1
    assert shrink_mask(holes, 8).tolist() == [[[[0] * 4, [1] * 4, [0] * 4, [0] * 4]]]
    assert shrink_mask(holes, 8, "nearest").sum() == 0


def test_draws_follow_from_the_seeds():
    together = draw([3, 4], (4, 2, 2), 1)
    assert torch.equal(together[1:], draw([4], (4, 2, 2), 1))
    assert not torch.equal(together[:1], draw([3], (4, 2, 2), 0))
    assert draw([-1], (64, 64), 0).std().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sampling(steps=0), "steps: is 0; accepted: 1 to 1000"),
        (lambda: Sampling(strength=0), "strength: is 0; accepted: above 0, at most 1"),
        (lambda: Sampling(solver="euler"), "solver: is 'euler'; accepted: ddim, dpm"),
        (lambda: Sampling(latent_mask="area"), "latent_mask: is 'area'; accepted: any, nearest"),
        (lambda: FluxSampling(steps=1001), "steps: is 1001; accepted: 1 to 1000"),
        (lambda: FluxSampling(guidance=-1), "guidance: is -1; accepted: 0 or more"),
        (lambda: Repaint(jump=0), "jump: is 0; accepted: 1 or more"),
        (lambda: Repaint(times=0), "times: is 0; accepted: 1 or more"),
        (lambda: solver("ddim", {"prediction_type": "sample"}), "base: predicts 'sample'; accepted: models that"),
    ],
)
def test_settings_are_checked(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mask": torch.zeros(1, 1, 4, 6)}, r"mask: has the shape \[1, 1, 4, 6\]; accepted: \[2, 1, 4, 6\]"),
        ({"noise": torch.zeros(2, 4, 4, 4)}, r"noise: has the shape \[2, 4, 4, 4\]; accepted: \[2, 4, 4, 6\]"),
        ({"start": torch.zeros(2, 3, 4, 6)}, r"start: has the shape \[2, 3, 4, 6\]; accepted: \[2, 4, 4, 6\]"),
    ],
)
def test_shapes_are_checked(change, said):
    mask, masked, noise = inputs()
    given = {"mask": mask, "masked": masked, "noise": noise, "sampling": Sampling(), **change}
    with pytest.raises(ValueError, match=said):
        next(sample(lambda x, t: x[:, :4], **given))
