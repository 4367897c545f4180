"""The pipeline: end to end at toy size for both bases, saved and loaded again, equal to diffusers' inpainting."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline  # noqa: E402
from PIL import Image  # noqa: E402

from retouch.methods.asuka.config import Align  # noqa: E402
from retouch.methods.asuka.denoisers import check_parts  # noqa: E402
from retouch.methods.asuka.pipeline import AsukaPipeline  # noqa: E402
from retouch.methods.asuka.prior import Embedding, make_prior  # noqa: E402
from retouch.methods.asuka.sample import NOISE  # noqa: E402
from retouch.methods.asuka.sampling import FIRST, Repaint, Sampling, draw  # noqa: E402

from .tiny_mae import alignment, mae  # noqa: E402
from .tiny_pipeline import WIDTH, conditioned, flux, photos, sd, sure, transformer, unet, vae  # noqa: E402

BASES = pytest.mark.parametrize("make", [sd, flux])


def fill(pipeline, images, holes, **more):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(image=images, mask_image=holes, num_inference_steps=2, **more)


@BASES
def test_the_hole_is_filled_and_the_rest_kept(make):
    images, holes = photos()
    filled = fill(make(), images, holes)
    assert filled.shape == images.shape
    assert torch.equal(filled * (1 - holes), images * (1 - holes))
    assert filled[holes.expand_as(images) > 0].std() > 0.01
    assert 0 <= filled.min() <= filled.max() <= 1


@BASES
def test_nothing_under_the_hole_is_seen_and_seeds_matter(make):
    pipeline, (images, holes) = make(), photos()
    other = torch.where(holes > 0, 1 - images, images)
    a, b = (fill(pipeline, given, holes, seeds=[1, 2]) for given in (images, other))
    assert torch.equal(a, b)
    assert not torch.equal(a, fill(pipeline, images, holes, seeds=[3, 4]))


@BASES
def test_batch_equals_loop(make):
    pipeline, (images, holes) = make(), photos()
    together = fill(pipeline, images, holes, seeds=[5, 6])
    for k in range(2):
        alone = fill(pipeline, images[k : k + 1], holes[k : k + 1], seeds=[5 + k])
        torch.testing.assert_close(alone[0], together[k], rtol=0, atol=1e-4)


@BASES
def test_it_comes_back_as_it_was_saved(make, tmp_path):
    pipeline, (images, holes) = make(), photos()
    before = fill(pipeline, images, holes)
    pipeline.save_pretrained(tmp_path)
    again = AsukaPipeline.from_pretrained(tmp_path)
    assert torch.equal(fill(again, images, holes), before)
    assert type(again.vae) is type(pipeline.vae)
    half = AsukaPipeline.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert {p.dtype for part in (half.denoiser, half.vae, half.prior) for p in part.parameters()} == {torch.bfloat16}
    assert 0 < (fill(half, images, holes) - before).abs().max() < 0.3


def test_it_comes_back_without_a_prior(tmp_path):
    sd(with_prior=False, decoder=False).save_pretrained(tmp_path)
    again, (images, holes) = AsukaPipeline.from_pretrained(tmp_path), photos()
    assert again.prior is None
    with pytest.raises(ValueError, match="embedding: needed, for this pipeline has no prior"):
        fill(again, images, holes)
    filled = fill(again, images, holes, embedding=Embedding(torch.zeros(1, 7, WIDTH)))
    assert not torch.equal(filled, images)


def test_it_equals_diffusers_inpainting():
    """From pixels to pixels, with a plain decoder; a hole that the grid of latents fits."""
    ours = sd(with_prior=False, decoder=False)
    ours.vae = sure(ours.vae)
    tokens, (images, _) = torch.randn(1, 77, WIDTH, generator=torch.Generator().manual_seed(0)), photos(1)
    holes = torch.zeros(1, 1, 32, 48)
    holes[:, :, 8:24, 16:40] = 1
    peer = StableDiffusionInpaintPipeline(
        ours.vae, None, None, ours.denoiser, ours.scheduler, None, None, requires_safety_checker=False
    )
    peer.set_progress_bar_config(disable=True)
    theirs = peer(
        prompt_embeds=tokens,
        image=images,
        mask_image=holes,
        latents=draw([9], (4, 4, 6), FIRST),
        height=32,
        width=48,
        num_inference_steps=2,
        guidance_scale=1.0,
        output_type="pt",
    ).images
    filled = fill(ours, images, holes, seeds=[9], embedding=Embedding(tokens))
    torch.testing.assert_close(filled * holes, theirs * holes, rtol=0, atol=1e-4)


@BASES
def test_the_prior_can_be_of_another_image(make):
    pipeline, (images, holes) = make(), photos()
    blank = fill(pipeline, images, holes, prior_image=torch.ones(1, 3, 9, 11))
    assert not torch.equal(blank, fill(pipeline, images, holes))
    described = pipeline.describe(images, holes, torch.ones(1, 3, 9, 11))
    assert described.tokens.shape == (1, 64, WIDTH)
    assert torch.equal(blank, fill(pipeline, images, holes, embedding=described))


def test_a_stroke_of_one_pixel_reaches_prior_and_denoiser():
    pipeline, (images, _) = sd(), photos(1)
    none, stroke = torch.zeros(1, 1, 32, 48), torch.zeros(1, 1, 32, 48)
    stroke[0, 0, 13, 5:40] = 1
    a, b = (pipeline.describe(images, holes).tokens for holes in (none, stroke))
    assert not torch.equal(a, b)
    seen = []
    pipeline.denoiser.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    fill(pipeline, images, stroke)
    assert seen[0][0, 4].tolist() == [[0] * 6, [1, 1, 1, 1, 1, 0], [0] * 6, [0] * 6]


def test_the_decoder_is_shown_what_is_known(monkeypatch):
    pipeline, (images, holes) = sd(), photos(1)
    seen = {}
    whole = pipeline.vae.decode
    monkeypatch.setattr(pipeline.vae, "decode", lambda z, **known: seen.update(known) or whole(z, **known))
    fill(pipeline, images, holes)
    assert torch.equal(seen["image"], 2 * images - 1)
    assert torch.equal(seen["mask"], holes)


def test_sampling_starts_from_an_image_or_goes_back():
    pipeline, (images, holes) = sd(), photos()
    painted = pipeline.prior.paint(images, holes)
    assert torch.equal(painted * (1 - holes), images * (1 - holes))
    described = pipeline.describe(images, holes)
    with torch.no_grad():
        few = list(
            pipeline.steps(images, holes, [1, 2], described, Sampling(10, strength=0.3), painted=painted),
        )
        jumps = list(pipeline.steps(images, holes, [1, 2], described, Sampling(6), repaint=Repaint(2, 2)))
    assert len(few) == 3
    assert len(jumps) == 10
    mask = torch.nn.functional.max_pool2d(holes, 8)
    known = pipeline.codec.encode((2 * images - 1) * (1 - holes), draw([1, 2], (4, 4, 6), 0))
    torch.testing.assert_close(jumps[-1].latents * (1 - mask), known * (1 - mask))


def test_repaint_goes_over_a_denoiser_of_v_too():
    """As over one that says the same as noise."""
    images, holes = photos()
    velocity, noise = sd(), sd()
    velocity.scheduler = DDIMScheduler.from_config(NOISE | {"prediction_type": "v_prediction"})

    def as_noise(_, given, options, out):
        (x, times), a = given, velocity.scheduler.alphas_cumprod[given[1]]
        assert len(times) == 1
        return (a.sqrt() * out[0] + (1 - a).sqrt() * x[:, :4],)

    noise.denoiser.register_forward_hook(as_noise, with_kwargs=True)
    described = velocity.describe(images, holes)
    with torch.no_grad():
        a, b = (
            list(each.steps(images, holes, [1, 2], described, Sampling(6), repaint=Repaint(2, 2)))[-1].latents
            for each in (velocity, noise)
        )
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_pictures_come_back_as_pictures():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8))
    mask = Image.new("L", image.size)
    mask.paste(255, (10, 8, 30, 20))
    (filled,) = fill(sd(), image, mask)
    a, b = np.asarray(image), np.asarray(filled)
    assert np.array_equal(a[np.asarray(mask) == 0], b[np.asarray(mask) == 0])
    assert not np.array_equal(a, b)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": torch.zeros(1, 3, 30, 48)}, r"mask_image: has the shape \[1, 1, 32, 48\]; accepted: \[1, 1, 30"),
        ({"images": torch.zeros(3, 32, 48)}, r"image: has the shape \[3, 32, 48\]; accepted: \[B, 3, H, W\]"),
        (
            {"images": torch.zeros(1, 3, 30, 48), "holes": torch.zeros(1, 1, 30, 48)},
            "image: is 30 x 48 pixels; accepted: multiples of 8",
        ),
        ({"images": np.zeros((32, 48, 3))}, r"image: is float64 \[32, 48, 3\]; accepted: a PIL image, or uint8"),
    ],
)
def test_photos_are_checked(change, said):
    images, holes = photos(1)
    with pytest.raises(ValueError, match=said):
        fill(sd(), **{"images": images, "holes": holes, **change})


@pytest.mark.parametrize("seeds", [[1], [1, 2, 3]])
def test_every_photo_has_a_seed(seeds):
    images, holes = photos(2)
    with pytest.raises(ValueError, match=f"seeds: are {len(seeds)}; accepted: 2, one for each photo"):
        sd()(images, holes, seeds=seeds)


def test_flux_wants_multiples_of_sixteen():
    assert flux().multiple == 16
    with pytest.raises(ValueError, match="image: is 24 x 48 pixels; accepted: multiples of 16"):
        fill(flux(), torch.zeros(1, 3, 24, 48), torch.zeros(1, 1, 24, 48))


def test_parts_that_do_not_belong_together_are_refused():
    prior = make_prior(mae(), alignment())
    wide = make_prior(mae(), alignment(Align(prior=12, width=32, blocks=1, head=8)))
    for parts, said in (
        ((unet(channels=5), vae()), "base: the denoiser has 5 input channels; accepted: 9, of an inpainting model"),
        ((unet(), vae(latent=8)), "base: the denoiser has 9 input channels; accepted: 17, .* over 8 latent channels"),
        ((unet(), conditioned(), wide), "alignment: is 32 wide; accepted: 24, as the denoiser takes embeddings"),
        ((transformer(), vae(), prior), "pooled: is missing; accepted: 16, as the denoiser takes embeddings"),
    ):
        with pytest.raises(ValueError, match=said):
            check_parts(*parts)
