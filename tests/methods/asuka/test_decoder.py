"""The conditioned decoder: what enters where, in which precision, for how many images, in tiles, in diffusers."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from diffusers import AsymmetricAutoencoderKL  # noqa: E402

from retouch.methods.asuka.decoder import AsukaAutoencoder  # noqa: E402
from retouch.methods.asuka.decoder_config import Autoencoder  # noqa: E402
from tests.methods.asuka.tiny_decoder import TINY, inputs, tiny  # noqa: E402


@pytest.fixture(scope="module")
def network():
    return tiny()


def decode(network, z, image=None, mask=None):
    with torch.inference_mode():
        return network.decode(z, image=image, mask=mask).sample


def test_what_lies_under_the_hole_is_not_looked_at(network):
    z, image, mask = inputs()
    other = torch.where(mask > 0, torch.randn(image.shape, generator=torch.Generator().manual_seed(1)), image)
    assert torch.equal(decode(network, z, image, mask), decode(network, z, other, mask))


def test_known_pixels_are_looked_at(network):
    z, image, mask = inputs()
    assert not torch.equal(decode(network, z, image, mask), decode(network, z, image + 0.1 * (1 - mask), mask))


def test_a_whole_hole_is_the_plain_decoder(network):
    z, image, mask = inputs()
    assert torch.equal(decode(network, z, image, torch.ones_like(mask)), decode(network, z))


def test_a_hole_of_one_pixel_reaches_the_coarsest_features(network):
    """The latent's position under a stroke of one pixel is looked at: nearest neighbours would miss it."""
    z, image, mask = inputs()
    stroke = torch.zeros_like(mask)
    stroke[..., 3, 3] = 1  # no corner of a square of 8
    other = z.clone()
    other[..., 0, 0] += 1
    assert not torch.equal(decode(network, z, image, stroke), decode(network, other, image, stroke))


def test_no_hole_needs_no_latent(network):
    z, image, mask = inputs()
    empty = torch.zeros_like(mask)
    assert torch.equal(decode(network, z, image, empty), decode(network, z + 1, image, empty))


def test_several_results_for_one_image(network):
    z, image, mask = inputs(count=4)
    out = decode(network, z, image[:2], mask[:2])
    assert torch.equal(out, decode(network, z, image[:2].repeat(2, 1, 1, 1), mask[:2].repeat(2, 1, 1, 1)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions(network, dtype):
    z, image, mask = inputs()
    exact = decode(network, z, image, mask)
    out = decode(tiny().to(dtype), z, image, mask)  # the inputs stay float32, as pipelines may leave them
    assert out.dtype == dtype
    assert (out.float() - exact).abs().max() < (0.05 if dtype == torch.bfloat16 else 1e-4) * exact.abs().max()


def test_gradients_reach_latent_and_condition_with_checkpointing_too():
    z, image, mask = inputs()
    found = []
    for save in (False, True):
        network = tiny().train()
        if save:
            network.enable_gradient_checkpointing()
        network.decode(z.requires_grad_(), image=image, mask=mask).sample.square().mean().backward()
        found.append(network.decoder.condition_encoder.layers[0].weight.grad)
    assert found[0].abs().sum() > 0
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ((1, 3, 32, 32), None),
        (None, (1, 1, 32, 32)),
        ((1, 3, 24, 32), (1, 1, 24, 32)),
        ((1, 3, 32, 32), (1, 32, 32)),
        ((3, 3, 32, 32), (3, 1, 32, 32)),
    ],
)
def test_shapes_that_do_not_fit_are_named(network, image, mask):
    z = torch.zeros(4, 4, 4, 4)
    given = [None if shape is None else torch.zeros(shape) for shape in (image, mask)]
    with pytest.raises(
        ValueError, match=r"image, mask: are .* and .*; accepted: \[B, 3, 32, 32\] and \[B, 1, 32, 32\]"
    ):
        decode(network, z, *given)


@pytest.mark.parametrize("side", [64, 88])
def test_tiles_agree_with_the_whole_where_normalisation_allows(side):
    """Shape and finiteness for any size, and values near those of the whole: tiles differ in their statistics only."""
    network = tiny()
    z, image, mask = inputs(side)
    with torch.inference_mode():
        whole = network.decode(z, image=image, mask=mask).sample
        latent = network.encode(image).latent_dist.mode()
        network.enable_tiling()
        network.tile, network.overlap = 6, 2
        tiled = network.decode(z, image=image, mask=mask).sample
        latent_tiled = network.encode(image).latent_dist.mode()
    assert tiled.shape == whole.shape
    assert latent_tiled.shape == latent.shape
    for ours, theirs in ((tiled, whole), (latent_tiled, latent)):
        assert 0 < (ours - theirs).abs().mean() < theirs.std()


def test_a_small_image_is_one_tile(network):
    z, image, mask = inputs()
    whole = decode(network, z, image, mask)
    network.enable_tiling()
    assert torch.equal(decode(network, z, image, mask), whole)
    network.disable_tiling()


def test_it_is_one_of_diffusers_autoencoders_and_comes_back_from_a_folder(tmp_path, network):
    assert isinstance(network, AsymmetricAutoencoderKL)
    assert network.config.block_out_channels == TINY.widths
    network.save_pretrained(tmp_path)
    again = AsukaAutoencoder.from_pretrained(tmp_path).eval()
    z, image, mask = inputs()
    assert torch.equal(decode(again, z, image, mask), decode(network, z, image, mask))


def test_without_quantisation_convolutions_as_flux():
    network = tiny(Autoencoder(latent=16, widths=(8, 8, 16, 16), blocks=1, groups=4, quant=False))
    assert not [key for key in network.state_dict() if "quant" in key]
    z, image, mask = inputs(latent=16)
    assert decode(network, z, image, mask).shape == image.shape


def test_diffusers_inpainting_takes_it_for_several_results(network):
    """Its own class of this kind fails for more than one result of an image."""
    from diffusers import DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=64,
        in_channels=9,
        block_out_channels=(8, 8),
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
        norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    scheduler = DDIMScheduler(clip_sample=False, steps_offset=1)
    pipe = StableDiffusionInpaintPipeline(
        network, None, None, unet, scheduler, None, None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    _, image, mask = inputs()
    given = {"prompt_embeds": torch.zeros(1, 5, 8), "image": (image + 1) / 2, "mask_image": mask, "guidance_scale": 1.0}
    given["generator"] = torch.Generator().manual_seed(0)
    out = pipe(**given, height=32, width=32, num_inference_steps=2, num_images_per_prompt=2, output_type="pt").images
    assert out.shape == (2, 3, 32, 32)
    assert not torch.equal(out[0], out[1])
