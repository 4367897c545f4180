"""FLUX.1-Fill's sampling: equal to diffusers' own pipeline; packing and its way back."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from diffusers import FluxFillPipeline  # noqa: E402

from retouch.methods.asuka.denoisers import flux_denoise  # noqa: E402
from retouch.methods.asuka.flux import image_ids, mask_channels, pack, sample, shift, unpack  # noqa: E402
from retouch.methods.asuka.prior import Embedding  # noqa: E402
from retouch.methods.asuka.sampling import FIRST, FluxSampling, draw  # noqa: E402

from .tiny_pipeline import POOLED, WIDTH, flux, photos, sure, transformer, vae  # noqa: E402


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_it_equals_the_pipeline_of_diffusers():
    ours = flux()
    ours.vae = sure(ours.vae)
    embedding = Embedding(normal(1, 64, WIDTH), normal(1, POOLED))
    peer = FluxFillPipeline(ours.scheduler, ours.vae, None, None, None, None, ours.denoiser)
    peer.set_progress_bar_config(disable=True)
    image, holes = photos(1)
    theirs = peer(
        image=image,
        mask_image=holes,
        prompt_embeds=embedding.tokens,
        pooled_prompt_embeds=embedding.pooled,
        latents=pack(draw([7], (4, 4, 6), FIRST)),
        height=32,
        width=48,
        num_inference_steps=4,
        guidance_scale=20.0,
        output_type="latent",
    ).images
    with torch.no_grad():
        steps = list(ours.steps(image, holes, [7], embedding, FluxSampling(4, guidance=20.0)))
    torch.testing.assert_close(pack(steps[-1].latents), theirs, rtol=1e-4, atol=1e-5)
    assert [(step.k, step.steps) for step in steps] == [(k, 4) for k in range(1, 5)]


def test_the_mask_is_theirs_at_full_size():
    (_, holes) = photos()
    peer = object.__new__(FluxFillPipeline)
    peer.vae_scale_factor = 8
    peer.vae = vae(shift_factor=0.0)
    masked = torch.zeros(2, 4, 4, 6)
    theirs, _ = FluxFillPipeline.prepare_mask_latents(
        peer, holes, masked, 2, 4, 1, 32, 48, torch.float32, torch.device("cpu"), None
    )
    assert torch.equal(pack(mask_channels(holes, (4, 6))), theirs)
    assert theirs.sum() == holes.sum()


def test_a_denoiser_that_knows_the_photo_gives_the_photo():
    truth, noise = normal(2, 4, 4, 6, seed=3), normal(2, 4, 4, 6, seed=4)
    velocity = pack(noise - truth)
    (_, holes) = photos()
    steps = list(sample(lambda x, s: velocity, holes, torch.zeros_like(noise), noise, 7))
    torch.testing.assert_close(steps[-1].latents, truth, rtol=0, atol=1e-5)
    torch.testing.assert_close(steps[0].clean, truth, rtol=0, atol=1e-5)


def test_packing_and_its_way_back():
    z = normal(2, 4, 6, 8)
    assert torch.equal(pack(z), FluxFillPipeline._pack_latents(z, 2, 4, 6, 8))
    assert torch.equal(unpack(pack(z), (6, 8)), z)
    assert torch.equal(image_ids((6, 8)), FluxFillPipeline._prepare_latent_image_ids(2, 3, 4, "cpu", torch.float32))


def test_larger_photos_are_shifted_more():
    assert shift(256, {}) == pytest.approx(0.5)
    assert shift(4096, {}) == pytest.approx(1.15)
    assert shift(4096, {"max_shift": 2.0}) == pytest.approx(2.0)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"latents: are \[3, 4\] positions; accepted: even sides"):
        pack(torch.zeros(1, 4, 3, 4))
    with pytest.raises(ValueError, match="holes: are 31 x 48 pixels; accepted: a multiple of the latent's 4 x 6"):
        mask_channels(torch.zeros(1, 1, 31, 48), (4, 6))
    with pytest.raises(ValueError, match=r"noise: has the shape \[1, 4, 2, 2\]; accepted: \[1, 4, 4, 6\]"):
        next(sample(lambda x, s: x, torch.zeros(1, 1, 32, 48), torch.zeros(1, 4, 4, 6), torch.zeros(1, 4, 2, 2)))
    with pytest.raises(ValueError, match="embedding: has no pooled vector"):
        flux_denoise(transformer(), Embedding(normal(1, 64, WIDTH)), (4, 6), 1, 30.0)
